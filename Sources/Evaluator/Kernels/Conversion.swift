import IR

/// Cast and CastLike: rounding to nearest, ties to even; integers lose their high bits; fractions go toward zero.
enum Conversion {
  static let kernels: [Kernel] = [
    Kernel(.cast) { invocation in
      guard let type = try elementType(named: "to", invocation) else { throw Refusal(.unsupported, "there is no type") }
      return [try cast(invocation, to: type)]
    },
    Kernel(.castLike) { [try cast($0, to: $0.operand(1).elementType)] },
    Kernel(.bitCast) { invocation in
      let data = try invocation.operand(0)
      guard let type = try elementType(named: "to", invocation), type.bitWidth == data.elementType.bitWidth else {
        throw Refusal(.undefined, "the element types are not of one width")
      }
      if case .bytes = data.source { return [try data.reinterpreted(as: type)] }
      return [
        try invocation.make(type, data.dimensions) { output in
          try data.withWindow(0..<data.elementCount) { output.copyMemory(from: $0) }
        }
      ]
    },
  ]

  /// The element type that an attribute names by ONNX's number.
  static func elementType(named name: ByteString, _ invocation: Invocation) throws -> ElementType? {
    guard let number = invocation.operation.int(name) else { return nil }
    guard let type = ElementType(dataType: number) else {
      throw Refusal(.unsupported, "no element type has number \(number)")
    }
    return type
  }

