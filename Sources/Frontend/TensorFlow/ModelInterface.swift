import CModelProtos
import Formats
import IR

/// An input or an output of a model, as its file declares it.
struct InterfaceTensor {
  /// What callers say.
  let name: ByteString
  /// The graph's tensor.
  let tensor: ByteString
  let typeNumber: Int
  /// The extents, `nil` for those that vary; `nil` as a whole where the rank is not known.
  let extents: [Int?]?
  /// The type, where more is known of it than the file declares.
  var inferred: ValueType?

  init(
    name: ByteString, tensor: ByteString, typeNumber: Int, shape: UnpackedMessage<Tensorflow__TensorShapeProto>?
  ) {
    self.name = name
    self.tensor = tensor
    self.typeNumber = typeNumber
    extents = Self.extents(shape)
  }

  static func extents(_ shape: UnpackedMessage<Tensorflow__TensorShapeProto>?) -> [Int?]? {
    guard let shape = shape?.pointee, shape.unknown_rank == 0 else { return nil }
    return messages(shape.dim, shape.n_dim).map { $0.pointee.size < 0 ? nil : Int($0.pointee.size) }
  }
}

/// What callers pass to a model and get from it.
struct ModelInterface {
  var inputs: [InterfaceTensor]
  var outputs: [InterfaceTensor]
  /// The symbols of the inputs' first axes, by their names, where those are not their own (`sharingRows`).
  var rows: [ByteString: ByteString] = [:]

  init(inputs: [InterfaceTensor], outputs: [InterfaceTensor]) {
    self.inputs = inputs
    self.outputs = outputs
    if inputs.count == 1, isBatched { rows[inputs[0].name] = Self.batch }
  }

  /// The first axis of all inputs where it is one.
  static let batch: ByteString = "batch"

  /// Whether the first axis of all varies, in what is returned too: such a model may compute a row for each. A graph that
  /// does not say what it returns may well take images and the boxes in them.
  var isBatched: Bool {
    let isSaid = inputs.count == 1 || outputs.allSatisfy { $0.extents != nil }
    return isSaid
      && (inputs + outputs).allSatisfy { tensor in
        guard let extents = tensor.extents, let first = extents.first else { return tensor.extents == nil }
        return first == nil
      }
  }

  /// The symbol of an axis of an input that varies.
  func symbol(of input: InterfaceTensor, axis: Int) -> ByteString {
    let own = ByteString("\(input.name.text)_d\(axis)")
    return axis == 0 ? rows[input.name] ?? own : own
  }

  /// The type of an input: extents that vary become symbols.
  func type(of input: InterfaceTensor) throws -> ValueType {
    if let inferred = input.inferred { return inferred }
    let elementType = try ElementType(tensorFlow: input.typeNumber)
    guard let extents = input.extents else { return .tensor(elementType, nil) }
    return .tensor(
      elementType,
      extents.enumerated().map { axis, extent in
        extent.map { .known($0) } ?? .symbol(symbol(of: input, axis: axis))
      })
  }
}
