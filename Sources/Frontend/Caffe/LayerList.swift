import CModelProtos
import Formats
import IR

/// The layers of a network, each in the newest form: what Caffe's own upgrades make of older files.
struct LayerList {
  private(set) var layers: [Layer] = []
  private let storage = MessageStorage()
  private let document: CaffeDocument

  /// - Throws: `ModelError` at the layer that no version of Caffe knows.
  init(_ document: CaffeDocument) throws {
    self.document = document
    let network = document.network.pointee
    guard network.n_layer == 0 || network.n_layers == 0 else {
      throw ModelError(.invalidModel, "has layers of two forms, 'layer' and 'layers', of which Caffe reads one alone")
    }
    layers = try Self.inputs(of: network, storage)
    let older = messages(network.layers, network.n_layers).map(\.pointee)
    if older.contains(where: { $0.layer != nil }) {
      layers += try V0Upgrade(storage).layers(older)
    } else {
      layers += try older.enumerated().map { try V1Upgrade.layer($1, origin: (2, $0)) }
    }
    layers += messages(network.layer, network.n_layer).enumerated().map { Layer($1.pointee, origin: (100, $0)) }
  }

  /// The inputs that a network says beside its layers, as layers.
  private static func inputs(of network: Caffe__NetParameter, _ storage: MessageStorage) throws -> [Layer] {
    let names = texts(network.input, network.n_input)
    let shapes = messages(network.input_shape, network.n_input_shape)
    let extents = numbers(network.input_dim, network.n_input_dim)
    guard shapes.isEmpty || extents.isEmpty else {
      throw ModelError(.invalidModel, "says the shapes of its inputs twice: input_shape, and input_dim")
    }
    guard shapes.isEmpty ? extents.count == 4 * names.count || extents.isEmpty : shapes.count == names.count else {
      throw ModelError(
        .invalidModel,
        "has \(names.count) inputs, but \(shapes.isEmpty ? "\(extents.count) input_dim" : "\(shapes.count) input_shape")"
      )
    }
    return names.enumerated().map { index, name in
      Layer(
        name: name, type: "Input", bottoms: [], tops: [name], parameterNames: [], blobs: [],
        message: inputMessage(
          shape: shapes.isEmpty ? Array(extents.dropFirst(4 * index).prefix(4)) : shapes[index].pointer.dimensions,
          storage), origin: (3, index))
    }
  }

  private static func inputMessage(shape: [Int], _ storage: MessageStorage) -> Caffe__LayerParameter {
    let message = storage.make(caffe__layer_parameter__init)
    guard !shape.isEmpty else { return message.pointee }
    let input = storage.make(caffe__input_parameter__init)
    let blobShape = storage.make(caffe__blob_shape__init)
    blobShape.pointee.dim = storage.list(shape.map { Int64($0) })
    blobShape.pointee.n_dim = shape.count
    input.pointee.shape = storage.list([Optional(blobShape)])
    input.pointee.n_shape = 1
    message.pointee.input_param = input
    return message.pointee
  }
}
