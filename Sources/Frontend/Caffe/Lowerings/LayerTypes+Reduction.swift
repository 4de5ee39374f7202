import CModelProtos
import IR

extension LayerTypes {
  static let reduction: [ByteString: LayerLowering] = [
    "ArgMax": .unary(argMax),
    "Reduction": .unary(reduce),
  ]

  private static func reduce(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.reduction_param, caffe__reduction_parameter__init)
    let shape = try layer.shape(x)
    let axis = try layer.axis(parameters.axis, of: shape)
    let definition: OpDefinition
    switch parameters.operation {
    case CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__SUM: definition = .reduceSum
    case CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__ASUM: definition = .reduceL1
    case CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__SUMSQ: definition = .reduceSumSquare
    case CAFFE__REDUCTION_PARAMETER__REDUCTION_OP__MEAN: definition = .reduceMean
    default: throw layer.error("has no operation that Caffe knows")
    }
    let axes = try layer.builder.constant(Array(axis..<shape.count))
    let result = try layer.builder(definition, x, axes, attributes: ["keepdims": .int(0)])
    return try layer.scaled(result, by: parameters.coeff)
  }

  /// The positions of the largest elements as floats, and the elements themselves where they are asked for. Of equal elements
  /// Caffe takes the last first.
  private static func argMax(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.argmax_param, caffe__arg_max_parameter__init)
    let shape = try layer.shape(x)
    let count = Int(parameters.top_k)
    let builder = layer.builder
    guard parameters.has_axis != 0 else {
      // All axes but the first are one; the result has three at least: batch, positions and elements, rank in the order.
      let rows = try builder(.flatten, x, attributes: ["axis": .int(1)])
      let largest = try LargestElements(layer, rows, axis: 1, count: count)
      let shape: Shape =
        [shape[0], .known(1), .known(count)] + Array(repeating: .known(1), count: max(shape.count - 3, 0))
      let positions = try builder.reshape(largest.positions(), to: shape)
      guard parameters.out_max_val != 0 else { return positions }
      let values = try builder.reshape(largest.values(), to: shape)
      return try builder.insert(.concat, [positions, values], ["axis": .int(1)])[0]
    }
    let largest = try LargestElements(layer, x, axis: layer.axis(parameters.axis, of: shape), count: count)
    return try parameters.out_max_val != 0 ? largest.values() : largest.positions()
  }
}

/// The largest elements along an axis.
private struct LargestElements {
  private let builder: GraphBuilder
  private let x: Value
  private let axis: Int
  private let count: Int
  private let extent: Int

  init(_ layer: LayerContext, _ x: Value, axis: Int, count: Int) throws {
    builder = layer.builder
    (self.x, self.axis, self.count) = (x, axis, count)
    let shape = try layer.shape(x)
    guard let extent = shape[axis].value, (1...extent).contains(count) else {
      throw layer.error("top_k is \(count), but the axis of shape \(shape) has another extent")
    }
    self.extent = extent
  }

  func values() throws -> Value {
    count == 1 ? try builder(.reduceMax, x, builder.constant([axis])) : try topK(x)[0]
  }

  func positions() throws -> Value {
    if count == 1 {
      let index = try builder(
        .argMax, x, attributes: ["axis": .int(Int64(axis)), "select_last_index": .int(1)])
      return try builder(.cast, index, attributes: ["to": .elementType(.float32)])
    }
    // TopK takes the first of equal elements first: so it looks from the end.
    let reversed = try builder(
      .slice, x, builder.constant([-1]), builder.constant([Int(Int32.min)]), builder.constant([axis]),
      builder.constant([-1]))
    let index = try builder(.cast, topK(reversed)[1], attributes: ["to": .elementType(.float32)])
    return try builder(.sub, builder.constant(Float(extent - 1)), index)
  }

  private func topK(_ x: Value) throws -> [Value] {
    try builder.insert(.topK, [x, builder.constant([count])], ["axis": .int(Int64(axis))], resultCount: 2)
  }
}
