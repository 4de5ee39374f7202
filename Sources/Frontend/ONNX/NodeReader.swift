import CModelProtos
import Formats
import IR

/// Nodes: operations.
extension GraphReader {
  /// Nodes are read as the file lists them, up to the first that uses what a later one defines.
  func readNodes(_ nodes: [UnpackedMessage<Onnx__NodeProto>]) throws {
    scope.reserve(nodes.count)
    let start = try nodes.firstIndex { try !readIfDefined($0) } ?? nodes.endIndex
    let rest = Array(nodes[start...])
    let order = try NodeOrder.order(of: rest, in: scope)
    if order.wasUnsorted {
      try reader.diagnostics.warn(
        "its nodes are not in the order of their uses, as ONNX asks; mcc sorts them", at: "graph '\(graph.name.text)'")
    }
    for index in order.indices where try !readIfDefined(rest[index]) {
      let missing = NodeOrder.usedNames(rest[index].pointee).first { !isDefined($0) } ?? ""
      throw ModelError(
        .invalidModel, place: Self.place(of: rest[index].pointee), "uses '\(missing.text)', which nothing defines")
    }
  }

  private func isDefined(_ name: ByteString) -> Bool { name.isEmpty || scope[name] != nil }

  /// Reads a node, unless it uses a name that nothing defines yet: then nothing happens.
  private func readIfDefined(_ message: UnpackedMessage<Onnx__NodeProto>) throws -> Bool {
    let proto = message.pointee
    var operands: [Value?] = []
    operands.reserveCapacity(proto.n_input)
    for name in UnsafeBufferPointer(start: proto.input, count: proto.n_input) {
      let value = name.len == 0 ? nil : scope[ByteString(name)]
      guard value != nil || name.len == 0 else { return false }
      operands.append(value)
    }
    guard !NodeOrder.hasGraphs(proto) || NodeOrder.usedNames(proto).allSatisfy(isDefined) else { return false }
    try read(message, operands)
    return true
  }

  private func read(_ message: UnpackedMessage<Onnx__NodeProto>, _ operands: [Value?]) throws {
    do {
      let operation = try insert(message, operands)
      operation.overload = ByteString(message.pointee.overload)
      for case let result? in operation.results { try scope.define(result) }
    } catch let error as ModelError {
      throw error.at(Self.place(of: message.pointee))
    }
  }

  /// `node 'conv1' (Conv)`.
  static func place(of proto: Onnx__NodeProto) -> String {
    var name = ByteString(proto.name)
    if name.isEmpty, proto.n_output > 0 { name = ByteString(proto.output[0]) }
    let domain = ByteString(proto.domain).text
    let prefix = domain.isEmpty || domain == "ai.onnx" ? "" : "\(domain)::"
    return "node '\(name.text)' (\(prefix)\(ByteString(proto.op_type).text))"
  }

  private func insert(_ message: UnpackedMessage<Onnx__NodeProto>, _ operands: [Value?]) throws -> Operation {
    let proto = message.pointee
    guard proto.op_type.len > 0 else { throw ModelError(.invalidModel, "has no op_type") }
    let read = try AttributeReader(reader, isInFunction: isInFunction).read(
      messages(proto.attribute, proto.n_attribute))
    var annotations = Annotations()
    try annotations.note(
      message, documentation: proto.has_doc_string != 0 ? proto.doc_string : nil,
      metadata: messages(proto.metadata_props, proto.n_metadata_props), always: .fields(4), ignored: .fields(6, 7))
    annotations[ONNXProperty.spelledDomain] = reader.spelledDomain(proto.has_domain, ByteString(proto.domain))
    annotations[ONNXProperty.attributeOrder] = read.order
    annotations[ONNXProperty.graphLists] = .list(unlessEmpty: read.graphs.filter(\.isList).map { .bytes($0.name) })
    annotations[ONNXProperty.graphAttributes] = .list(
      unlessEmpty: read.graphs.filter { !$0.rest.isEmpty }.map { .list([.bytes($0.name), .bytes($0.rest)]) })
    annotations[ONNXProperty.deviceConfigurations] = deviceConfigurations(proto)

    let location = Location(name: ByteString(proto.name))
    let results = try resultSpecifications(proto)
    let definition = try definitions.definition(of: proto, reader)
    let operation =
      if definition === OpDefinition.constant {
        try insertConstant(operands, results, read, location)
      } else {
        builder.insert(
          definition, operands: operands, results: results.map { $0?.specification },
          attributes: Attributes(read.attributes), regions: try regions(read.graphs), location: location)
      }
    operation.annotations = annotations.unlessEmpty
    for (value, result) in zip(operation.results, results) { value?.annotations = result?.annotations }
    return operation
  }