  static func cast(_ invocation: Invocation, to type: ElementType) throws -> TensorLiteral {
    let data = try invocation.operand(0)
    if data.elementType == type { return data }
    if type == .string { return try printed(invocation, data) }
    if data.elementType == .string { return try parsed(invocation, data, type) }
    _ = try invocation.admit(type, data.dimensions)
    if data.byteCount > invocation.budget.lazyFrom, let transform = WideningOrRounding(from: data.elementType, to: type)
    {
      return try TensorLiteral(type, data.dimensions, .elementwise(transform, data))
    }
    // Bare exponents have no arithmetic, but each is a number.
    let source = data.elementType == .float8e8m0 ? .real : data.elementType.numberKind
    if type == .float8e8m0, source == .real {
      let rounding = ExponentRounding(invocation.operation)
      return try Elementwise.map(invocation, data, to: .uint8) { (x: Double) in try rounding.exponent(of: x) }
        .reinterpreted(as: type)
    }
    switch (source, type.numberKind) {
    case (.real?, .real?):
      let saturates = invocation.operation.int("saturate") ?? 1 != 0
      return try Elementwise.map(invocation, data, to: type) { (x: Double) in narrowed(x, to: type, saturates) }
    case (.real?, .signed?), (.real?, .unsigned?):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: Double) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: Double) in try integer(x, type, invocation) }
    case (.signed?, .real?):
      return try Elementwise.map(invocation, data, to: type) { (x: Int64) in try rounded(x, to: type) }
    case (.unsigned?, .real?):
      return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in try rounded(x, to: type) }
    case (.signed?, .signed?), (.signed?, .unsigned?):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: Int64) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: Int64) in x }
    case (.unsigned?, .signed?), (.unsigned?, .unsigned?):
      if type == .bool {
        return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in UInt64(x == 0 ? 0 : 1) }
      }
      return try Elementwise.map(invocation, data, to: type) { (x: UInt64) in x }
    case (nil, _), (_, nil):
      throw Refusal(.unsupported, "a cast from \(data.elementType.rawValue) to \(type.rawValue)")
    }
  }

  /// A number for a narrow format: what is too large for one of 8 bits or fewer saturates, or not, as `saturates` says.
  private static func narrowed(_ x: Double, to type: ElementType, _ saturates: Bool) -> Double {
    guard let width = type.bitWidth, width <= 8, !x.isNaN else { return x }
    return NarrowFloat.decode(NarrowFloat.encode(x, type, saturates: saturates), type)
  }

  /// The whole part as an element; one of fewer than 8 bits keeps the lowest.
  static func integer(_ x: Double, _ type: ElementType, _ invocation: Invocation) throws -> Int64 {
    let whole = x.rounded(.towardZero)
    let bits = type.bitWidth ?? 64
    let isUnsigned = type.numberKind == .unsigned
    let limit = Double(sign: .plus, exponent: isUnsigned ? bits : bits - 1, significand: 1)
    if whole < limit, whole >= (isUnsigned ? 0 : -limit) {
      return isUnsigned ? Int64(bitPattern: UInt64(whole)) : Int64(whole)
    }
    if bits < 8, whole.magnitude < 0x1p62 { return Int64(whole) }
    guard invocation.budget.settlesOpenResults else {
      throw Refusal(.undefined, "\(x) does not fit \(type.rawValue)")
    }
    // What a processor's conversion to the next wider register leaves.
    let register: Double = bits < 32 || (bits == 32 && !isUnsigned) ? 0x1p31 : 0x1p63
    return whole.magnitude < register ? Int64(whole) : Int64(-register)
  }

  // MARK: Text

  private static func printed(_ invocation: Invocation, _ data: TensorLiteral) throws -> TensorLiteral {
    try invocation.spend(data.elementCount)
    let type = data.elementType
    let strings = try data.withWindow(0..<data.elementCount) { bytes in
      try (0..<data.elementCount).map { index -> ByteString in
        switch type.numberKind {
        case .signed: return ByteString("\(Int64.load(bytes, index, type))")
        case .unsigned where type != .bool: return ByteString("\(UInt64.load(bytes, index, type))")
        // Runtimes print different digits.
        case .real where invocation.budget.settlesOpenResults:
          let value = Double.load(bytes, index, type)
          return ByteString(type == .float64 ? "\(value)" : "\(Float(value))")
        case .real, .unsigned, nil: throw Refusal(.unsupported, "a cast from \(type.rawValue) to string")
        }
      }
    }
    return try invocation.make(strings: strings, data.dimensions)
  }

  private static func parsed(_ invocation: Invocation, _ data: TensorLiteral, _ type: ElementType) throws
    -> TensorLiteral
  {
    guard case .strings(let strings) = data.source else { throw Refusal(.unsupported, "there are no strings") }
    return try invocation.make(type, data.dimensions) { output in
      for (index, string) in strings.enumerated() {
        switch type.numberKind {
        case .real:
          guard let value = Double(string.text) else { throw Refusal(.undefined, "'\(string)' is no number") }
          Double.store(value, output, index, type)
        case .signed:
          guard let value = Int64(string.text) else { throw Refusal(.undefined, "'\(string)' is no integer") }
          Int64.store(value, output, index, type)
        case .unsigned:
          guard type != .bool, let value = UInt64(string.text) else {
            throw Refusal(.undefined, "'\(string)' is no \(type.rawValue)")
          }
          UInt64.store(value, output, index, type)
        case nil: throw Refusal(.unsupported, "a cast from string to \(type.rawValue)")
        }
      }
    }
  }

  /// How a number becomes a bare exponent.
  private struct ExponentRounding {
    let mode: ByteString
    let saturates: Bool

    init(_ operation: Operation) {
      mode = operation.string("round_mode") ?? "up"
      saturates = operation.int("saturate") ?? 1 != 0
    }

    private static let notANumber: UInt64 = 255
    private static let bias = 127

    func exponent(of x: Double) throws -> UInt64 {
      if x.isNaN { return Self.notANumber }
      guard x >= 0 else { throw Refusal(.undefined, "\(x) has no exponent alone") }
      if x == 0 { return 0 }
      guard x.isFinite else { return saturates ? Self.notANumber - 1 : Self.notANumber }
      let significand = x.significand
      let goesUp = mode == "up" ? significand > 1 : mode == "nearest" && significand >= 1.5
      let exponent = Int(x.exponent) + (goesUp ? 1 : 0) + Self.bias
      if exponent > 254 { return saturates ? Self.notANumber - 1 : Self.notANumber }
      return UInt64(max(exponent, 0))
    }
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

extension TensorLiteral {
  /// The same bytes as elements of another type of the same width.
  fileprivate func reinterpreted(as type: ElementType) throws -> TensorLiteral {
    try TensorLiteral(type, dimensions, source)
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
