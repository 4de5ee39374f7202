import IR

extension Lowering {
  /// Discrete Fourier transforms.
  static let complexSpectra: [String: Lowering] = [
    "aten._fft_r2c": .one { call in
      try call.transform(call.real(), call.ints("dim"), call.scaling(), isHalf: call.bool("onesided"))
    },
    "aten._fft_c2c": .one { call in
      try call.transform(
        call.pairs(call.firstName), call.ints("dim"), call.scaling(), isInverse: !call.bool("forward"))
    },
    "aten._fft_c2r": .one { call in
      let axes = try call.ints("dim")
      return try call.realTransform(
        call.pairs(call.firstName), axes, call.scaling(), call.vector(call.extent("last_dim_size")))
    },
    "aten.fft_fft": .one { try $0.namedTransform() }, "aten.fft_fft2": .one { try $0.namedTransform() },
    "aten.fft_fftn": .one { try $0.namedTransform() },
    "aten.fft_ifft": .one { try $0.namedTransform(isInverse: true) },
    "aten.fft_ifft2": .one { try $0.namedTransform(isInverse: true) },
    "aten.fft_ifftn": .one { try $0.namedTransform(isInverse: true) },
    "aten.fft_rfft": .one { try $0.namedTransform(isHalf: true) },
    "aten.fft_rfft2": .one { try $0.namedTransform(isHalf: true) },
    "aten.fft_rfftn": .one { try $0.namedTransform(isHalf: true) },
    "aten.fft_irfft": .one { try $0.namedRealTransform() },
    "aten.fft_irfft2": .one { try $0.namedRealTransform() },
    "aten.fft_irfftn": .one { try $0.namedRealTransform() },
    "aten.stft": .one { try $0.transformedFrames() },
    "aten.istft": .one { try $0.joinedFrames() },
  ]
}

extension Call {
  /// What results of transforms are divided by: nothing, the root of the number of elements, or that number.
  enum Scaling: Int {
    case none, root, count
  }

  fileprivate func scaling() throws -> Scaling {
    let number = try int("normalization")
    guard let scaling = Scaling(rawValue: number) else {
      throw ModelError(.invalidModel, "has the normalization \(number)")
    }
    return scaling
  }

  /// What `norm` says of a transform. By default the inverse one is divided.
  private func namedScaling(isInverse: Bool) throws -> Scaling {
    switch try optionalString("norm") ?? "backward" {
    case "backward": return isInverse ? .count : .none
    case "forward": return isInverse ? .none : .count
    case "ortho": return .root
    case let name: throw ModelError(.invalidModel, "has the norm '\(name)'")
    }
  }

  /// The real operand as pairs of a part alone, which transforms take.
  fileprivate func real() throws -> Value {
    let input = try floating(input())
    return try unsqueeze(input, [rank(input)])
  }

  /// - Parameters:
  ///   - numbers: real parts, or pairs, along a last axis.
  ///   - isHalf: whether half of the last of the axes is wanted, from which the other follows.
  func transform(
    _ numbers: Value, _ axes: [Int], _ scaling: Scaling, isInverse: Bool = false, isHalf: Bool = false
  ) throws -> Value {
    let axes = try axes.map { try axis($0, rank: rank(numbers) - 1) }
    let count = try product(axes.map { try extent(of: numbers, $0) })
    let result = try axes.reversed().enumerated().reduce(numbers) { numbers, place in
      try op(
        .dft, numbers, nil, builder.constant(place.element),
        attributes: ["inverse": .int(isInverse ? 1 : 0), "onesided": .int(isHalf && place.offset == 0 ? 1 : 0)])
    }
    return try scaled(result, count, scaling, isInverse)
  }

  /// ONNX divides the inverse transform by the number of elements.
  private func scaled(_ numbers: Value, _ count: Extent, _ scaling: Scaling, _ isInverse: Bool) throws -> Value {
    if scaling == (isInverse ? .count : .none) { return numbers }
    let type = try elementType(numbers)
    let elements = try count.known.map { try scalar($0, type) } ?? cast(element(vector(count)), to: type)
    let divisor = scaling == .root ? try op(.sqrt, elements) : elements
    return try op(isInverse ? .mul : .div, numbers, divisor)
  }

