import CModelProtos
import IR

extension LayerTypes {
  static let pooling: [ByteString: LayerLowering] = [
    "Pooling": LayerLowering { layer in
      let parameters = layer.layer.parameters(\.pooling_param, caffe__pooling_parameter__init)
      let x = try layer.bottom()
      guard let method = PoolingWindow.Method(rawValue: parameters.pool.rawValue) else {
        throw layer.error("has no pooling method that Caffe knows")
      }
      if parameters.global_pooling != 0 { return try globalPooling(layer, x, method) }
      let window = try PoolingWindow(layer, x, parameters)
      var results = [try window.pool(x, method)]
      if layer.layer.tops.count > 1 { results.append(try window.positions(x, method)) }
      return results
    },
    "SPP": .unary(pyramid),
  ]

  private static func globalPooling(
    _ layer: LayerContext, _ x: Value, _ method: PoolingWindow.Method
  ) throws -> [Value] {
    switch method {
    case .max:
      guard layer.layer.tops.count == 1 else { throw layer.error("the positions of global maxima are not supported") }
      return [try layer.builder(.globalMaxPool, x)]
    case .average: return [try layer.builder(.globalAveragePool, x)]
    case .stochastic:
      return [
        try PoolingWindow.weightedMean(layer.builder, x) { try layer.builder(.globalAveragePool, $0) }
      ]
    }
  }

  /// Poolings into 1, 2 x 2, 4 x 4 ... cells, one after the other. Caffe's SPPLayer.
  private static func pyramid(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.spp_param, caffe__sppparameter__init)
    let extents = try layer.extents(x, from: 2)
    guard let method = PoolingWindow.Method(rawValue: parameters.pool.rawValue), extents.count == 2,
      (1...16).contains(parameters.pyramid_height)
    else { throw layer.error("needs an image, a pyramid of 1 to 16 levels, and a pooling method that Caffe knows") }
    let levels = try (0..<Int(parameters.pyramid_height)).map { level in
      let count = 1 << level
      let kernel = extents.map { ($0 + count - 1) / count }
      let pads = zip(extents, kernel).map { ($1 * count - $0 + 1) / 2 }
      let window = try PoolingWindow(layer, extents.map { $0 }, kernel: kernel, strides: kernel, pads: pads)
      return try window.pool(x, method)
    }
    guard levels.count > 1 else { return levels[0] }
    let rows = try levels.map { try layer.builder(.flatten, $0, attributes: ["axis": .int(1)]) }
    return try layer.builder.insert(.concat, rows, ["axis": .int(1)])[0]
  }
}

/// A window of Caffe's poolings: how often it is laid is rounded up, and each axis is padded by the same at both ends.
private struct PoolingWindow {
  enum Method: UInt32 {
    case max, average, stochastic
  }

  private let layer: LayerContext
  private let kernel: [Int]
  private let strides: [Int]
  private let pads: [Int]
  /// How far the last window reaches over the end of the input.
  private let overhangs: [Int]

  init(_ layer: LayerContext, _ x: Value, _ message: Caffe__PoolingParameter) throws {
    let rank = try layer.shape(x).count - 2
    guard rank > 0 else { throw layer.error("needs a batch, channels and at least one spatial axis") }
    func extents(_ all: UInt32, _ height: (Int32, UInt32), _ width: (Int32, UInt32)) throws -> [Int] {
      guard height.0 != 0 || width.0 != 0 else { return Array(repeating: Int(all), count: rank) }
      guard rank == 2 else { throw layer.error("has fields for height and width, but \(rank) spatial axes") }
      return [height.0 != 0 ? Int(height.1) : Int(all), width.0 != 0 ? Int(width.1) : Int(all)]
    }
    try self.init(
      layer, layer.extents(x, from: 2),
      kernel: extents(
        message.kernel_size, (message.has_kernel_h, message.kernel_h), (message.has_kernel_w, message.kernel_w)),
      strides: extents(
        message.stride, (message.has_stride_h, message.stride_h), (message.has_stride_w, message.stride_w)),
      pads: extents(message.pad, (message.has_pad_h, message.pad_h), (message.has_pad_w, message.pad_w)),
      roundsDown: message.round_mode == CAFFE__POOLING_PARAMETER__ROUND_MODE__FLOOR || message.ceil_mode == 0)
  }

