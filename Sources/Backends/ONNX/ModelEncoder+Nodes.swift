import CModelProtos
import Formats
import IR

/// Operations: nodes.
extension ModelEncoder {
  /// The operations of a graph that are nodes in ONNX, and the Identities that its outputs need.
  func nodes(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__NodeProto>] {
    var nodes: [UnsafeMutablePointer<Onnx__NodeProto>] = []
    for operation in graph.operations where !operation.is(.return) && !operation.is(.annotate) {
      do {
        if operation.isConstant {
          if let constant = try constantNode(operation) { nodes.append(constant) }
        } else {
          nodes.append(try node(operation))
        }
      } catch let error as ModelError {
        throw error.at(operation.place)
      }
    }
    return nodes + names.aliases(of: graph).map(identity)
  }

  private func node(_ operation: Operation) throws -> UnsafeMutablePointer<Onnx__NodeProto> {
    let node = try frame(operation)
    (node.pointee.n_input, node.pointee.input) = arena.list(operation.operands.map { names[$0] })
    (node.pointee.has_op_type, node.pointee.op_type) = (1, arena.data(operation.definition.name))
    (node.pointee.n_attribute, node.pointee.attribute) = arena.list(try attributes(of: operation))
    (node.pointee.has_domain, node.pointee.domain) = domain(operation.definition.domain, operation.annotations)
    try finish(node, operation.annotations)
    return node
  }

  /// A Constant node; `nil` for a constant that is an initializer.
  private func constantNode(_ operation: Operation) throws -> UnsafeMutablePointer<Onnx__NodeProto>? {
    guard operation.constantForm == .operation else { return nil }
    let node = try frame(operation)
    (node.pointee.has_op_type, node.pointee.op_type) = (1, arena.data("Constant"))
    let written = try constantAttribute(of: operation)
    (node.pointee.n_attribute, node.pointee.attribute) = arena.list([try attribute(written)])
    (node.pointee.has_domain, node.pointee.domain) = domain("", operation.annotations)
    try finish(node, operation.annotations)
    return node
  }

  /// The attribute of a Constant node. Before opset 12 there are tensors only.
  private func constantAttribute(of operation: Operation) throws -> Attribute {
    guard let attribute = operation.attributes.all.first else { throw ModelError(.invalidModel, "has no value") }
    guard let opset = module.target[""], opset < 12, let literal = try attribute.value.tensorLiteral() else {
      return attribute
    }
    if case .tensor = attribute.value { return attribute }
    return Attribute("value", .tensor(literal))
  }

  /// What all nodes have.
  private func frame(_ operation: Operation) throws -> UnsafeMutablePointer<Onnx__NodeProto> {
    let node = arena.message(onnx__node_proto__init)
    let annotations = operation.annotations
    (node.pointee.n_output, node.pointee.output) = arena.list(operation.results.map { names[$0] })
    (node.pointee.has_name, node.pointee.name) = arena.text(operation.location.name)
    (node.pointee.has_doc_string, node.pointee.doc_string) = arena.text(annotations?.documentation)
    (node.pointee.has_overload, node.pointee.overload) = arena.text(operation.overload)
    (node.pointee.n_metadata_props, node.pointee.metadata_props) = metadata(annotations)
    (node.pointee.n_device_configurations, node.pointee.device_configurations) = arena.list(
      try deviceConfigurations(of: operation))
    return node
  }

  private func identity(_ alias: ValueNames.Alias) -> UnsafeMutablePointer<Onnx__NodeProto> {
    let node = arena.message(onnx__node_proto__init)
    (node.pointee.n_input, node.pointee.input) = arena.list([names[alias.value]])
    (node.pointee.n_output, node.pointee.output) = arena.list([alias.name])
    (node.pointee.has_op_type, node.pointee.op_type) = (1, arena.data("Identity"))
    return node
  }

  // MARK: Devices

  private func deviceConfigurations(
    of operation: Operation
  ) throws -> [UnsafeMutablePointer<Onnx__NodeDeviceConfigurationProto>] {
    try (operation.annotations?.list(ONNXProperty.deviceConfigurations) ?? []).map { property in
      guard case .list(let parts) = property, case .bytes(let own)? = parts.first else { throw Self.damagedDevices }
      let message = try arena.message(onnx__node_device_configuration_proto__init, wire: own)
      (message.pointee.n_sharding_spec, message.pointee.sharding_spec) = arena.list(
        try parts.dropFirst().map { try sharding($0, of: operation) })
      return message
    }
  }

  private func sharding(
    _ property: Annotations.Property, of operation: Operation
  ) throws -> UnsafeMutablePointer<Onnx__ShardingSpecProto> {
    guard case .list(let parts) = property, parts.count == 2, case .integer(let place) = parts[0],
      case .bytes(let own) = parts[1]
    else { throw Self.damagedDevices }
    let message = try arena.message(onnx__sharding_spec_proto__init, wire: own)
    if place != ONNXProperty.unnamedSharding, let place = Int(exactly: place) {
      let value = place >= 0 ? operation.operand(place) : operation.result(-1 - place)
      (message.pointee.has_tensor_name, message.pointee.tensor_name) = (1, arena.data(names[value]))
    }
    return message
  }

  private static let damagedDevices = ModelError(.invalidModel, "carries damaged device configurations")
}