  /// The real numbers whose transform begins with `numbers`: what follows mirrors that.
  func realTransform(_ numbers: Value, _ axes: [Int], _ scaling: Scaling, _ length: Value) throws -> Value {
    let axes = try axes.map { try axis($0, rank: rank(numbers) - 1) }
    guard let last = axes.last else { throw ModelError(.invalidModel, "transforms no axis") }
    let outer = try transform(numbers, Array(axes.dropLast()), .count, isInverse: true)
    let half = try op(.add, op(.div, length, constant([2])), constant([1]))
    let first = try op(.slice, outer, constant([0]), half, constant([last]))
    let end = try op(.sub, length, op(.sub, half, constant([1])))
    let rest = try conjugate(reversed(op(.slice, outer, constant([1]), end, constant([last])), last))
    let whole = try concat([first, rest], last)
    let result = try transform(whole, [last], .count, isInverse: true)
    var extents = try axes.dropLast().map { try extent(of: numbers, $0) }
    extents.append(length.contents?.first?.value.map { .known($0) } ?? .symbolic(length))
    return try part(0, of: scaled(result, product(extents), scaling, true))
  }

  /// The axes of a transform, and how many elements of each it takes where that is said.
  private func transformedAxes(_ numbers: Value) throws -> (axes: [Int], sizes: [Extent?]) {
    let rank = try rank(numbers) - 1
    if node.target.contains("fftn") || node.target.contains("fft2") {
      let sizes = try optionalExtents("s")
      let standard = node.target.contains("fft2") ? [-2, -1] : Array(rank - (sizes?.count ?? rank)..<rank)
      let axes = try ints("dim", default: standard).map { try axis($0, rank: rank) }
      guard sizes.map({ $0.count == axes.count }) ?? true else {
        throw ModelError(.invalidModel, "has sizes of other axes")
      }
      return (axes, sizes ?? axes.map { _ in nil })
    }
    return ([try axis("dim", default: -1, rank: rank)], [try optionalExtent("n")])
  }

  /// Elements cut off at the end, or zeros there.
  private func resized(_ numbers: Value, _ axis: Int, _ size: Extent?) throws -> Value {
    guard let size, size.known != -1 else { return numbers }
    let extent = try extent(of: numbers, axis)
    if extent.dimension.isEqual(to: size.dimension) == true { return numbers }
    let cut = try op(.slice, numbers, constant([0]), vector(size), constant([axis]))
    if let wanted = size.known, let given = extent.known, given >= wanted { return cut }
    let missing = try op(.max, op(.sub, vector(size), vector(extent)), constant([0]))
    var pads = try Array(repeating: Extent.known(0), count: 2 * rank(numbers))
    pads[try rank(numbers) + axis] = .symbolic(missing)
    return try op(.pad, cut, shapeOperand(pads))
  }

  fileprivate func namedTransform(isInverse: Bool = false, isHalf: Bool = false) throws -> Value {
    let given = try isComplex(firstName) ? pairs(firstName) : real()
    let (axes, sizes) = try transformedAxes(given)
    let numbers = try zip(axes, sizes).reduce(given) { try resized($0, $1.0, $1.1) }
    return try transform(numbers, axes, namedScaling(isInverse: isInverse), isInverse: isInverse, isHalf: isHalf)
  }

  fileprivate func namedRealTransform() throws -> Value {
    let given = try pairs(firstName)
    let (axes, sizes) = try transformedAxes(given)
    guard let last = axes.last else { throw ModelError(.invalidModel, "transforms no axis") }
    let length: Value
    if let size = sizes.last ?? nil, size.known != -1 {
      length = try vector(size)
    } else {
      let extent = try extent(of: given, last)
      length =
        try extent.known.map { try constant([2 * ($0 - 1)]) }
        ?? op(.mul, op(.sub, vector(extent), constant([1])), constant([2]))
    }
    let half = try op(.add, op(.div, length, constant([2])), constant([1]))
    let outer = try zip(axes, sizes).dropLast().reduce(given) { try resized($0, $1.0, $1.1) }
    let numbers = try resized(outer, last, half.contents?.first?.value.map { .known($0) } ?? .symbolic(half))
    return try realTransform(numbers, axes, namedScaling(isInverse: true), length)
  }
}
