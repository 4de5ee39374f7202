import IR

/// A weight and the int8 constants that are to take its place.
struct Int8Weight {
  /// The constant as it was.
  let constant: Operation
  let literal: TensorLiteral
  /// What messages call it.
  let place: String
  let roles: [WeightRole]
  /// The axis of `integers` along which `scales` lie; `nil` for one scale.
  let axis: Int?
  let integers: TensorLiteral
  let scales: [Float]

  /// The bytes that an operation may add to a file: what an encoding must save at least.
  private static let bytesPerOperation = 200

  /// - Returns: `nil` where the weight is better left as it is; a remark says why.
  /// - Throws: `ModelError` where the weight holds NaN or infinity.
  init?(encoding constant: Operation, _ granularity: Quant8.Granularity, _ context: PassContext) throws {
    guard let literal = constant.literal, let value = constant.result(), let role = value.weightRoles.first else {
      return nil
    }
    guard !value.isReturned else {
      context.missed("it is an output of its graph", at: constant)
      return nil
    }
    let axis = granularity == .channel ? role.axis : nil
    let dimensions = role.matrix(literal.dimensions)
    let ranges = try ChannelRanges.of(literal, role.layout(literal.dimensions), context)
    guard ranges.largest.allSatisfy(\.isFinite) else {
      throw ModelError(
        .invalidModel, place: constant.place,
        "holds NaN or infinity, which int8 cannot; quant8{exclude=...} leaves it out")
    }
    let largest = axis == nil ? [ranges.largest.max() ?? 0] : ranges.largest
    let layout = axis == nil ? ChannelLayout(whole: literal.elementCount) : ranges.layout
    let meter = ErrorMeter(elementCount: literal.elementCount)
    let rounding = RoundToInt8(
      elementType: literal.elementType, layout: layout, scales: largest.map(Self.scale), meter: meter)

    self.constant = constant
    self.literal = literal
    self.place = constant.place
    self.roles = value.weightRoles
    self.axis = axis
    self.scales = rounding.scales
    integers = try TensorLiteral(.int8, dimensions, .elementwise(rounding, literal))
    guard byteCount + Self.bytesPerOperation < literal.byteCount else {
      context.missed("int8 would not make it smaller", at: constant)
      return nil
    }
    context.weightErrors.record(meter, of: value.name.text)
  }

  /// A name for a part of the encoding. Of a long weight's name it has the last words alone: the names are among the
  /// bytes that an operation may add.
  func name(of part: String) -> ByteString {
    let whole = constant.result()?.name.bytes ?? []
    var root = whole.suffix(Self.longestRoot)
    if root.count < whole.count {
      let separator = root.firstIndex { UInt8(ascii: ".") == $0 || UInt8(ascii: "/") == $0 || UInt8(ascii: ":") == $0 }
      if let separator, separator + 1 < root.endIndex {
        root = root[(separator + 1)...]
      } else {
        root = root.drop { $0 & 0xC0 == 0x80 }  // the rest of a character of UTF-8
      }
    }
    return ByteString(Array(root) + Array("_\(part)".utf8))
  }

  private static let longestRoot = 28

  /// The bytes of integers and scales.
  var byteCount: Int { integers.byteCount + 4 * scales.count }

  /// In double, stored as float. A channel without magnitude, or with one too small for a normal scale, gets 1: all its
  /// integers are 0.
  private static func scale(largest: Float) -> Float {
    let scale = Float(Double(largest) / 127)
    return scale < Float.leastNormalMagnitude ? 1 : scale
  }

  /// The scales, times a factor, as a constant's literal.
  func scaleLiteral(_ dimensions: [Int], times factor: Float = 1) throws -> TensorLiteral {
    try TensorLiteral(.float32, dimensions, bytes: scales.map { $0 * factor }.withUnsafeBytes { Array($0) })
  }
}
