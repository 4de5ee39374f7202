import CModelProtos
import Formats
import IR

/// Reads TensorFlow's SavedModels, folders or the `saved_model.pb` in them, and frozen graphs.
package struct TensorFlowImporter: Importer {
  package static let format = InputFormat.tensorflow

  package init() {}

  package static func recognizes(prefix: UnsafeRawBufferPointer, path: String) -> Bool {
    !path.hasSuffix(".onnx") && TensorFlowDocument.kind(prefix: prefix) != nil
  }

  package func read(_ file: ModelFile, _ options: ImportOptions, _ diagnostics: Diagnostics) throws -> Module {
    let kind = file.contents.withUnsafeBytes {
      TensorFlowDocument.kind(prefix: UnsafeRawBufferPointer(rebasing: $0.prefix(64)))
    }
    let document = try TensorFlowDocument(file.contents, kind ?? .graph)
    let module: Module
    switch document {
    case .savedModel(let model): module = try read(model.root.pointee, document, file, options, diagnostics)
    case .graph(let graph):
      guard options.signature == nil else {
        throw ModelError(.usage, "-signature is for SavedModels, and this is a graph alone")
      }
      module = try read(graph.root.pointee, document, options, diagnostics)
    }
    file.contents.giveBackPages()
    return module
  }

  // MARK: SavedModel

  private func read(
    _ model: Tensorflow__SavedModel, _ document: TensorFlowDocument, _ file: ModelFile, _ options: ImportOptions,
    _ diagnostics: Diagnostics
  ) throws -> Module {
    let graphs = messages(model.meta_graphs, model.n_meta_graphs)
    let served = graphs.first { graph in
      guard let info = graph.pointee.meta_info_def?.pointee else { return false }
      return UnsafeBufferPointer(start: info.tags, count: info.n_tags).contains { ByteString($0) == "serve" }
    }
    guard let meta = (served ?? graphs.first)?.pointee, let graph = meta.graph_def?.pointee else {
      throw ModelError(.invalidModel, "has no graph")
    }
    let restore = meta.saver_def.map { ByteString($0.pointee.restore_op_name) } ?? ""
    let checkpoint = restore.isEmpty ? nil : try Checkpoint(besideModel: file.path)
    let library = FunctionLibrary(graph.library)
    let body = try GraphBody(graph)
    func lower(_ interface: ModelInterface, _ diagnostics: Diagnostics) throws -> Module {
      let module = Module(name: "model", target: GraphBuilder.target)
      let builder = GraphBuilder(module)
      let variables = VariableStore(checkpoint, builder)
      let lowering = GraphLowering(
        module, library, ConstantReader(document: document), variables, nodeCount: graph.n_node, diagnostics)
      let main = LoweringScope(body, builder)
      try variables.readKeys(restore, in: main, lowering)
      try lowering.lower(interface, in: main)
      return module
    }
    let interface = try Signature.interface(of: meta, named: options.signature)
    return try lower(interface.sharingRows { try lower($0, Diagnostics()) }, diagnostics)
  }

  // MARK: Frozen graph

  private func read(
    _ graph: Tensorflow__GraphDef, _ document: TensorFlowDocument, _ options: ImportOptions, _ diagnostics: Diagnostics
  ) throws -> Module {
    let module = Module(name: "model", target: GraphBuilder.target)
    let builder = GraphBuilder(module)
    let body = try GraphBody(graph)
    let lowering = GraphLowering(
      module, FunctionLibrary(graph.library), ConstantReader(document: document), VariableStore(nil, builder),
      nodeCount: graph.n_node, diagnostics)
    let version = graph.versions.map { $0.pointee.has_producer != 0 ? Int($0.pointee.producer) : 0 }
    let interface = try FrozenGraph(body, version: version ?? 0).interface(options) { tensor, placeholders in
      let module = Module(name: "model", target: GraphBuilder.target)
      let scratch = GraphBuilder(module)
      let lowering = GraphLowering(
        module, FunctionLibrary(graph.library), ConstantReader(document: document), VariableStore(nil, scratch),
        nodeCount: graph.n_node, Diagnostics())
      return try lowering.type(of: tensor, placeholders, in: LoweringScope(body, scratch))
    }
    try lowering.lower(interface, in: LoweringScope(body, builder))
    return module
  }
}

extension GraphLowering {
  /// Builds the main graph: the inputs, what the outputs need of them, and the outputs.
  fileprivate func lower(_ interface: ModelInterface, in main: LoweringScope) throws {
    try addArguments(interface, to: main)
    tables = TableStore(main, self)
    let values = try lower(interface.outputs.map(\.tensor), in: main)
    try unsupported.check()
    let outputs = try zip(interface.outputs, values).map { output, value in
      guard case .tensor(let tensor) = value else {
        throw ModelError(.invalidModel, place: "output '\(output.name.text)'", "is no tensor")
      }
      return (name: self.name(of: output, interface), value: tensor)
    }
    main.builder.finish(outputs)
    module.main.eraseUnusedOperations(Rewriter(module, pass: ""))
  }

  /// What an output is called: ONNX tells values by their names, so inputs have theirs first.
  private func name(of output: InterfaceTensor, _ interface: ModelInterface) -> ByteString {
    let taken = Set((interface.inputs + interface.outputs).map(\.name))
    guard interface.inputs.contains(where: { $0.name == output.name }) else { return output.name }
    var (name, count) = (output.name, 0)
    while taken.contains(name) {
      count += 1
      name = ByteString("\(output.name.text)_\(count)")
    }
    diagnostics.remark(
      "is called '\(name.text)', because an input is called '\(output.name.text)'", at: "output '\(output.name.text)'")
    return name
  }

  private func addArguments(_ interface: ModelInterface, to main: LoweringScope) throws {
    for input in interface.inputs {
      guard let (name, _, _) = GraphBody.parts(of: input.tensor), main.body[name] != nil else {
        throw ModelError(.invalidModel, place: "input '\(input.name.text)'", "there is no node '\(input.tensor.text)'")
      }
      do {
        main.values[name] = [.tensor(main.builder.addArgument(input.name, try interface.type(of: input)))]
      } catch let error as ModelError {
        throw error.at("input '\(input.name.text)'")
      }
    }
  }

  /// The type of a tensor that is to become an input, as what computes it tells: images that the graph decodes are of any
  /// height and width.
  fileprivate func type(of tensor: ByteString, _ placeholders: ModelInterface, in main: LoweringScope) throws
    -> ValueType
  {
    try addArguments(placeholders, to: main)
    for node in main.body.nodes where Self.decoders.contains(node.operation) {
      let channels = node.integer("channels").flatMap { $0 > 0 ? Dimension.known($0) : nil } ?? .unknown
      let type = try node.typeNumber("dtype").map { try ElementType(tensorFlow: $0) } ?? .uint8
      main.values[node.name] = [
        .tensor(main.builder.addArgument(node.name, .tensor(type, [.unknown, .unknown, channels])))
      ]
    }
    guard case .tensor(let value)? = try lower([tensor], in: main).first else {
      try unsupported.check()
      throw ModelError(.invalidModel, place: "input '\(tensor.text)'", "is no tensor")
    }
    return value.type
  }

  private static let decoders: Set<ByteString> = ["DecodeJpeg", "DecodePng", "DecodeBmp", "DecodeAndCropJpeg"]
}
