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

  /// The type of an input: extents that vary become symbols. The first axis of all is `batch` where it varies
  /// everywhere, in what is returned too: such a model computes a row for each. A graph that does not say what it returns
  /// may well take images and the boxes in them.
  func type(of input: InterfaceTensor) throws -> ValueType {
    if let inferred = input.inferred { return inferred }
    let elementType = try ElementType(tensorFlow: input.typeNumber)
    guard let extents = input.extents else { return .tensor(elementType, nil) }
    let isSaid = inputs.count == 1 || outputs.allSatisfy { $0.extents != nil }
    let isBatched =
      isSaid
      && (inputs + outputs).allSatisfy { tensor in
        guard let extents = tensor.extents, let first = extents.first else { return tensor.extents == nil }
        return first == nil
      }
    let shape: Shape = extents.enumerated().map { axis, extent in
      if let extent { return .known(extent) }
      if axis == 0, isBatched { return .symbol("batch") }
      return .symbol(ByteString("\(input.name.text)_d\(axis)"))
    }
    return .tensor(elementType, shape)
  }
}
