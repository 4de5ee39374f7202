import CModelProtos
import Formats
import IR

/// Graphs: the main one and those inside nodes.
extension ModelEncoder {
  func graph(_ graph: Graph) throws -> UnsafeMutablePointer<Onnx__GraphProto> {
    let proto = arena.message(onnx__graph_proto__init)
    let annotations = graph.annotations
    (proto.pointee.n_node, proto.pointee.node) = arena.list(try nodes(of: graph))
    (proto.pointee.has_name, proto.pointee.name) = arena.text(graph.name)
    (proto.pointee.n_initializer, proto.pointee.initializer) = arena.list(try initializers(of: graph))
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = arena.text(annotations?.documentation)
    (proto.pointee.n_input, proto.pointee.input) = arena.list(try inputs(of: graph))
    (proto.pointee.n_output, proto.pointee.output) = arena.list(
      try zip(names.outputs(of: graph), graph.outputs).map { name, output in
        try valueInfo(name, output.type, output.annotations)
      })
    (proto.pointee.n_value_info, proto.pointee.value_info) = arena.list(try valueInfo(of: graph))
    (proto.pointee.n_quantization_annotation, proto.pointee.quantization_annotation) = arena.list(
      try quantizationAnnotations(of: graph))
    (proto.pointee.n_sparse_initializer, proto.pointee.sparse_initializer) = arena.list(
      try sparseInitializers(of: graph))
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(annotations)
    try finish(proto, annotations)
    return proto
  }

  // MARK: Inputs

  /// The arguments, and below IR version 4 the initializers that are inputs too, in their slots.
  private func inputs(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__ValueInfoProto>] {
    var arguments = try graph.arguments.map { try valueInfo(names[$0], $0.declaredType ?? $0.type, $0.annotations) }[
      ...]
    guard version < IRVersion.freeInitializers else { return Array(arguments) }
    var slotted: [(slot: Int, operation: Operation)] = []
    var unslotted: [Operation] = []
    for operation in graph.operations {
      guard case .initializer(let slot) = operation.constantForm, operation.literal != nil else { continue }
      // Files leave initializers out of the inputs against the rules; what passes make follows them.
      if let slot {
        slotted.append((slot, operation))
      } else if !operation.location.passes.isEmpty {
        unslotted.append(operation)
      }
    }
    var inputs: [UnsafeMutablePointer<Onnx__ValueInfoProto>] = []
    for (slot, operation) in slotted.sorted(by: { $0.slot < $1.slot }) {
      while inputs.count < slot, let argument = arguments.popFirst() { inputs.append(argument) }
      inputs.append(try input(for: operation))
    }
    return try inputs + arguments + unslotted.map { try input(for: $0) }
  }

