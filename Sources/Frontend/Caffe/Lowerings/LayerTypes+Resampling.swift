import CModelProtos
import IR

extension LayerTypes {
  /// Layers of forks that make an image of another size.
  static let resampling: [ByteString: LayerLowering] = [
    "Interp": .unary(interpolate),
    "Upsample": LayerLowering { layer in
      // The forks for YOLO repeat each element; that of SegNet puts it back where the maximum was found.
      guard layer.bottoms.count <= 2 else { throw layer.error("takes one bottom or two, not \(layer.bottoms.count)") }
      return [try layer.bottoms.count == 2 ? unpooled(layer) : repeated(layer, layer.bottom())]
    },
  ]

  private static func repeated(_ layer: LayerContext, _ x: Value) throws -> Value {
    let factor = Float(layer.layer.parameters(\.upsample_param, caffe__upsample_parameter__init).scale)
    let rank = try layer.shape(x).count
    guard rank > 2, factor >= 1 else { throw layer.error("needs spatial axes, and a scale from 1 on") }
    let factors = try TensorLiteral(floats: [1, 1] + Array(repeating: factor, count: rank - 2))
    return try layer.builder(
      .resize, x, nil, layer.builder.constant(factors),
      attributes: [
        "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
        "nearest_mode": .string("floor"),
      ])
  }

  /// Each element at its position in a larger plane, which is 0 elsewhere. The second bottom has the positions, as the second top
  /// of a pooling does. SegNet's UpsampleLayer.
  private static func unpooled(_ layer: LayerContext) throws -> Value {
    let parameters = layer.layer.parameters(\.upsample_param, caffe__upsample_parameter__init)
    let builder = layer.builder
    let x = try layer.bottom(0)
    let extents = try layer.extents(x, from: 2)
    guard extents.count == 2, try layer.shape(layer.bottom(1)) == layer.shape(x) else {
      throw layer.error("needs two images of one shape: elements, and their positions")
    }
    let isSized = parameters.has_upsample_h != 0 && parameters.has_upsample_w != 0
    let (height, width) =
      parameters.has_scale_h != 0
      ? (parameters.scale_h, parameters.scale_w) : (parameters.scale, parameters.scale)
    let sizes =
      isSized
      ? [Int(parameters.upsample_h), Int(parameters.upsample_w)]
      : [
        extents[0] * Int(height) - (parameters.pad_out_h != 0 ? 1 : 0),
        extents[1] * Int(width) - (parameters.pad_out_w != 0 ? 1 : 0),
      ]
    guard sizes.allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
      throw layer.error("the extents to upsample to are \(sizes)")
    }
    let plane = try builder.constant([0, 0, -1])
    let positions = try builder(
      .cast, builder(.reshape, layer.bottom(1), plane), attributes: ["to": .elementType(.int64)])
    let outer = try builder(.shape, x, attributes: ["start": .int(0), "end": .int(2)])
    let shape = try builder.insert(.concat, [outer, builder.constant([sizes[0] * sizes[1]])], ["axis": .int(0)])[0]
    let zeros = try builder(
      .constantOfShape, shape, attributes: ["value": .tensor(TensorLiteral(floats: [0]))])
    let filled = try builder(
      .scatterElements, zeros, positions, builder(.reshape, x, plane), attributes: ["axis": .int(2)])
    return try builder(.reshape, filled, builder.constant([0, 0] + sizes))
  }

  /// Bilinear, with corners on corners. DeepLab's InterpLayer.
  private static func interpolate(_ layer: LayerContext, _ x: Value) throws -> Value {
    guard let message = layer.layer.message.interp_param?.pointee, layer.bottoms.count == 1 else {
      throw layer.error("says no extents to interpolate to")
    }
    let builder = layer.builder
    let extents = try layer.extents(x, from: 2)
    let (before, after) = (Int(message.pad_beg), Int(message.pad_end))
    guard extents.count == 2, before <= 0, after <= 0, extents.allSatisfy({ $0 + before + after > 0 }) else {
      throw layer.error("cannot interpolate \(extents) with padding \(before) and \(after), which may only cut")
    }
    let cut = extents.map { $0 + before + after }
    let scale = { (extent: Int) -> Int in
      let shrunk = message.has_shrink_factor != 0 ? (extent - 1) / max(Int(message.shrink_factor), 1) + 1 : extent
      return message.has_zoom_factor != 0 ? shrunk + (shrunk - 1) * (Int(message.zoom_factor) - 1) : shrunk
    }
    let isSized = message.has_height != 0 && message.has_width != 0
    let sizes = isSized ? [Int(message.height), Int(message.width)] : cut.map(scale)
    guard sizes.allSatisfy({ $0 > 0 }) else { throw layer.error("the extents to interpolate to are \(sizes)") }
    var image = x
    if before != 0 || after != 0 {
      image = try builder(
        .slice, x, builder.constant([-before, -before]), builder.constant(extents.map { $0 + after }),
        builder.constant([2, 3]))
    }
    return try builder.resize(image, to: sizes)
  }
}

extension GraphBuilder {
  /// An image resized bilinearly, corners on corners.
  fileprivate func resize(_ image: Value, to sizes: [Int]) throws -> Value {
    try self(
      .resize, image, nil, nil, constant(sizes),
      attributes: [
        "mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners"), "axes": .ints([2, 3]),
      ])
  }
}
