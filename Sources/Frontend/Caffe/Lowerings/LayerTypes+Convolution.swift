import CModelProtos
import IR

extension LayerTypes {
  static let convolution: [ByteString: LayerLowering] = [
    "Convolution": .each { try Convolution($0).lower($1, .conv) },
    // Of forks: a filter for each channel, and the group may be left out.
    "ConvolutionDepthwise": .each { try Convolution($0, isDepthwise: true).lower($1, .conv) },
    "DepthwiseConvolution": .each { try Convolution($0, isDepthwise: true).lower($1, .conv) },
    "Deconvolution": .each { try Convolution($0).lower($1, .convTranspose) },
    "Im2col": .each { try Convolution($0).columns($1) },
    "InnerProduct": .each(innerProduct),
  ]

  private static func innerProduct(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.inner_product_param, caffe__inner_product_parameter__init)
    let shape = try layer.shape(x)
    let axis = try layer.axis(parameters.axis, of: shape)
    let depth = try layer.extents(x, from: axis).reduce(Dimension.known(1)) { $0 * .known($1) }
    guard let depth = depth.value else { throw layer.error("has too many elements to count") }
    let count = Int(parameters.num_output)
    let weight = try layer.weight(0, "weight", parameters.transpose != 0 ? [depth, count] : [count, depth])
    let bias = parameters.bias_term != 0 ? try layer.weight(1, "bias", [count]) : nil
    let builder = layer.builder
    let rows = shape.count == 2 && axis == 1 ? x : try builder(.flatten, x, attributes: ["axis": .int(Int64(axis))])
    let product = try builder(
      .gemm, rows, weight, bias, attributes: parameters.transpose != 0 ? [:] : ["transB": .int(1)])
    return axis == 1 ? product : try builder.reshape(product, to: shape[..<axis] + [.known(count)])
  }
}

/// What convolutions in both directions have in common.
private struct Convolution {
  fileprivate let layer: LayerContext
  fileprivate let parameters: Caffe__ConvolutionParameter
  private let isDepthwise: Bool

  init(_ layer: LayerContext, isDepthwise: Bool = false) {
    self.layer = layer
    self.isDepthwise = isDepthwise
    parameters = layer.layer.parameters(\.convolution_param, caffe__convolution_parameter__init)
  }

  func lower(_ x: Value, _ definition: OpDefinition) throws -> Value {
    let shape = try layer.shape(x)
    let axis = try layer.axis(parameters.axis, of: shape)
    let rank = shape.count - axis - 1
    guard rank > 0 else { throw layer.error("has no spatial axes: its bottom has shape \(shape)") }
    guard let channels = shape[axis].value else {
      throw layer.error("needs to know the channels of '\(x.name.text)', which has shape \(shape)")
    }
    let window = try SpatialParameters(parameters, rank: rank)
    let count = Int(parameters.num_output)
    let group = isDepthwise ? channels : Int(parameters.group)
    guard group > 0, count > 0, channels.isMultiple(of: group), count.isMultiple(of: group) else {
      throw layer.error("\(channels) channels and \(count) outputs cannot be divided into \(group) groups")
    }
    // The filters of the transposed convolution are those of the convolution whose gradient it is.
    let filters = definition === OpDefinition.conv ? [count, channels / group] : [channels, count / group]
    let weight = try layer.weight(0, "weight", filters + window.kernel)
    let bias = parameters.bias_term != 0 ? try layer.weight(1, "bias", [count]) : nil
    // The axes before the channels are one batch.
    let batch = shape[..<axis].reduce(.known(1), *)
    let images = axis == 1 ? x : try layer.builder.reshape(x, to: [batch] + shape[axis...])
    let result = try layer.builder(definition, images, weight, bias, attributes: window.attributes(group: group))
    guard axis != 1 else { return result }
    return try layer.builder.reshape(result, to: Shape(shape[..<axis]) + layer.shape(result)[1...])
  }
}

