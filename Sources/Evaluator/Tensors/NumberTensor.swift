import IR

/// A tensor whose elements are held as numbers, row after row: for operators that combine many of them. Those that treat
/// each alike read the bytes instead.
struct NumberTensor<N: Number> {
  let dimensions: [Int]
  var elements: [N]

  init(_ dimensions: [Int], _ elements: [N]) {
    self.dimensions = dimensions
    self.elements = elements
  }

  /// The product of the dimensions from `axis` on.
  func count(from axis: Int) -> Int { dimensions[axis...].reduce(1, &*) }

  /// The product of the dimensions before `axis`.
  func count(before axis: Int) -> Int { dimensions[..<axis].reduce(1, &*) }

  /// The elements in the order of `layout`, under its dimensions.
  func arranged(_ layout: Layout) -> NumberTensor {
    var moved: [N] = []
    moved.reserveCapacity(elements.count)
    Traversal([layout]).forEachOffset { moved.append(elements[$0]) }
    return NumberTensor(layout.dimensions, moved)
  }

  /// Axis `k` of the result is axis `permutation[k]`.
  func transposed(_ permutation: [Int]) -> NumberTensor { arranged(Layout(dimensions).transposed(permutation)) }

  /// The same elements under other dimensions, of the same product.
  func reshaped(_ dimensions: [Int]) -> NumberTensor { NumberTensor(dimensions, elements) }

  func map<R>(_ function: (N) throws -> R) rethrows -> NumberTensor<R> {
    NumberTensor<R>(dimensions, try elements.map(function))
  }
}

/// Floating-point elements as they are computed with.
typealias RealTensor = NumberTensor<Double>
/// Integers of any width but the last bit of `uint64`.
typealias IntegerTensor = NumberTensor<Int64>

extension NumberTensor where N == Double {
  init(zeros dimensions: [Int]) {
    self.init(dimensions, [Double](repeating: 0, count: dimensions.reduce(1, *)))
  }
}

extension Invocation {
  /// The elements of a floating-point operand.
  func reals(_ index: Int) throws -> RealTensor {
    let operand = try operand(index)
    guard operand.elementType.numberKind == .real || operand.elementType == .float8e8m0 else {
      throw Refusal(.unsupported, "\(operation.definition.name) of \(operand.elementType.rawValue)")
    }
    return try numbers(operand)
  }

  /// The elements of a floating-point operand; `nil` where it is absent.
  func optionalReals(_ index: Int) throws -> RealTensor? {
    self[optional: index] == nil ? nil : try reals(index)
  }

  /// The elements of an operand of any numbers, of which a `Double` holds each up to 2^53.
  func numbers(_ index: Int) throws -> RealTensor { try numbers(operand(index)) }

  func numbers(_ literal: TensorLiteral) throws -> RealTensor {
    try hold(literal) { bytes, type in
      switch type.numberKind {
      case .signed: { Double(Int64.load(bytes, $0, type)) }
      case .unsigned: { Double(UInt64.load(bytes, $0, type)) }
      case .real, nil: { Double.load(bytes, $0, type) }
      }
    }
  }

  /// The elements of an integer operand.
  func wholeNumbers(_ index: Int) throws -> IntegerTensor {
    let operand = try operand(index)
    guard operand.elementType.numberKind == .signed || operand.elementType.numberKind == .unsigned else {
      throw Refusal(.unsupported, "operand \(index) is not of integers")
    }
    return try hold(operand) { bytes, type in
      type.numberKind == .signed
        ? { Int64.load(bytes, $0, type) } : { Int64(truncatingIfNeeded: UInt64.load(bytes, $0, type)) }
    }
  }

  private func hold<N: Number>(
    _ literal: TensorLiteral, _ element: (UnsafeRawBufferPointer, ElementType) -> (Int) -> N
  ) throws -> NumberTensor<N> {
    guard literal.elementType.numberKind != nil || literal.elementType == .float8e8m0 else {
      throw Refusal(.unsupported, "\(operation.definition.name) of \(literal.elementType.rawValue)")
    }
    try spend(literal.elementCount)
    guard literal.elementCount <= budget.heldBytes / MemoryLayout<N>.size else {
      throw Refusal(.overBudget, "\(literal.elementCount) numbers would have to be held in memory")
    }
    return try literal.withWindow(0..<literal.elementCount) { bytes in
      NumberTensor(literal.dimensions, (0..<literal.elementCount).map(element(bytes, literal.elementType)))
    }
  }

  /// The elements of an operand that is absent or all strings.
  func strings(_ index: Int) throws -> [ByteString]? {
    guard let operand = self[optional: index] else { return nil }
    guard case .strings(let strings) = operand.source else {
      throw Refusal(.unsupported, "operand \(index) is not of strings")
    }
    try spend(strings.count)
    return strings
  }

  /// A result of numbers, each rounded to the nearest element of `type`, or limited to it where it is of integers.
  func make(_ type: ElementType, _ tensor: RealTensor) throws -> TensorLiteral {
    try make(type, tensor.dimensions) { output in
      switch type.numberKind {
      case .real:
        for (index, element) in tensor.elements.enumerated() { Double.store(element, output, index, type) }
      case .signed:
        for (index, element) in tensor.elements.enumerated() {
          Int64.store(Int64(limiting: element), output, index, type)
        }
      case .unsigned:
        for (index, element) in tensor.elements.enumerated() {
          UInt64.store(UInt64(limiting: element), output, index, type)
        }
      case nil: throw Refusal(.unsupported, "\(operation.definition.name) of \(type.rawValue)")
      }
    }
  }

  /// A result of integers, of which the low bits are kept.
  func make(_ type: ElementType, _ tensor: IntegerTensor) throws -> TensorLiteral {
    try make(type, tensor.dimensions) { output in
      for (index, element) in tensor.elements.enumerated() { Int64.store(element, output, index, type) }
    }
  }

  /// A result of strings.
  func make(strings: [ByteString], _ dimensions: [Int]) throws -> TensorLiteral {
    try spend(strings.count)
    return try TensorLiteral(.string, dimensions, .strings(strings))
  }

  /// - Throws: `Refusal` where the product of `dimensions` cannot be counted.
  func count(_ dimensions: [Int]) throws -> Int {
    guard let count = Shapes.elementCount(dimensions) else { throw Refusal(.overBudget, "\(dimensions) is too large") }
    return count
  }

  /// Steps through what numbers held in memory cost: `dimensions` of them, each of `steps`.
  func admit(_ dimensions: [Int], steps: Int = 1) throws {
    try spend(count(dimensions), times: max(steps, 1))
  }
}

extension Int64 {
  /// The nearest integer towards zero; the last one where there is none, 0 for NaN.
  init(limiting value: Double) {
    self = value.isNaN ? 0 : value >= 0x1p63 ? .max : value <= -0x1p63 ? .min : Int64(value)
  }
}

extension UInt64 {
  /// The nearest integer towards zero; the last one where there is none, 0 for NaN.
  init(limiting value: Double) {
    self = value.isNaN || value <= 0 ? 0 : value >= 0x1p64 ? .max : UInt64(value)
  }
}
