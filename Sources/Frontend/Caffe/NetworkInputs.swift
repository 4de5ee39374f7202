import CModelProtos
import Formats
import IR

/// The shapes of a network's inputs.
struct NetworkInputs {
  private let trainingLayers: [Layer]

  /// What Caffe counts with: it has no larger blobs.
  private static let maximumExtent = Int(Int32.max)

  /// - Parameter layers: all layers of the network, those included that are there while it is trained alone.
  init(_ layers: [Layer]) {
    trainingLayers = layers.filter { LayerTypes.data.contains($0.type) }
  }

  /// The layer of training data that defines a blob.
  func trainingLayer(defining blob: ByteString) -> Layer? { trainingLayers.last { $0.tops.contains(blob) } }

  /// The shape of the top at `index` of an Input layer.
  func shape(of layer: Layer, _ index: Int) throws -> Shape {
    let parameters = layer.parameters(\.input_param, caffe__input_parameter__init)
    let shapes = messages(parameters.shape, parameters.n_shape).map(\.pointer.dimensions)
    guard shapes.count <= 1 || shapes.count == layer.tops.count else {
      throw ModelError(.invalidModel, "has \(layer.tops.count) tops, but \(shapes.count) shapes")
    }
    guard let shape = shapes.count == 1 ? shapes.first : shapes.dropFirst(index).first else {
      throw Self.unknownShape(of: layer.tops[index], "has no shape")
    }
    return try shape.enumerated().map { axis, extent in
      // Not of Caffe itself, but meant the same wherever it is written.
      if extent == -1 { return .symbol(axis == 0 ? "batch" : ByteString("\(layer.tops[index].text)_\(axis)")) }
      guard (1...Self.maximumExtent).contains(extent) else {
        throw ModelError(.invalidModel, "extent \(extent) of axis \(axis) is none")
      }
      return .known(extent)
    }
  }

  /// The shape of the images that a layer of training data yields, as far as the file says it: their channels may follow from the
  /// weights of the layer that takes them. The size of the batch is left open.
  func shape(
    of blob: ByteString, _ layer: Layer, consumers: [Layer], weightExtents: (Layer) -> [Int]?
  ) throws -> Shape {
    let transform = layer.parameters(\.transform_param, caffe__transformation_parameter__init)
    let image = layer.parameters(\.image_data_param, caffe__image_data_parameter__init)
    let memory = layer.parameters(\.memory_data_param, caffe__memory_data_parameter__init)
    let data = layer.parameters(\.data_param, caffe__data_parameter__init)
    let resized = transform.resize_param?.pointee
    let crop = UInt32(Self.first(transform.crop_size, data.crop_size, image.crop_size))
    let height = Self.first(crop, memory.height, resized?.height, image.new_height)
    let width = Self.first(crop, memory.width, resized?.width, image.new_width)
    let consumer = consumers.first { $0.bottoms.contains(blob) && $0.type == "Convolution" }
    let group = consumer?.parameters(\.convolution_param, caffe__convolution_parameter__init).group ?? 1
    let filters = consumer.flatMap(weightExtents)
    let channels =
      memory.channels != 0
      ? Int(memory.channels)
      : filters.flatMap { $0.count == 4 ? max($0[1], 0) &* Int(group) : nil } ?? Self.channels(of: layer, transform)
    guard layer.tops.first == blob, let channels,
      [channels, height, width].allSatisfy({ (1...Self.maximumExtent).contains($0) })
    else { throw Self.unknownShape(of: blob, "reads training data, whose shape the file does not say") }
    return [.symbol("batch"), .known(channels), .known(height), .known(width)]
  }

  /// The channels of images that a layer reads: where they are made to have colors or none, or have a mean for each channel.
  private static func channels(of layer: Layer, _ transform: Caffe__TransformationParameter) -> Int? {
    if transform.force_gray != 0 { return 1 }
    if transform.force_color != 0 || transform.n_mean_value == 3 { return 3 }
    guard layer.type == "ImageData" else { return nil }
    return layer.parameters(\.image_data_param, caffe__image_data_parameter__init).is_color != 0 ? 3 : 1
  }

  /// What a layer of training data does to the numbers that it reads; `nil` where it does nothing.
  static func transform(of layer: Layer) -> String? {
    guard let transform = layer.message.transform_param?.pointee else { return nil }
    let means = UnsafeBufferPointer(start: transform.mean_value, count: transform.n_mean_value).prefix(8)
    let steps = [
      transform.mean_file.len > 0 ? "less the mean of '\(ByteString(transform.mean_file).text)'" : nil,
      means.isEmpty ? nil : "less \(means.map { "\($0)" }.joined(separator: ", "))",
      transform.scale == 1 ? nil : "times \(transform.scale)",
    ].compactMap { $0 }
    return steps.isEmpty ? nil : steps.joined(separator: ", then ")
  }

  /// The first extent that is said.
  private static func first(_ extents: UInt32?...) -> Int {
    extents.lazy.compactMap { $0 }.first { $0 != 0 }.map { Int($0) } ?? 0
  }

  private static func unknownShape(of blob: ByteString, _ what: String) -> ModelError {
    ModelError(
      .invalidModel,
      "\(what): write in its place layer { name: \"\(blob.text)\" type: \"Input\" top: \"\(blob.text)\" "
        + "input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } } } with the extents that are meant")
  }
}
