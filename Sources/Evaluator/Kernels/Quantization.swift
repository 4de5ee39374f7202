import IR

/// Operators between numbers and their quantized forms.
enum Quantization {
  static let kernels: [Kernel] = [
    Kernel(.quantizeLinear, quantize),
    Kernel(.dequantizeLinear, dequantize),
    Kernel(.dynamicQuantizeLinear, dynamic),
    Kernel(.matMulInteger) { invocation in
      let a = try withoutZeroPoint(invocation, 0, zeroPoint: 2, axis: -2)
      let b = try withoutZeroPoint(invocation, 1, zeroPoint: 3, axis: -1)
      return [try invocation.make(.int32, Contraction.product(invocation, a, b))]
    },
    Kernel(.qLinearMatMul, .exactForIntegers, product),
  ]

  /// Scale or zero point of each element: one for all, one a slice along an axis, or one a block.
  struct Granularity {
    private let layout: Layout
    private let dimensions: [Int]
    private let blockAxis: Int
    private let blockSize: Int

    init(_ invocation: Invocation, of parameter: [Int], for x: [Int]) throws {
      let block = invocation.operation.int("block_size") ?? 0
      dimensions = x
      let isOne = parameter.allSatisfy { $0 == 1 }
      if isOne && (block == 0 || parameter.count != x.count) {
        (layout, blockAxis, blockSize) = (Layout(x.map { _ in 1 }).broadcast(to: x), 0, 1)
        return
      }
      let axis = try invocation.axis(invocation.operation.int("axis") ?? 1, rank: x.count)
      if block == 0 {
        guard parameter == [x[axis]] else { throw Refusal(.undefined, "the scale does not fit the axis") }
        let shape = x.indices.map { $0 == axis ? x[axis] : 1 }
        (layout, blockAxis, blockSize) = (Layout(shape).broadcast(to: x), axis, 1)
      } else {
        let needed = x.indices.map { $0 == axis ? (x[axis] + block - 1) / max(block, 1) : x[$0] }
        guard block > 0, parameter == needed else { throw Refusal(.undefined, "the scale does not fit the blocks") }
        (layout, blockAxis, blockSize) = (Layout(needed), axis, block)
      }
    }

    /// Calls `body` with each position and that of its parameter.
    func forEachElement(_ body: (_ position: Int, _ parameter: Int) throws -> Void) rethrows {
      try IndexWalk.forEach(dimensions) { index, position in
        var place = 0
        for axis in dimensions.indices {
          place += (axis == blockAxis ? index[axis] / blockSize : index[axis]) * layout.strides[axis]
        }
        try body(position, place)
      }
    }
  }

