import CModelProtos
import Formats
import IR

/// Inputs and initializers: arguments, their defaults, and constants.
extension GraphReader {
  private typealias Message = UnpackedMessage<Onnx__TensorProto>

  /// What the file says of one initializer.
  private struct Initializer {
    let name: ByteString
    let attribute: Attribute
    let annotations: Annotations?

    /// The literal of a dense one.
    var literal: TensorLiteral? {
      if case .tensor(let literal) = attribute.value { literal } else { nil }
    }
  }

  /// - Returns: the order of the initializers in the file, where it is not the IR's.
  func readInitializers(
    _ message: UnpackedMessage<Onnx__GraphProto>, _ inputs: [ValueInfo],
    _ protos: [UnpackedMessage<Onnx__ValueInfoProto>]
  ) throws -> Annotations.Property? {
    let proto = message.pointee
    var slots: [ByteString: Int] = [:]
    for (index, input) in inputs.enumerated() {
      guard !input.name.isEmpty else { throw ModelError(.invalidModel, "input \(index) has no name") }
      guard slots.updateValue(index, forKey: input.name) == nil else {
        throw ModelError(.invalidModel, place: "input '\(input.name.text)'", "is listed twice")
      }
    }

    let dense = try messages(proto.initializer, proto.n_initializer).map { tensor in
      try readDense(tensor, isDefault: slots[ByteString(tensor.pointee.name)] != nil && !reader.initializersAreConstant)
    }
    let sparse = try messages(proto.sparse_initializer, proto.n_sparse_initializer).map { try readSparse($0) }
    var names: Set<ByteString> = []
    for initializer in dense + sparse where !names.insert(initializer.name).inserted {
      throw ModelError(
        .invalidModel, place: "tensor '\(initializer.name.text)'", "there are two initializers of this name")
    }

    var defaults: [ByteString: Initializer] = [:]
    for initializer in dense + sparse where slots[initializer.name] != nil && !reader.initializersAreConstant {
      guard initializer.literal != nil else {
        throw ModelError(
          .invalidModel, place: "tensor '\(initializer.name.text)'",
          "a sparse initializer that is also an input is more than mcc can keep")
      }
      defaults[initializer.name] = initializer
    }
    let constants = (dense + sparse).filter { defaults[$0.name] == nil }
    let constantNames = Set(constants.map(\.name))
    for input in inputs where !constantNames.contains(input.name) {
      try addArgument(input, default: defaults[input.name])
    }
    for constant in constants {
      try insert(constant, slot: slots[constant.name].map { ($0, inputs[$0], protos[$0]) })
    }
    return order(of: dense.map(\.name), constants.filter { $0.literal != nil }.map(\.name), inputs.map(\.name))
  }

  // MARK: Reading

  private func readDense(_ message: Message, isDefault: Bool) throws -> Initializer {
    let tensors = TensorReader(document: reader.document, externalData: reader.externalData)
    let proto = message.pointee
    let name = ByteString(proto.name)
    guard !name.isEmpty else { throw ModelError(.invalidModel, "an initializer has no name") }
    var annotations = Annotations()
    if !isDefault {
      annotations.documentation = proto.has_doc_string != 0 ? ByteString(proto.doc_string) : nil
      annotations.metadata = try Annotations.Entry.read(messages(proto.metadata_props, proto.n_metadata_props))
    }
    let tensor = try tensors.read(message, owned: isDefault ? .fields(8) : .fields(8, 12, 16))
    if !tensor.rest.isEmpty { annotations[ONNXProperty.tensor] = .bytes(tensor.rest) }
    return Initializer(
      name: name, attribute: Attribute("value", .tensor(tensor.literal)), annotations: annotations.unlessEmpty)
  }

  private func readSparse(_ message: UnpackedMessage<Onnx__SparseTensorProto>) throws -> Initializer {
    let tensors = TensorReader(document: reader.document, externalData: reader.externalData)
    let name = ByteString(message.pointee.values?.pointee.name ?? ProtobufCBinaryData())
    guard !name.isEmpty else { throw ModelError(.invalidModel, "a sparse initializer has no name") }
    let tensor = try tensors.read(message, owned: .fields(8))
    var annotations = Annotations()
    annotations[ONNXProperty.tensor] = .rests(tensor.rest)
    return Initializer(
      name: name, attribute: Attribute("sparse_value", .sparseTensor(tensor.literal)),
      annotations: annotations.unlessEmpty)
  }

  // MARK: Building

  private func addArgument(_ input: ValueInfo, default initializer: Initializer?) throws {
    let argument = builder.addArgument(to: graph, name: input.name, type: input.type, default: initializer?.literal)
    var annotations = input.annotations ?? Annotations()
    if let rest = initializer?.annotations?[ONNXProperty.tensor] { annotations[ONNXProperty.tensor] = rest }
    argument.annotations = annotations.unlessEmpty
    if let literal = initializer?.literal { try check(input, against: literal.elementType) }
    try scope.define(argument)
  }

  private func insert(
    _ initializer: Initializer, slot: (index: Int, info: ValueInfo, proto: UnpackedMessage<Onnx__ValueInfoProto>)?
  ) throws {
    let info = valueInfo.take(initializer.name)
    let operation = try builder.insertConstant(
      initializer.attribute, result: Builder.ResultSpecification(initializer.name, info?.type),
      form: .initializer(slot: slot?.index))
    operation.annotations = initializer.annotations
    guard let result = operation.result() else { return }
    var annotations = info?.annotations ?? Annotations()
    if let slot {
      if let literal = initializer.literal { try check(slot.info, against: literal.elementType) }
      if slot.info.annotations != nil || slot.info.type != initializer.literal.map({ .tensor($0.type) }) {
        slot.proto.pointer.pointee.has_name = 0
        annotations[ONNXProperty.input] = .bytes(slot.proto.wireBytes)
      }
    }
    result.annotations = annotations.unlessEmpty
    try scope.define(result)
  }

  private func check(_ input: ValueInfo, against elementType: ElementType) throws {
    guard let declared = input.type.tensor, declared.elementType != elementType else { return }
    throw ModelError(
      .invalidModel, place: "input '\(input.name.text)'",
      "is declared as \(declared.elementType.rawValue), and its initializer is \(elementType.rawValue)")
  }

  /// The positions, in the order of the file, among the constants and then the arguments that have a default.
  private func order(of names: [ByteString], _ constants: [ByteString], _ inputs: [ByteString]) -> Annotations.Property?
  {
    var positions: [ByteString: Int] = [:]
    for name in constants { positions[name] = positions.count }
    let initialized = Set(names)
    for input in inputs where initialized.contains(input) && positions[input] == nil {
      positions[input] = positions.count
    }
    let order = names.compactMap { positions[$0] }
    return order == Array(order.indices) ? nil : .list(order.map { .integer(Int64($0)) })
  }
}
