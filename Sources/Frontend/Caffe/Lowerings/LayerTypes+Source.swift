import CModelProtos
import Formats
import IR

extension LayerTypes {
  /// Layers without bottoms.
  static let source: [ByteString: LayerLowering] = [
    "DummyData": LayerLowering(.all, dummyData),
    // Made an argument before the layers are lowered.
    "Input": LayerLowering { _ in [] },
    "Parameter": LayerLowering { layer in
      let parameters = layer.layer.parameters(\.parameter_param, caffe__parameter_parameter__init)
      return [try layer.weight(0, "parameter", parameters.shape?.dimensions ?? [])]
    },
  ]

  private static func dummyData(_ layer: LayerContext) throws -> [Value] {
    let parameters = layer.layer.parameters(\.dummy_data_param, caffe__dummy_data_parameter__init)
    let fillers = messages(parameters.data_filler, parameters.n_data_filler).map(\.pointee)
    var shapes = messages(parameters.shape, parameters.n_shape).map(\.pointer.dimensions)
    if shapes.isEmpty {
      let fields = [
        numbers(parameters.num, parameters.n_num), numbers(parameters.channels, parameters.n_channels),
        numbers(parameters.height, parameters.n_height), numbers(parameters.width, parameters.n_width),
      ]
      shapes = (0..<(fields[0].count)).map { index in
        fields.compactMap { $0.count == 1 ? $0[0] : $0.dropFirst(index).first }
      }
    }
    let count = layer.layer.tops.count
    guard shapes.count == 1 || shapes.count == count, fillers.count <= 1 || fillers.count == count else {
      throw layer.error("has \(count) tops, but \(shapes.count) shapes and \(fillers.count) fillers")
    }
    return try (0..<count).map { index in
      let filler = fillers.count == 1 ? fillers[0] : fillers.dropFirst(index).first
      let type = filler.map { ByteString($0.type) } ?? ""
      guard type.isEmpty || type == "constant" else {
        throw layer.error(
          "fills its tops at random ('\(type.text)'): say in its place what they are to be, as an Input layer")
      }
      let bytes = withUnsafeBytes(of: (filler?.value ?? 0).bitPattern.littleEndian) { Array($0) }
      let literal = try TensorLiteral(.float32, shapes.count == 1 ? shapes[0] : shapes[index], .splat(bytes))
      return try layer.constant(literal, "data")
    }
  }
}

extension LayerTypes {
  /// Losses that compute what is asked of a trained network on the way.
  static let output: [ByteString: LayerLowering] = [
    "SoftmaxWithLoss": LayerLowering(.first) { layer in
      layer.remark("is read as the Softmax in it: a loss is for training")
      return try repeated(layer, softmax(layer, layer.bottom()))
    },
    "InfogainLoss": LayerLowering(.first) { layer in
      layer.remark("is read as the Softmax in it: a loss is for training")
      return try repeated(layer, softmax(layer, layer.bottom()))
    },
    "SigmoidCrossEntropyLoss": LayerLowering(.first) { layer in
      layer.remark("is read as the Sigmoid in it: a loss is for training")
      return try repeated(layer, layer.builder(.sigmoid, layer.bottom()))
    },
  ]

  /// What takes the place of a loss stands for all of its tops.
  private static func repeated(_ layer: LayerContext, _ value: Value) throws -> [Value] {
    Array(repeating: value, count: max(layer.layer.tops.count, 1))
  }
}