  /// What the inputs say of an initializer.
  private func input(for constant: Operation) throws -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
    guard let result = constant.result() else { throw ModelError(.internalFailure, "a constant has no result") }
    guard let spelled = result.annotations?.bytes(ONNXProperty.input), constant.location.passes.isEmpty else {
      return try valueInfo(names[result], constant.literal.map { .tensor($0.type) } ?? result.type, nil)
    }
    let message = try arena.message(onnx__value_info_proto__init, wire: spelled)
    (message.pointee.has_name, message.pointee.name) = (1, arena.data(names[result]))
    return message
  }

  // MARK: Initializers

  /// The dense initializers, of constants and of arguments, in the source's order as long as it still has as many.
  private func initializers(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__TensorProto>] {
    var initializers: [UnsafeMutablePointer<Onnx__TensorProto>] = []
    for operation in graph.operations {
      guard operation.isConstant, case .initializer = operation.constantForm,
        let literal = try operation.initializerLiteral(), let result = operation.result()
      else { continue }
      initializers.append(try initializer(literal, names[result], operation.annotations, operation.annotations))
    }
    for argument in graph.arguments {
      guard let literal = argument.defaultLiteral else { continue }
      initializers.append(try initializer(literal, names[argument], argument.annotations, nil))
    }
    return permuted(initializers, by: graph.annotations?.integerList(ONNXProperty.initializerOrder))
  }

  private func initializer(
    _ literal: TensorLiteral, _ name: ByteString, _ annotations: Annotations?, _ documented: Annotations?
  ) throws -> UnsafeMutablePointer<Onnx__TensorProto> {
    do {
      let proto = try tensor(literal, isInitializer: true)
      (proto.pointee.has_name, proto.pointee.name) = (1, arena.data(name))
      (proto.pointee.has_doc_string, proto.pointee.doc_string) = arena.text(documented?.documentation)
      (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(documented)
      if let rest = annotations?.bytes(ONNXProperty.tensor) { try arena.append(rest, to: proto) }
      return proto
    } catch let error as ModelError {
      throw error.at("tensor '\(name.text)'")
    }
  }

  private func sparseInitializers(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__SparseTensorProto>] {
    try graph.operations.compactMap { operation in
      guard operation.isConstant, case .initializer = operation.constantForm, let result = operation.result(),
        case .sparseTensor(let literal)? = operation.attributes.all.first?.value
      else { return nil }
      let proto = try sparseTensor(literal, operation.annotations.byteList(ONNXProperty.tensor))
      if let values = proto.pointee.values {
        (values.pointee.has_name, values.pointee.name) = (1, arena.data(names[result]))
      }
      return proto
    }
  }

  /// The elements in the order that `order` lists, where it lists each of them once.
  private func permuted<Element>(_ elements: [Element], by order: [Int]?) -> [Element] {
    guard let order, order.sorted() == Array(elements.indices) else { return elements }
    return order.map { elements[$0] }
  }

  // MARK: Types of values

  /// The types that the source declared, in its order as long as it still has as many.
  func valueInfo(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__ValueInfoProto>] {
    var declared: [UnsafeMutablePointer<Onnx__ValueInfoProto>] = []
    for operation in graph.operations {
      for result in operation.presentResults {
        guard let type = result.declaredType else { continue }
        declared.append(try valueInfo(names[result], type, result.annotations))
      }
    }
    let extra = try graph.annotations.byteList(ONNXProperty.extraValueInfo).map {
      try arena.message(onnx__value_info_proto__init, wire: $0)
    }
    let order = graph.annotations?.integerList(ONNXProperty.valueInfoOrder)
    return permuted(declared + extra, by: order?.map { $0 >= 0 ? $0 : declared.count &+ ~$0 })
  }

  // MARK: Quantization annotations

  private func quantizationAnnotations(of graph: Graph) throws -> [UnsafeMutablePointer<Onnx__TensorAnnotation>] {
    var messages: [UnsafeMutablePointer<Onnx__TensorAnnotation>] = []
    for operation in graph.operations where operation.is(.annotate) {
      guard operation.string(ONNXAnnotation.kind) == ONNXAnnotation.quantization,
        case .strings(let keys)? = operation.attributes[ONNXAnnotation.keys], keys.count + 1 == operation.operandCount
      else { throw ModelError(.invalidModel, place: operation.place, "is a statement that ONNX has no place for") }
      let message = arena.message(onnx__tensor_annotation__init)
      (message.pointee.has_tensor_name, message.pointee.tensor_name) = (1, arena.data(names[operation.operand(0)]))
      (message.pointee.n_quant_parameter_tensor_names, message.pointee.quant_parameter_tensor_names) = arena.list(
        zip(keys, operation.operands.dropFirst()).map { entry($0, names[$1]) })
      try finish(message, operation.annotations)
      messages.append(message)
    }
    return try messages
      + graph.annotations.byteList(ONNXProperty.extraQuantizationAnnotations).map {
        try arena.message(onnx__tensor_annotation__init, wire: $0)
      }
  }
}
