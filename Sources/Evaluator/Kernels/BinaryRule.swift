import IR

/// A function of two numbers, and the loop over rows of them that is compiled for it alone.
struct BinaryFunction<A: Number, B: Number, R: Number>: Sendable {
  typealias OfRows = (NumberRow<A>, NumberRow<B>, NumberRow<R>, _ count: Int) throws -> Void

  let ofNumbers: @Sendable (A, B) throws -> R
  let ofRows: @Sendable (NumberRow<A>, NumberRow<B>, NumberRow<R>, Int) throws -> Void

  // Inlined where the function is written down, so that the loop calls nothing.
  @inline(__always)
  init(_ function: @escaping @Sendable (A, B) throws -> R) {
    ofNumbers = function
    ofRows = { left, right, results, count in
      let (a, b, r) = (left.numbers, right.numbers, results.numbers)
      for index in 0..<count { r[index] = try function(a[index], b[index]) }
    }
  }
}

/// What an operator does to two numbers of each kind, with a result of the same kind; `nil` for a kind that it does not
/// take.
struct ArithmeticRule: Sendable {
  let real: BinaryFunction<Double, Double, Double>?
  let signed: BinaryFunction<Int64, Int64, Int64>?
  let unsigned: BinaryFunction<UInt64, UInt64, UInt64>?

  @inline(__always)
  init(
    real: (@Sendable (Double, Double) throws -> Double)?, signed: (@Sendable (Int64, Int64) throws -> Int64)?,
    unsigned: (@Sendable (UInt64, UInt64) throws -> UInt64)?
  ) {
    self.real = real.map { BinaryFunction($0) }
    self.signed = signed.map { BinaryFunction($0) }
    self.unsigned = unsigned.map { BinaryFunction($0) }
  }

  func apply(_ invocation: Invocation, _ a: TensorLiteral, _ b: TensorLiteral) throws -> TensorLiteral {
    guard a.elementType == b.elementType else { throw Refusal(.undefined, "the operands differ in element type") }
    let type = a.elementType
    switch type.numberKind {
    case .real:
      if let real { return try Elementwise.map(invocation, a, b, to: type, rows: real.ofRows) }
    case .signed:
      if let signed { return try Elementwise.map(invocation, a, b, to: type, rows: signed.ofRows) }
    case .unsigned:
      if let unsigned { return try Elementwise.map(invocation, a, b, to: type, rows: unsigned.ofRows) }
    case nil: break
    }
    throw Refusal(.unsupported, "\(invocation.operation.definition.name) of \(type.rawValue)")
  }
}

/// What an operator asks of two numbers of each kind; `nil` for a kind that it does not take.
struct ComparisonRule: Sendable {
  private let real: BinaryFunction<Double, Double, UInt64>?
  private let signed: BinaryFunction<Int64, Int64, UInt64>?
  private let unsigned: BinaryFunction<UInt64, UInt64, UInt64>?

  @inline(__always)
  init(
    real: (@Sendable (Double, Double) -> Bool)?, signed: (@Sendable (Int64, Int64) -> Bool)?,
    unsigned: (@Sendable (UInt64, UInt64) -> Bool)?
  ) {
    self.real = real.map { test in BinaryFunction { test($0, $1) ? 1 : 0 } }
    self.signed = signed.map { test in BinaryFunction { test($0, $1) ? 1 : 0 } }
    self.unsigned = unsigned.map { test in BinaryFunction { test($0, $1) ? 1 : 0 } }
  }

  func apply(_ invocation: Invocation, _ a: TensorLiteral, _ b: TensorLiteral) throws -> TensorLiteral {
    guard a.elementType == b.elementType else { throw Refusal(.undefined, "the operands differ in element type") }
    switch a.elementType.numberKind {
    case .real:
      if let real { return try Elementwise.map(invocation, a, b, to: .bool, rows: real.ofRows) }
    case .signed:
      if let signed { return try Elementwise.map(invocation, a, b, to: .bool, rows: signed.ofRows) }
    case .unsigned:
      if let unsigned { return try Elementwise.map(invocation, a, b, to: .bool, rows: unsigned.ofRows) }
    case nil: break
    }
    throw Refusal(.unsupported, "\(invocation.operation.definition.name) of \(a.elementType.rawValue)")
  }
}
