import CModelProtos
import Formats
import IR

/// Translates one graph: the main graph, a function's body, or a graph inside a node.
final class GraphReader {
  let reader: ModelReader
  let graph: Graph
  let scope: Scope
  let isInFunction: Bool
  let definitions: Definitions
  var builder: Builder
  var valueInfo = ValueInfoTable()

  init(
    _ reader: ModelReader, _ graph: Graph, inside outer: Scope? = nil, definitions: Definitions,
    isInFunction: Bool = false
  ) {
    self.reader = reader
    self.graph = graph
    self.isInFunction = isInFunction
    self.definitions = definitions
    scope = Scope(inside: outer)
    builder = Builder(reader.module, at: .end(of: graph))
  }

  /// - Throws: `ModelError` at the first place that is no valid ONNX.
  func read(_ message: UnpackedMessage<Onnx__GraphProto>) throws {
    let proto = message.pointee
    var annotations = Annotations()
    try annotations.note(
      message, documentation: proto.has_doc_string != 0 ? proto.doc_string : nil,
      metadata: messages(proto.metadata_props, proto.n_metadata_props), ignored: .fields(10))
    let inputs = try messages(proto.input, proto.n_input).map { try ValueInfo($0) }
    valueInfo = try ValueInfoTable(messages(proto.value_info, proto.n_value_info), inputs: Set(inputs.map(\.name)))

    annotations[ONNXProperty.initializerOrder] = try readInitializers(
      message, inputs, messages(proto.input, proto.n_input))
    try readNodes(messages(proto.node, proto.n_node))
    annotations[ONNXProperty.extraQuantizationAnnotations] = try readQuantizationAnnotations(
      messages(proto.quantization_annotation, proto.n_quantization_annotation))
    try readOutputs(messages(proto.output, proto.n_output).map { try ValueInfo($0) })

    annotations[ONNXProperty.valueInfoOrder] = valueInfo.order
    annotations[ONNXProperty.extraValueInfo] = valueInfo.extra
    graph.annotations = annotations.unlessEmpty
  }

  func readFunctionBody(_ proto: Onnx__FunctionProto) throws {
    let inputs = UnsafeBufferPointer(start: proto.input, count: proto.n_input).map { ByteString($0) }
    valueInfo = try ValueInfoTable(messages(proto.value_info, proto.n_value_info), inputs: Set(inputs))
    for input in inputs {
      guard !input.isEmpty else { throw ModelError(.invalidModel, "an input has no name") }
      try scope.define(builder.addArgument(to: graph, name: input, type: .unknown))
    }
    try readNodes(messages(proto.node, proto.n_node))
    let outputs = UnsafeBufferPointer(start: proto.output, count: proto.n_output).map { ByteString($0) }
    try insertReturn(outputs.map { Graph.Output(name: $0, type: .unknown) })
    var annotations = Annotations()
    annotations[ONNXProperty.valueInfoOrder] = valueInfo.order
    annotations[ONNXProperty.extraValueInfo] = valueInfo.extra
    graph.annotations = annotations.unlessEmpty
  }

  // MARK: Outputs

  private func readOutputs(_ outputs: [ValueInfo]) throws {
    try insertReturn(outputs.map { Graph.Output(name: $0.name, type: $0.type, annotations: $0.annotations) })
  }

  private func insertReturn(_ outputs: [Graph.Output]) throws {
    var names: Set<ByteString> = []
    let values = try outputs.map { output in
      let place = "output '\(output.name.text)'"
      guard !output.name.isEmpty else { throw ModelError(.invalidModel, "an output has no name") }
      guard names.insert(output.name).inserted else {
        throw ModelError(.invalidModel, place: place, "is listed twice")
      }
      guard let value = scope[output.name] else {
        throw ModelError(.invalidModel, place: place, "nothing defines it")
      }
      builder.addOutput(to: graph, output)
      return value
    }
    builder.insertReturn(values)
  }
}
