import IR

/// Cast and CastLike: rounding to nearest, ties to even; integers lose their high bits; fractions go toward zero.
enum Conversion {
  static let kernels: [Kernel] = [
    Kernel(.cast) { invocation in
      guard let type = try elementType(named: "to", invocation) else { throw Refusal(.unsupported, "there is no type") }
      return [try cast(invocation, to: type)]
    },
    Kernel(.castLike) { [try cast($0, to: $0.operand(1).elementType)] },
  ]

  /// The element type that an attribute names by ONNX's number.
  static func elementType(named name: ByteString, _ invocation: Invocation) throws -> ElementType? {
    guard let number = invocation.operation.int(name) else { return nil }
    guard let type = ElementType(dataType: number) else {
      throw Refusal(.unsupported, "no element type has number \(number)")
    }
    return type
  }

  private static func cast(_ invocation: Invocation, to type: ElementType) throws -> TensorLiteral {
    let data = try invocation.operand(0)
    let saturates = invocation.operation.int("saturate") ?? 1 != 0
    if data.elementType == type { return data }
    guard let source = data.elementType.numberKind, let target = type.numberKind else {
      throw Refusal(.unsupported, "a cast from \(data.elementType.rawValue) to \(type.rawValue)")
    }
    _ = try invocation.admit(type, data.dimensions)
    if data.byteCount > Evaluator.lazyFrom, let transform = WideningOrRounding(from: data.elementType, to: type) {
      return try TensorLiteral(type, data.dimensions, .elementwise(transform, data))
    }
    switch (source, target) {
    case (.real, .real):
      return try Elementwise.map(invocation, data, to: type) { (x: Double) in try narrowed(x, to: type, saturates) }
    case (.real, .signed), (.real, .unsigned):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: Double) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: Double) in try integer(x, type) }
    case (.signed, .real):
      return try Elementwise.map(invocation, data, to: type) { (x: Int64) in try rounded(x, to: type) }
    case (.unsigned, .real):
      return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in try rounded(x, to: type) }
    case (.signed, .signed), (.signed, .unsigned):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: Int64) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: Int64) in x }
    case (.unsigned, .signed), (.unsigned, .unsigned):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in x }
    }
  }

  /// A number for a narrow format: what is too large for one of 8 bits or fewer saturates, or not, as `saturates` says.
  private static func narrowed(_ x: Double, to type: ElementType, _ saturates: Bool) throws -> Double {
    guard let width = type.bitWidth, width <= 8, !x.isNaN else { return x }
    guard x.isFinite else { throw Refusal(.unsupported, "infinity to \(type.rawValue)") }
    return NarrowFloat.decode(NarrowFloat.encode(x, type, saturates: saturates), type)
  }

  private static func integer(_ x: Double, _ type: ElementType) throws -> Int64 {
    let whole = x.rounded(.towardZero)
    let bits = type.bitWidth ?? 64
    let isUnsigned = type.numberKind == .unsigned
    let limit = Double(sign: .plus, exponent: isUnsigned ? bits : bits - 1, significand: 1)
    guard whole < limit, whole >= (isUnsigned ? 0 : -limit) else {
      throw Refusal(.undefined, "\(x) does not fit \(type.rawValue)")
    }
    return isUnsigned ? Int64(bitPattern: UInt64(whole)) : Int64(whole)
  }

  /// The integer as a `Double` that rounds to the same element as the integer itself would.
  private static func rounded(_ x: some FixedWidthInteger, to type: ElementType) throws -> Double {
    if type == .float32 { return Double(Float(x)) }
    guard type == .float64 || x.magnitude <= 1 << 53 else {
      throw Refusal(.unsupported, "\(x) to \(type.rawValue), rounded twice")
    }
    return Double(x)
  }
}

/// A cast between floating-point types of 16 bits and more, made while the literal is written: no element can be
/// refused.
struct WideningOrRounding: ElementwiseTransform {
  private let source: ElementType
  private let target: ElementType

  init?(from source: ElementType, to target: ElementType) {
    guard ElementTypes.float.contains(source), ElementTypes.float.contains(target) else { return nil }
    self.source = source
    self.target = target
  }

  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    let count = input.count * 8 / (source.bitWidth ?? 8)
    for index in 0..<count { Double.store(Double.load(input, index, source), output, index, target) }
  }
}
