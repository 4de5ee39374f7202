import CModelProtos
import Formats
import IR

/// Puts an ONNX message together from a module that has been lowered to its target. Weights stay where they are.
final class ModelEncoder {
  let module: Module
  let arena = MessageArena()
  let payloads: PayloadTable
  let names: ValueNames
  let externalData: ExternalDataIndex
  let version: Int

  /// - Parameters:
  ///   - module: a clone made for this.
  ///   - version: the IR version to write.
  ///   - externalData: which weights are in a file beside the model, and where.
  init(_ module: Module, names: ValueNames, version: Int, externalData: ExternalDataIndex) {
    self.module = module
    self.names = names
    self.version = version
    self.externalData = externalData
    payloads = PayloadTable(arena)
  }

  /// The message, which lives as long as the encoder.
  ///
  /// - Throws: `ModelError` at what ONNX cannot say.
  func encode() throws -> UnsafePointer<ProtobufCMessage> {
    let model = arena.message(onnx__model_proto__init)
    let annotations = module.annotations
    model.pointee.has_ir_version = 1
    model.pointee.ir_version = Int64(version)
    (model.pointee.has_producer_name, model.pointee.producer_name) =
      arena.text(annotations?.bytes(ONNXProperty.producerName))
    (model.pointee.has_producer_version, model.pointee.producer_version) =
      arena.text(annotations?.bytes(ONNXProperty.producerVersion))
    (model.pointee.has_domain, model.pointee.domain) = arena.text(annotations?.bytes(ONNXProperty.domain))
    if let modelVersion = annotations?.integer(ONNXProperty.modelVersion) {
      model.pointee.has_model_version = 1
      model.pointee.model_version = modelVersion
    }
    (model.pointee.has_doc_string, model.pointee.doc_string) = arena.text(annotations?.documentation)
    model.pointee.graph = try graph(module.main)
    (model.pointee.n_opset_import, model.pointee.opset_import) =
      arena.list(try operatorSets(module.target, annotations))
    (model.pointee.n_metadata_props, model.pointee.metadata_props) = metadata(annotations)
    (model.pointee.n_training_info, model.pointee.training_info) = arena.list(
      try annotations.byteList(ONNXProperty.trainingInfo).map {
        try arena.message(onnx__training_info_proto__init, wire: $0)
      })
    (model.pointee.n_functions, model.pointee.functions) = arena.list(try module.functions.map(function))
    (model.pointee.n_configuration, model.pointee.configuration) = arena.list(
      try annotations.byteList(ONNXProperty.configurations).map {
        try arena.message(onnx__device_configuration_proto__init, wire: $0)
      })
    try finish(model, annotations)
    return UnsafePointer(UnsafeMutableRawPointer(model).assumingMemoryBound(to: ProtobufCMessage.self))
  }

  // MARK: What any message may carry

  /// Adds the fields that this build does not know, and gives those that say nothing the presence that they had.
  func finish<Message>(_ message: UnsafeMutablePointer<Message>, _ annotations: Annotations?) throws {
    guard let annotations else { return }
    if let unknown = annotations.bytes(ONNXProperty.unknownFields) { try arena.append(unknown, to: message) }
    let explicit = annotations.fieldMask(ONNXProperty.explicitFields)
    let absent = annotations.fieldMask(ONNXProperty.absentFields)
    if !explicit.isEmpty || !absent.isEmpty {
      UnpackedMessage(message).setPresence(explicit: explicit, absent: absent)
    }
  }

  func metadata(
    _ annotations: Annotations?
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?) {
    arena.list((annotations?.metadata ?? []).map { entry($0.key, $0.value) })
  }

  func entry(_ key: ByteString, _ value: ByteString) -> UnsafeMutablePointer<Onnx__StringStringEntryProto> {
    let entry = arena.message(onnx__string_string_entry_proto__init)
    (entry.pointee.has_key, entry.pointee.key) = (1, arena.data(key))
    (entry.pointee.has_value, entry.pointee.value) = (1, arena.data(value))
    return entry
  }

  // MARK: Operator sets

