import IR

/// An operand of arithmetic: a tensor, or a number that takes the tensors' element type.
enum Operand {
  case tensor(Value)
  case integer(Int)
  case float(Double)
  case bool(Bool)
  /// A number that is computed, without axes.
  case symbolic(Value)
}

extension Call {
  func operand(_ name: String) throws -> Operand {
    switch argument(name) {
    case .tensor?: return .tensor(try value(name))
    case .integer(.number(let value))?: return .integer(value)
    case .integer(.name)?: return .symbolic(try element(try vector(extent(name))))
    case .float(let value)?: return .float(value)
    case .bool(let value)?: return .bool(value)
    case .symbolicFloat(let source)?, .symbolicBool(let source)?:
      switch try lowering.binding(source) {
      case .float(let value), .bool(let value): return .symbolic(value)
      case .integer(let value): return .symbolic(try element(value))
      case .tensor(let tensor): return .symbolic(try tensor.read())
      case .missing: throw MissingOperand()
      }
    case nil: throw ModelError(.invalidModel, "has no operand '\(name)'")
    default: throw UnsupportedForm("has a '\(name)' that is neither a tensor nor a number")
    }
  }

  func optionalOperand(_ name: String) throws -> Operand? { argument(name) == nil ? nil : try operand(name) }

  /// The operand as a tensor of the element type `type`.
  func materialize(_ operand: Operand, _ type: ElementType) throws -> Value {
    switch operand {
    case .tensor(let value), .symbolic(let value): try cast(value, to: type)
    case .integer(let value): try scalar(value, type)
    case .float(let value): try scalar(value, type)
    case .bool(let value): try scalar(value ? 1 : 0, type)
    }
  }

  /// The element type in which PyTorch computes with these: tensors with axes decide before tensors without, and those
  /// before numbers, unless the later are of a higher category.
  func promoted(_ operands: [Operand]) throws -> ElementType {
    var (dimensioned, zeroDimensional, number): (ElementType?, ElementType?, ElementType?)
    for operand in operands {
      switch operand {
      case .tensor(let value):
        let type = try elementType(value)
        if try rank(value) == 0 {
          zeroDimensional = Promotion.join(zeroDimensional, type)
        } else {
          dimensioned = Promotion.join(dimensioned, type)
        }
      case .integer: number = Promotion.join(number, .int64)
      case .float: number = Promotion.join(number, .float32)
      case .bool: number = Promotion.join(number, .bool)
      case .symbolic(let value): number = Promotion.join(number, try elementType(value))
      }
    }
    let result = Promotion.combine(dimensioned, Promotion.combine(zeroDimensional, number))
    return result ?? .float32
  }

  /// The values in the type that is common to them.
  func inCommonType(_ values: [Value]) throws -> [Value] {
    let type = try promoted(values.map { .tensor($0) })
    return try values.map { try cast($0, to: type) }
  }

  /// The element type of an operation that computes with fractions: integers become single precision.
  func promotedToFloat(_ operands: [Operand]) throws -> ElementType {
    let type = try promoted(operands)
    return type.isIntegral ? .float32 : type
  }

  /// `value` as what an operation that computes with fractions takes.
  func floating(_ value: Value) throws -> Value {
    try cast(value, to: try promotedToFloat([.tensor(value)]))
  }
}

/// PyTorch's table of types.
enum Promotion {
  private static let integers: [ElementType] = [.int8, .int16, .int32, .int64]
  private static let floats: [ElementType] = [.float32, .float64]

  /// The type of both, where the operands rank the same.
  static func join(_ a: ElementType?, _ b: ElementType?) -> ElementType? {
    guard let a else { return b }
    guard let b, a != b else { return a }
    if a.isComplex || b.isComplex {
      let isDouble = [a, b].contains { $0 == .complex128 || $0 == .float64 }
      return isDouble ? .complex128 : .complex64
    }
    if a.isFloat && b.isFloat { return [a, b].contains(.float64) ? .float64 : .float32 }
    if a.isFloat { return a }
    if b.isFloat { return b }
    if a == .bool { return b }
    if b == .bool { return a }
    if a == .uint8, let index = integers.firstIndex(of: b) { return integers[max(index, 1)] }
    if b == .uint8, let index = integers.firstIndex(of: a) { return integers[max(index, 1)] }
    if let x = integers.firstIndex(of: a), let y = integers.firstIndex(of: b) { return integers[max(x, y)] }
    return (a.bitWidth ?? 0) >= (b.bitWidth ?? 0) ? a : b
  }

  /// The type where the operands of type `higher` go before those of type `lower`.
  static func combine(_ higher: ElementType?, _ lower: ElementType?) -> ElementType? {
    guard let higher else { return lower }
    guard let lower else { return higher }
    if higher.isComplex { return higher }
    if higher.isFloat { return lower.isComplex ? (higher == .float64 ? .complex128 : .complex64) : higher }
    if higher == .bool || lower.isFloat || lower.isComplex { return join(higher, lower) }
    return higher
  }
}