  private static func quantize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, scale) = (try invocation.operand(0), try invocation.operand(1))
    let written =
      try invocation.operation.int("output_dtype") == 0
      ? nil : Conversion.elementType(named: "output_dtype", invocation)
    let type = invocation[optional: 2]?.elementType ?? written ?? .uint8
    let precision =
      try invocation.operation.int("precision") ?? 0 == 0
      ? nil : Conversion.elementType(named: "precision", invocation)
    let granularity = try Granularity(invocation, of: scale.dimensions, for: x.dimensions)
    let (elements, scales) = (try invocation.numbers(0).elements, try invocation.numbers(1).elements)
    let zeros = try invocation[optional: 2].map { try invocation.numbers($0).elements }
    guard zeros?.count ?? scales.count == scales.count else { throw Refusal(.undefined, "the zero points do not fit") }
    // The quotient is rounded to the type that it is computed in.
    let inner = precision ?? (x.elementType == .int32 ? .float32 : x.elementType)
    var result = RealTensor(zeros: x.dimensions)
    let isReal = type.numberKind == .real
    granularity.forEachElement { position, parameter in
      let quotient = rounded(elements[position] / scales[parameter], to: inner)
      let whole = isReal ? quotient : quotient.rounded(.toNearestOrEven)
      result.elements[position] = whole + (zeros?[parameter] ?? 0)
    }
    guard isReal else { return [try saturated(invocation, result, type)] }
    let saturates = invocation.operation.int("saturate") ?? 1 != 0
    return [
      try invocation.make(
        type, result.map { NarrowFloat.decode(NarrowFloat.encode($0, type, saturates: saturates), type) })
    ]
  }

  /// The nearest number that `type`, a floating-point type, has.
  private static func rounded(_ value: Double, to type: ElementType) -> Double {
    switch type {
    case .float64: value
    case .float16, .bfloat16: NarrowFloat.decode(NarrowFloat.encode(value, type, saturates: false), type)
    default: Double(Float(value))
    }
  }

  private static func dequantize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, scale) = (try invocation.operand(0), try invocation.operand(1))
    let written =
      try invocation.operation.int("output_dtype") ?? 0 == 0
      ? nil : Conversion.elementType(named: "output_dtype", invocation)
    let granularity = try Granularity(invocation, of: scale.dimensions, for: x.dimensions)
    let (elements, scales) = (try invocation.numbers(0).elements, try invocation.numbers(1).elements)
    let zeros = try invocation[optional: 2].map { try invocation.numbers($0).elements }
    guard zeros?.count ?? scales.count == scales.count else { throw Refusal(.undefined, "the zero points do not fit") }
    var result = RealTensor(zeros: x.dimensions)
    granularity.forEachElement { position, parameter in
      result.elements[position] = (elements[position] - (zeros?[parameter] ?? 0)) * scales[parameter]
    }
    return [try invocation.make(written ?? scale.elementType, result)]
  }

  private static func dynamic(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.reals(0)
    let largest = Float(x.elements.reduce(0, Arithmetic.larger))
    let smallest = -Float(x.elements.reduce(0) { Arithmetic.larger($0, -$1) })
    guard largest.isFinite, smallest.isFinite else { throw Refusal(.undefined, "the elements have no range") }
    let scale = largest == smallest ? 1 / 255 : (largest - smallest) / 255
    let zero = min(max(0 - smallest / scale, 0), 255).rounded(.toNearestOrEven)
    let quantized = x.map { Double((Float($0) / scale).rounded(.toNearestOrEven) + zero) }
    return [
      try saturated(invocation, quantized, .uint8), try invocation.make(.float32, RealTensor([], [Double(scale)])),
      try saturated(invocation, RealTensor([], [Double(zero)]), .uint8),
    ]
  }

  private static func product(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let a = try withoutZeroPoint(invocation, 0, zeroPoint: 2, axis: -2)
    let b = try withoutZeroPoint(invocation, 3, zeroPoint: 5, axis: -1)
    let product = try Contraction.product(invocation, a, b)
    let (aScale, bScale) = (try invocation.reals(1), try invocation.reals(4))
    let (yScale, zero) = (try invocation.reals(6), try invocation.numbers(7))
    let type = try invocation.operand(7).elementType
    guard [aScale, bScale, yScale, zero].allSatisfy({ $0.elements.count == 1 }) else {
      throw Refusal(.unsupported, "scales by row or column")
    }
    let scale = aScale.elements[0] * bScale.elements[0] / yScale.elements[0]
    if type.numberKind == .real {
      return [
        try invocation.make(
          type, product.map { NarrowFloat.decode(NarrowFloat.encode($0 * scale, type, saturates: true), type) })
      ]
    }
    let result = product.map { ($0 * scale).rounded(.toNearestOrEven) + zero.elements[0] }
    return [try saturated(invocation, result, type)]
  }

  // MARK: Shared

  /// The elements of a quantized operand less its zero point: one for all, or one for each index along `axis`.
  static func withoutZeroPoint(_ invocation: Invocation, _ index: Int, zeroPoint: Int, axis: Int) throws -> RealTensor {
    var data = try invocation.numbers(index)
    guard let literal = invocation[optional: zeroPoint] else { return data }
    let zeros = try invocation.numbers(literal).elements
    if zeros.count == 1 {
      if zeros[0] != 0 { data.elements = data.elements.map { $0 - zeros[0] } }
      return data
    }
    let axis = try invocation.axis(axis, rank: data.dimensions.count)
    guard zeros.count == data.dimensions[axis] else { throw Refusal(.undefined, "the zero points do not fit") }
    let inner = data.count(from: axis + 1)
    for position in data.elements.indices { data.elements[position] -= zeros[position / inner % zeros.count] }
    return data
  }

  /// A result of whole numbers, limited to what `type`, an integer type, holds.
  static func saturated(_ invocation: Invocation, _ tensor: RealTensor, _ type: ElementType) throws -> TensorLiteral {
    let bits = type.bitWidth ?? 8
    let isSigned = type.numberKind == .signed
    let most = Double(sign: .plus, exponent: isSigned ? bits - 1 : bits, significand: 1) - 1
    let least = isSigned ? -most - 1 : 0
    return try invocation.make(type, tensor.map { $0.isNaN ? 0 : min(max($0, least), most) })
  }
}
