import CModelProtos
import Formats
import IR

/// Translates one ONNX model: what belongs to it as a whole, and what the readers of its parts share.
final class ModelReader {
  let document: ONNXDocument
  let externalData: ExternalDataReader
  let diagnostics: Diagnostics
  let module: Module
  /// Whether an initializer that is also an input is a constant: it was below IR version 4, since then it is a default.
  let initializersAreConstant: Bool
  /// The functions that the model itself defines: they go before ONNX's operators of the same name.
  let functions: Set<OpCatalog.Key>
  private var functionDefinitions: [OpCatalog.Key: OpDefinition] = [:]

  /// - Throws: `ModelError` at the first place that is no valid ONNX, or that the IR cannot express.
  static func read(
    _ document: ONNXDocument, _ externalData: ExternalDataReader, _ diagnostics: Diagnostics
  ) throws -> Module {
    let model = document.model.pointee
    guard model.has_ir_version != 0, model.ir_version > 0 else {
      throw ModelError(.invalidModel, "is no ONNX model: it has no IR version")
    }
    guard let graph = model.graph else { throw ModelError(.invalidModel, "has no graph") }
    let reader = try ModelReader(document, externalData, diagnostics, name: ByteString(graph.pointee.name))
    try reader.readFunctions()
    let main = GraphReader(reader, reader.module.main, definitions: Definitions(reader.module.target))
    try main.read(UnpackedMessage(graph))
    try externalData.checkOverlaps()
    reader.noteExternalData()
    return reader.module
  }

  /// The newest IR version whose fields this build knows; those of later ones are kept as they are.
  private static let newestVersion = 14

  private init(
    _ document: ONNXDocument, _ externalData: ExternalDataReader, _ diagnostics: Diagnostics, name: ByteString
  ) throws {
    let message = UnpackedMessage(document.model)
    let model = message.pointee
    self.document = document
    self.externalData = externalData
    self.diagnostics = diagnostics
    initializersAreConstant = model.ir_version < 4
    if model.ir_version > Self.newestVersion {
      try diagnostics.warn(
        "has IR version \(model.ir_version); this build of mcc knows those up to \(Self.newestVersion)")
    }
    functions = Set(
      messages(model.functions, model.n_functions).map {
        OpCatalog.Key(OperatorSets.normalized(ByteString($0.pointee.domain)), ByteString($0.pointee.name))
      })
    let operatorSets = try OperatorSets.read(messages(model.opset_import, model.n_opset_import))
    if operatorSets.versions.entries.isEmpty, model.ir_version >= 3 {
      throw ModelError(.invalidModel, "says no operator set: opset_import is empty")
    }
    // Before there were operator sets, there was one.
    module = Module(
      name: name,
      target: operatorSets.versions.entries.isEmpty
        ? OpsetVersions([.init(domain: "", version: 1)]) : operatorSets.versions)
    module.annotations = try annotations(of: message, operatorSets.spelling)
  }

  private func annotations(
    of message: UnpackedMessage<Onnx__ModelProto>, _ operatorSets: Annotations.Property?
  ) throws -> Annotations? {
    let model = message.pointee
    var annotations = Annotations()
    try annotations.note(
      message, documentation: model.has_doc_string != 0 ? model.doc_string : nil,
      metadata: messages(model.metadata_props, model.n_metadata_props),
      always: .fields(1), ignored: .fields(6))
    annotations[ONNXProperty.irVersion] = .integer(model.ir_version)
    annotations[ONNXProperty.sourceOpset] = module.target[""].map { .integer(Int64($0)) }
    annotations[ONNXProperty.producerName] = .text(model.producer_name)
    annotations[ONNXProperty.producerVersion] = .text(model.producer_version)
    annotations[ONNXProperty.domain] = .text(model.domain)
    annotations[ONNXProperty.modelVersion] = model.model_version == 0 ? nil : .integer(model.model_version)
    annotations[ONNXProperty.operatorSets] = operatorSets
    annotations[ONNXProperty.trainingInfo] = .list(
      unlessEmpty: document.trainingInfo.map { $0.withUnsafeBytes { .bytes(ByteString($0)) } })
    annotations[ONNXProperty.configurations] = .list(
      unlessEmpty: messages(model.configuration, model.n_configuration).map { .bytes($0.wireBytes) })
    return annotations
  }

  /// What a call of one of the model's own functions is to the IR: an operator that it does not know.
  func functionDefinition(_ key: OpCatalog.Key) -> OpDefinition {
    if let known = functionDefinitions[key] { return known }
    let definition = OpDefinition.opaque(domain: key.domain, name: key.name)
    functionDefinitions[key] = definition
    return definition
  }

  private func noteExternalData() {
    let locations = externalData.locations
    guard !locations.isEmpty else { return }
    module.annotations?[ONNXProperty.externalData] = .list(locations.map { .bytes($0) })
  }
}