extension Convolution {
  /// The elements under the window at each of its places, as channels: what a convolution multiplies by its filters. Each filter here
  /// picks one element.
  fileprivate func columns(_ x: Value) throws -> Value {
    let shape = try layer.shape(x)
    guard try layer.axis(parameters.axis, of: shape) == 1, shape.count > 2, let channels = shape[1].value else {
      throw layer.error("needs known channels at axis 1, and spatial axes: its bottom has shape \(shape)")
    }
    let window = try SpatialParameters(parameters, rank: shape.count - 2)
    let area = window.kernel.reduce(Dimension.known(1)) { $0 * .known($1) }.value ?? .max
    guard area <= Self.maximumArea, channels <= Self.maximumFilters / (area * area) else {
      throw layer.error("a window of \(window.kernel) over \(channels) channels has too many elements")
    }
    var filters = Array(repeating: Float(0), count: channels * area * area)
    for row in 0..<channels * area { filters[row * area + row % area] = 1 }
    let weight = try layer.constant(TensorLiteral(floats: filters, [channels * area, 1] + window.kernel), "filters")
    return try layer.builder(.conv, x, weight, nil, attributes: window.attributes(group: channels))
  }

  /// Larger windows than any network's.
  private static let maximumArea = 1 << 10
  private static let maximumFilters = 1 << 22
}

/// A window as convolutions say it: a number for all spatial axes, one for each, or fields for height and width.
private struct SpatialParameters {
  let kernel: [Int]
  private let strides: [Int]
  private let pads: [Int]
  private let dilations: [Int]

  init(_ message: Caffe__ConvolutionParameter, rank: Int) throws {
    kernel = try Self.extents(
      "kernel_size", numbers(message.kernel_size, message.n_kernel_size),
      message.has_kernel_h != 0 || message.has_kernel_w != 0 ? [message.kernel_h, message.kernel_w] : nil, rank, nil)
    strides = try Self.extents(
      "stride", numbers(message.stride, message.n_stride),
      message.has_stride_h != 0 || message.has_stride_w != 0 ? [message.stride_h, message.stride_w] : nil, rank, 1)
    pads = try Self.extents(
      "pad", numbers(message.pad, message.n_pad),
      message.has_pad_h != 0 || message.has_pad_w != 0 ? [message.pad_h, message.pad_w] : nil, rank, 0)
    dilations = try Self.extents("dilation", numbers(message.dilation, message.n_dilation), nil, rank, 1)
    for (name, values) in [("kernel_size", kernel), ("stride", strides), ("dilation", dilations)]
    where values.contains(0) { throw ModelError(.invalidModel, "\(name) is \(values), where 0 makes no sense") }
  }

  private static func extents(
    _ name: String, _ values: [Int], _ plane: [UInt32]?, _ rank: Int, _ filler: Int?
  ) throws -> [Int] {
    if let plane {
      guard rank == 2, values.isEmpty else {
        throw ModelError(.invalidModel, "\(name) is said twice, or for height and width though there are \(rank) axes")
      }
      return plane.map { Int($0) }
    }
    if values.isEmpty, let filler { return Array(repeating: filler, count: rank) }
    if values.count == 1 { return Array(repeating: values[0], count: rank) }
    guard values.count == rank else {
      throw ModelError(.invalidModel, "\(name) has \(values.count) numbers for \(rank) spatial axes")
    }
    return values
  }

  func attributes(group: Int) -> Attributes {
    func ints(_ values: [Int]) -> AttributeValue { .ints(values.map { Int64($0) }) }
    var attributes: Attributes = ["kernel_shape": ints(kernel), "strides": ints(strides), "pads": ints(pads + pads)]
    if dilations.contains(where: { $0 != 1 }) { attributes["dilations"] = ints(dilations) }
    if group != 1 { attributes["group"] = .int(Int64(group)) }
    return attributes
  }
}
