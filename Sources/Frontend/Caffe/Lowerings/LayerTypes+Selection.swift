import CModelProtos
import IR

extension LayerTypes {
  static let selection: [ByteString: LayerLowering] = [
    "BatchReindex": LayerLowering { layer in
      let indices = try layer.builder(.cast, layer.bottom(1), attributes: ["to": .elementType(.int64)])
      return [try layer.builder(.gather, layer.bottom(0), indices, attributes: ["axis": .int(0)])]
    },
    "Concat": LayerLowering { layer in
      let parameters = layer.layer.parameters(\.concat_param, caffe__concat_parameter__init)
      let shape = try layer.shape(layer.bottom())
      let axis = try layer.axis(
        parameters.has_concat_dim != 0 ? Int32(clamping: parameters.concat_dim) : parameters.axis, of: shape)
      return try layer.builder.insert(.concat, layer.bottoms, ["axis": .int(Int64(axis))])
    },
    "Crop": LayerLowering { [try crop($0)] },
    "Embed": .unary(embed),
    "Filter": LayerLowering(.all, filter),
    "Slice": LayerLowering(.all, slice),
  ]

  private static func slice(_ layer: LayerContext) throws -> [Value] {
    let parameters = layer.layer.parameters(\.slice_param, caffe__slice_parameter__init)
    let x = try layer.bottom()
    let shape = try layer.shape(x)
    let axis = try layer.axis(
      parameters.has_slice_dim != 0 ? Int32(clamping: parameters.slice_dim) : parameters.axis, of: shape)
    guard let extent = shape[axis].value else { throw layer.error("needs to know axis \(axis) of shape \(shape)") }
    let count = layer.layer.tops.count
    guard count > 1 else { return [x] }
    var points = numbers(parameters.slice_point, parameters.n_slice_point)
    if points.isEmpty {
      guard extent.isMultiple(of: count) else {
        throw layer.error("an extent of \(extent) has no \(count) equal parts")
      }
      points = (1..<count).map { $0 * (extent / count) }
    }
    let bounds = [0] + points + [extent]
    let sizes = zip(bounds.dropFirst(), bounds).map { $0 - $1 }
    guard sizes.count == count, sizes.allSatisfy({ $0 > 0 }) else {
      throw layer.error("slice points \(points) do not divide an extent of \(extent) into \(count) parts")
    }
    return try layer.builder.insert(
      .split, [x, layer.builder.constant(sizes)], ["axis": .int(Int64(axis))], resultCount: count)
  }

  /// The rows of each bottom but the last where the last has another number than 0.
  private static func filter(_ layer: LayerContext) throws -> [Value] {
    guard let selector = layer.bottoms.last, layer.bottoms.count > 1,
      try layer.extents(selector, from: 1).allSatisfy({ $0 == 1 })
    else { throw layer.error("needs bottoms to filter, and one that has a number for each of their rows") }
    let flags = try layer.builder(.reshape, selector, layer.builder.constant([-1]))
    let indices = try layer.builder(.squeeze, layer.builder(.nonZero, flags), layer.builder.constant([0]))
    return try layer.bottoms.dropLast().map {
      try layer.builder(.gather, $0, indices, attributes: ["axis": .int(0)])
    }
  }

  private static func crop(_ layer: LayerContext) throws -> Value {
    let parameters = layer.layer.parameters(\.crop_param, caffe__crop_parameter__init)
    let x = try layer.bottom(0)
    let shape = try layer.shape(x)
    let axis = try layer.axis(parameters.axis, of: shape)
    let (extents, wanted) = (try layer.extents(x, from: axis), try layer.extents(layer.bottom(1), from: axis))
    var offsets = numbers(parameters.offset, parameters.n_offset)
    if offsets.isEmpty { offsets = [0] }
    if offsets.count == 1 { offsets = Array(repeating: offsets[0], count: extents.count) }
    guard offsets.count == extents.count, wanted.count == extents.count,
      zip(zip(offsets, wanted), extents).allSatisfy({ $0.0 + $0.1 <= $1 })
    else { throw layer.error("a part of \(wanted) at \(offsets) does not lie in \(extents)") }
    if wanted == extents { return x }
    let builder = layer.builder
    return try builder(
      .slice, x, builder.constant(offsets), builder.constant(zip(offsets, wanted).map { $0 + $1 }),
      builder.constant(Array(axis..<shape.count)))
  }

  private static func embed(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.embed_param, caffe__embed_parameter__init)
    let (count, rows) = (Int(parameters.num_output), Int(parameters.input_dim))
    let indices = try layer.builder(.cast, x, attributes: ["to": .elementType(.int64)])
    let vectors = try layer.builder(
      .gather, layer.weight(0, "weight", [rows, count]), indices, attributes: ["axis": .int(0)])
    guard parameters.bias_term != 0 else { return vectors }
    return try layer.builder(.add, vectors, layer.weight(1, "bias", [count]))
  }
}