  /// - Parameter annotations: what the source says about the spelling of the entries.
  private func operatorSets(
    _ versions: OpsetVersions, _ annotations: Annotations?
  ) throws -> [UnsafeMutablePointer<Onnx__OperatorSetIdProto>] {
    let spellings = annotations.byteList(ONNXProperty.operatorSets)
    return try versions.entries.enumerated().map { index, entry in
      let message = arena.message(onnx__operator_set_id_proto__init)
      if spellings.indices.contains(index) {
        try arena.append(spellings[index], to: message)
      } else {
        (message.pointee.has_domain, message.pointee.domain) = arena.text(entry.domain)
      }
      message.pointee.has_version = 1
      message.pointee.version = Int64(versions[entry.domain] ?? entry.version)
      return message
    }
  }

  // MARK: Functions

  private func function(_ function: Function) throws -> UnsafeMutablePointer<Onnx__FunctionProto> {
    do {
      let proto = arena.message(onnx__function_proto__init)
      let annotations = function.annotations
      (proto.pointee.has_name, proto.pointee.name) = (1, arena.data(function.name))
      (proto.pointee.n_input, proto.pointee.input) = arena.list(function.body.arguments.map { names[$0] })
      (proto.pointee.n_output, proto.pointee.output) = arena.list(names.outputs(of: function.body))
      (proto.pointee.n_attribute, proto.pointee.attribute) = arena.list(function.attributes)
      (proto.pointee.n_node, proto.pointee.node) = arena.list(try nodes(of: function.body))
      (proto.pointee.has_doc_string, proto.pointee.doc_string) = arena.text(annotations?.documentation)
      (proto.pointee.n_opset_import, proto.pointee.opset_import) =
        arena.list(try operatorSets(function.opsets, annotations))
      (proto.pointee.has_domain, proto.pointee.domain) = domain(function.domain, annotations)
      (proto.pointee.n_attribute_proto, proto.pointee.attribute_proto) = arena.list(
        try ordered(function.attributeDefaults.all, by: annotations.byteList(ONNXProperty.attributeOrder), \.name)
          .map { try attribute($0) })
      (proto.pointee.n_value_info, proto.pointee.value_info) = arena.list(try valueInfo(of: function.body))
      (proto.pointee.has_overload, proto.pointee.overload) = arena.text(function.overload)
      (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(annotations)
      try finish(proto, annotations)
      return proto
    } catch let error as ModelError {
      throw error.at("function '\(function.name.text)'")
    }
  }

  /// A domain, spelled as the source did.
  func domain(_ domain: ByteString, _ annotations: Annotations?) -> (protobuf_c_boolean, ProtobufCBinaryData) {
    // Only the default domain has several spellings.
    guard domain.isEmpty, let spelled = annotations?.bytes(ONNXProperty.spelledDomain) else {
      return arena.text(domain)
    }
    return (1, arena.data(spelled))
  }

  /// The elements in the order in which `names` lists them; as they are where it does not list exactly theirs.
  func ordered<Element>(
    _ elements: [Element], by names: [ByteString], _ name: (Element) -> ByteString
  ) -> [Element] {
    guard names.count == elements.count else { return elements }
    let byName = Dictionary(elements.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    let ordered = names.compactMap { byName[$0] }
    return ordered.count == elements.count && Set(names).count == names.count ? ordered : elements
  }
}

extension Annotations {
  func fieldMask(_ key: String) -> FieldMask {
    FieldMask(rawValue: UInt64(bitPattern: integer(key) ?? 0))
  }

  /// The elements of a list of bytes; none where there is no such list.
  func byteList(_ key: String) -> [ByteString] {
    list(key).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
  }

  func list(_ key: String) -> [Property] {
    if case .list(let elements)? = self[key] { elements } else { [] }
  }

  /// The elements of a list of integers; `nil` where there is no such list.
  func integerList(_ key: String) -> [Int]? {
    guard case .list(let elements)? = self[key] else { return nil }
    let integers = elements.compactMap { element -> Int? in
      if case .integer(let value) = element { Int(value) } else { nil }
    }
    return integers.count == elements.count ? integers : nil
  }
}

extension Annotations? {
  func byteList(_ key: String) -> [ByteString] { self?.byteList(key) ?? [] }
}
