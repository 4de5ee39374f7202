import CModelProtos
import IR

extension LayerTypes {
  static let arithmetic: [ByteString: LayerLowering] = [
    "Axpy": LayerLowering { layer in
      // Of the fork of SENet: a factor for each channel times x, plus y.
      let shape = try layer.shape(layer.bottom(0))
      let factors = try layer.builder.reshape(
        layer.bottom(0),
        to: shape.prefix(2) + Array(repeating: .known(1), count: max(layer.shape(layer.bottom(1)).count - 2, 0)))
      return [try layer.builder(.add, layer.builder(.mul, factors, layer.bottom(1)), layer.bottom(2))]
    },
    "Bias": .unary(first: bias),
    "Eltwise": LayerLowering { [try eltwise($0)] },
    "Scale": .unary(first: scale),
  ]

  private static func scale(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.scale_param, caffe__scale_parameter__init)
    let placement = try Placement(layer, x, axis: parameters.axis, count: parameters.num_axes)
    let isLearned = layer.bottoms.count == 1
    let factors = try isLearned ? placement.weight(0, "scale") : placement.placed(layer.bottom(1))
    let product = try layer.builder(.mul, x, factors)
    guard parameters.bias_term != 0 else { return product }
    return try layer.builder(.add, product, placement.weight(isLearned ? 1 : 0, "bias"))
  }

  private static func bias(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.bias_param, caffe__bias_parameter__init)
    let placement = try Placement(layer, x, axis: parameters.axis, count: parameters.num_axes)
    let isLearned = layer.bottoms.count == 1
    return try layer.builder(.add, x, isLearned ? placement.weight(0, "bias") : placement.placed(layer.bottom(1)))
  }

  private static func eltwise(_ layer: LayerContext) throws -> Value {
    let parameters = layer.layer.parameters(\.eltwise_param, caffe__eltwise_parameter__init)
    let builder = layer.builder
    let shape = try layer.shape(layer.bottom())
    for other in layer.bottoms.dropFirst() {
      // Caffe does not broadcast.
      guard try layer.shape(other) == shape else {
        throw layer.error("its bottoms have different shapes: \(shape), and \(try layer.shape(other))")
      }
    }
    let coefficients = UnsafeBufferPointer(start: parameters.coeff, count: parameters.n_coeff).map { $0 }
    guard coefficients.isEmpty || coefficients.count == layer.bottoms.count else {
      throw layer.error("has \(coefficients.count) coefficients for \(layer.bottoms.count) bottoms")
    }
    switch parameters.operation {
    case CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__SUM:
      if coefficients == [1, -1] { return try builder(.sub, layer.bottoms[0], layer.bottoms[1]) }
      let terms = try layer.bottoms.enumerated().map {
        try coefficients.isEmpty ? $1 : layer.scaled($1, by: coefficients[$0])
      }
      if terms.count == 2 { return try builder(.add, terms[0], terms[1]) }
      return try builder.insert(.sum, terms)[0]
    case CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__PROD:
      guard coefficients.isEmpty else { throw layer.error("only sums have coefficients") }
      return try layer.bottoms.dropFirst().reduce(layer.bottoms[0]) { try builder(.mul, $0, $1) }
    case CAFFE__ELTWISE_PARAMETER__ELTWISE_OP__MAX:
      guard coefficients.isEmpty else { throw layer.error("only sums have coefficients") }
      return try builder.insert(.max, layer.bottoms)[0]
    default: throw layer.error("has no operation that Caffe knows")
    }
  }
}

extension LayerLowering {
  /// A layer of one top, whose first bottom decides its shape; there may be a second.
  fileprivate static func unary(first lower: @escaping @Sendable (LayerContext, Value) throws -> Value) -> LayerLowering
  {
    LayerLowering { layer in
      guard layer.bottoms.count <= 2 else { throw layer.error("takes one bottom or two, not \(layer.bottoms.count)") }
      return [try lower(layer, try layer.bottom())]
    }
  }
}

/// Where the factors or addends of a layer lie among the axes of its bottom.
private struct Placement {
  private let layer: LayerContext
  private let shape: Shape
  private let axis: Int
  private let count: Int32

  init(_ layer: LayerContext, _ x: Value, axis: Int32, count: Int32) throws {
    self.layer = layer
    self.count = count
    shape = try layer.shape(x)
    self.axis = try layer.axis(axis, of: shape, end: count == 0)
  }

  /// A blob over the axes that the layer says: `num_axes` from `axis` on, all where that is -1.
  func weight(_ index: Int, _ name: String) throws -> Value {
    let end =
      layer.bottoms.count > 1
      ? try axis + layer.shape(layer.bottom(1)).count : count < 0 ? shape.count : axis + Int(count)
    guard end <= shape.count, let extents = Array(shape[axis..<end]).knownDimensions else {
      throw layer.error("needs to know the extents of its axes \(axis)..<\(end), but the shape is \(shape)")
    }
    return try layer.weight(index, name, extents + fillers(count: extents.count))
  }

  /// A value of as many axes as it has, the first of which is `axis`.
  func placed(_ value: Value) throws -> Value {
    let own = try layer.shape(value)
    guard axis + own.count <= shape.count else {
      throw layer.error("its second bottom of shape \(own) does not fit axis \(axis) of the first of shape \(shape)")
    }
    return try layer.builder.reshape(value, to: own + fillers(count: own.count).map { .known($0) })
  }

  private func fillers(count: Int) -> [Int] { count == 0 ? [] : Array(repeating: 1, count: shape.count - axis - count) }
}