  private struct Result {
    let specification: Builder.ResultSpecification
    let annotations: Annotations?
  }

  private func resultSpecifications(_ proto: Onnx__NodeProto) throws -> [Result?] {
    UnsafeBufferPointer(start: proto.output, count: proto.n_output).map { data in
      let name = ByteString(data)
      if name.isEmpty { return nil }
      let info = valueInfo.take(name)
      return Result(specification: .init(name, info?.type), annotations: info?.annotations)
    }
  }

  private func insertConstant(
    _ operands: [Value?], _ results: [Result?], _ read: AttributeReader.Attributes, _ location: Location
  ) throws -> Operation {
    guard operands.isEmpty, results.count == 1, let result = results[0] else {
      throw ModelError(
        .invalidModel, "has no inputs and one output in ONNX; this one has \(operands.count) and \(results.count)")
    }
    guard read.graphs.isEmpty, read.attributes.count == 1 else {
      throw ModelError(.invalidModel, "needs exactly one attribute, its value; it has \(read.attributes.count)")
    }
    return try builder.insertConstant(
      read.attributes[0], result: result.specification, form: .operation, location: location)
  }

  private func regions(_ attributes: [AttributeReader.GraphAttribute]) throws -> [Operation.Region] {
    var regions: [Operation.Region] = []
    for attribute in attributes.sorted(by: { $0.name < $1.name }) {
      for proto in attribute.graphs {
        let graph = Graph(name: ByteString(proto.pointee.name))
        let inner = GraphReader(reader, graph, inside: scope, definitions: definitions, isInFunction: isInFunction)
        try inner.read(proto)
        regions.append(Operation.Region(name: attribute.name, graph: graph))
      }
    }
    return regions
  }

  // MARK: Devices

  /// How the node is spread over devices; tensors by their place among its operands and results.
  private func deviceConfigurations(_ proto: Onnx__NodeProto) -> Annotations.Property? {
    guard proto.n_device_configurations > 0 else { return nil }
    let inputs = UnsafeBufferPointer(start: proto.input, count: proto.n_input).map { ByteString($0) }
    let outputs = UnsafeBufferPointer(start: proto.output, count: proto.n_output).map { ByteString($0) }
    return .list(
      unlessEmpty: messages(proto.device_configurations, proto.n_device_configurations).map { configuration in
        let specifications = messages(configuration.pointee.sharding_spec, configuration.pointee.n_sharding_spec)
        configuration.pointer.pointee.n_sharding_spec = 0
        let own = Annotations.Property.bytes(configuration.wireBytes)
        return .list(
          [own]
            + specifications.map { specification in
              let name = ByteString(specification.pointee.tensor_name)
              let place: Int64
              if let index = inputs.firstIndex(of: name), !name.isEmpty {
                place = Int64(index)
              } else if let index = outputs.firstIndex(of: name), !name.isEmpty {
                place = -1 - Int64(index)
              } else {
                place = ONNXProperty.unnamedSharding
              }
              if place != ONNXProperty.unnamedSharding { specification.pointer.pointee.has_tensor_name = 0 }
              return .list([.integer(place), .bytes(specification.wireBytes)])
            })
      })
  }
}