  /// - Throws: `ModelError` where the window does not fit, or its last one would lie outside of the input.
  init(
    _ layer: LayerContext, _ extents: [Int], kernel: [Int], strides: [Int], pads: [Int], roundsDown: Bool = false
  ) throws {
    self.layer = layer
    (self.kernel, self.strides, self.pads) = (kernel, strides, pads)
    guard kernel.allSatisfy({ $0 > 0 }), strides.allSatisfy({ $0 > 0 }), zip(pads, kernel).allSatisfy({ $0 < $1 })
    else {
      throw layer.error("a window of \(kernel) with strides \(strides) and padding \(pads) cannot be laid")
    }
    let isPadded = pads.contains { $0 != 0 }
    overhangs = try extents.indices.map { axis in
      let room = extents[axis] + 2 * pads[axis] - kernel[axis]
      guard room >= 0 || (!roundsDown && room > -strides[axis]) else {
        throw layer.error("a window of \(kernel) does not fit an input of \(extents)")
      }
      var steps = roundsDown ? room / strides[axis] : max(room + strides[axis] - 1, 0) / strides[axis]
      // A last window that would begin in the padding after the input is not laid.
      if isPadded, steps * strides[axis] >= extents[axis] + pads[axis] { steps -= 1 }
      let start = steps * strides[axis] - pads[axis]
      guard start < extents[axis] else {
        throw layer.error("its last window would lie outside of the input of \(extents), where Caffe computes nothing")
      }
      return start + kernel[axis] - extents[axis]
    }
  }

  func pool(_ x: Value, _ method: Method) throws -> Value {
    switch method {
    case .max: return try layer.builder(.maxPool, x, attributes: attributes(after: overhangs))
    case .average: return try average(x)
    case .stochastic:
      guard !pads.contains(where: { $0 != 0 }) else { throw layer.error("Caffe does not pad stochastic poolings") }
      return try Self.weightedMean(layer.builder, x, average)
    }
  }

  /// The mean of each window. Caffe divides by what of the window lies in the padded input, padding included.
  private func average(_ x: Value) throws -> Value {
    guard zip(overhangs, pads).contains(where: { $0 > $1 }) else {
      var attributes = attributes(after: overhangs)
      if pads.contains(where: { $0 != 0 }) { attributes["count_include_pad"] = .int(1) }
      return try layer.builder(.averagePool, x, attributes: attributes)
    }
    let after = zip(overhangs, pads).map { max($0 - $1, 0) }
    guard pads.contains(where: { $0 != 0 }) else {
      return try layer.builder(.averagePool, x, attributes: attributes(after: after))
    }
    let margins = [0, 0] + pads
    let padded = try layer.builder(.pad, x, layer.builder.constant(margins + margins))
    return try layer.builder(.averagePool, padded, attributes: attributes(before: pads.map { _ in 0 }, after: after))
  }

  /// What stochastic pooling expects: the mean weighted by the elements themselves.
  static func weightedMean(_ builder: GraphBuilder, _ x: Value, _ mean: (Value) throws -> Value) throws -> Value {
    let squares = try mean(try builder(.mul, x, x))
    let sum = try mean(x)
    let isPositive = try builder(.greater, sum, builder.constant(Float(0)))
    return try builder(.where, isPositive, try builder(.div, squares, sum), builder.constant(Float(0)))
  }

  /// Where in its channel each maximum was found, as Caffe's second top says it.
  func positions(_ x: Value, _ method: Method) throws -> Value {
    let builder = layer.builder
    guard method == .max else { throw layer.error("only maxima have positions") }
    let plane = try layer.extents(x, from: 2).reduce(Dimension.known(1)) { $0 * .known($1) }
    guard let count = plane.value else { throw layer.error("has too many elements to count") }
    let results = try builder.insert(.maxPool, [x], attributes(after: overhangs), resultCount: 2)
    let index = try builder(.mod, results[1], builder.constant(count))
    return try builder(.cast, index, attributes: ["to": .elementType(.float32)])
  }

  private func attributes(before: [Int]? = nil, after: [Int]) -> Attributes {
    let pads = (before ?? pads) + after.map { max($0, 0) }
    return [
      "kernel_shape": .ints(kernel.map { Int64($0) }), "strides": .ints(strides.map { Int64($0) }),
      "pads": .ints(pads.map { Int64($0) }),
    ]
  }
}
