import CModelProtos
import Formats
import IR

/// The functions that a model defines.
extension ModelReader {
  func readFunctions() throws {
    let model = document.model.pointee
    for message in messages(model.functions, model.n_functions) {
      do {
        try readFunction(message)
      } catch let error as ModelError {
        throw error.at("function '\(ByteString(message.pointee.name).text)'")
      }
    }
  }

  private func readFunction(_ message: UnpackedMessage<Onnx__FunctionProto>) throws {
    let proto = message.pointee
    let operatorSets = try OperatorSets.read(messages(proto.opset_import, proto.n_opset_import))
    let written = ByteString(proto.domain)
    let function = Function(
      domain: OperatorSets.normalized(written), name: ByteString(proto.name), overload: ByteString(proto.overload),
      opsets: operatorSets.versions)
    guard !function.name.isEmpty else { throw ModelError(.invalidModel, "a function has no name") }
    guard
      !module.functions.contains(where: {
        $0.domain == function.domain && $0.name == function.name && $0.overload == function.overload
      })
    else { throw ModelError(.invalidModel, "is defined twice") }

    var annotations = Annotations()
    try annotations.note(
      message, documentation: proto.has_doc_string != 0 ? proto.doc_string : nil,
      metadata: messages(proto.metadata_props, proto.n_metadata_props), always: .fields(1), ignored: .fields(8, 10))
    annotations[ONNXProperty.operatorSets] = operatorSets.spelling
    annotations[ONNXProperty.spelledDomain] = spelledDomain(proto.has_domain, written)

    function.attributes = UnsafeBufferPointer(start: proto.attribute, count: proto.n_attribute).map { ByteString($0) }
    let defaults = try AttributeReader(self, isInFunction: true).read(
      messages(proto.attribute_proto, proto.n_attribute_proto))
    guard defaults.graphs.isEmpty else {
      throw ModelError(
        .invalidModel, "attribute '\(defaults.graphs[0].name.text)' has a graph as its default, which mcc cannot keep")
    }
    function.attributeDefaults = Attributes(defaults.attributes)
    annotations[ONNXProperty.attributeOrder] = defaults.order
    function.annotations = annotations.unlessEmpty

    Builder(module, at: .end(of: function.body)).add(function)
    let reader = GraphReader(self, function.body, definitions: Definitions(function.opsets), isInFunction: true)
    try reader.readFunctionBody(proto)
  }

  /// The spelling of a domain, where it is not its normalized form written the plain way.
  func spelledDomain(_ isPresent: protobuf_c_boolean, _ written: ByteString) -> Annotations.Property? {
    let isPlain = (isPresent != 0) == !written.isEmpty && OperatorSets.normalized(written) == written
    return isPlain ? nil : .bytes(written)
  }
}
