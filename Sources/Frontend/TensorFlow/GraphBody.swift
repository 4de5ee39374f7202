import CModelProtos
import Formats
import IR

/// The nodes of a graph or of a function, found by name.
final class GraphBody {
  /// In the order of the file.
  let nodes: [GraphNode]
  /// The names of a function's arguments, in order.
  let arguments: [ByteString]
  /// What a function returns, in order: tensors inside of it.
  let results: [ByteString]
  let isFunction: Bool
  private let byName: [ByteString: GraphNode]
  let argumentIndices: [ByteString: Int]
  /// The loops of TensorFlow 1 in it, by the names of their frames.
  private(set) lazy var frames: [ByteString: LoopFrame] = outer?.frames ?? LoopFrame.all(of: self)
  private let outer: GraphBody?

  convenience init(_ graph: Tensorflow__GraphDef) throws {
    try self.init(messages(graph.node, graph.n_node).map { GraphNode($0) }, isFunction: false)
  }

  convenience init(_ function: Tensorflow__FunctionDef) throws {
    guard let signature = function.signature?.pointee else { throw ModelError(.invalidModel, "has no signature") }
    var returned: [ByteString: ByteString] = [:]
    for entry in messages(function.ret, function.n_ret) {
      returned[ByteString(entry.pointee.key)] = ByteString(entry.pointee.value)
    }
    let results = try messages(signature.output_arg, signature.n_output_arg).map { output in
      let name = ByteString(output.pointee.name)
      guard let value = returned[name] else { throw ModelError(.invalidModel, "returns no '\(name.text)'") }
      return value
    }
    try self.init(
      messages(function.node_def, function.n_node_def).map { GraphNode($0) },
      arguments: messages(signature.input_arg, signature.n_input_arg).map { ByteString($0.pointee.name) },
      results: results, isFunction: true)
  }

  private init(
    _ nodes: [GraphNode], arguments: [ByteString] = [], results: [ByteString] = [], isFunction: Bool
  ) throws {
    self.nodes = nodes
    self.arguments = arguments
    self.results = results
    self.isFunction = isFunction
    outer = nil
    var byName: [ByteString: GraphNode] = [:]
    for node in nodes where byName.updateValue(node, forKey: node.name) != nil {
      throw ModelError(.invalidModel, place: node.place, "there are two nodes of this name")
    }
    self.byName = byName
    argumentIndices = Dictionary(zip(arguments, arguments.indices), uniquingKeysWith: { first, _ in first })
  }

  /// A part of `outer` as a function: from the nodes that are its arguments to the tensors that are its results.
  init(partOf outer: GraphBody, arguments: [ByteString], results: [ByteString]) {
    nodes = outer.nodes
    byName = outer.byName
    self.outer = outer
    self.arguments = arguments
    self.results = results
    isFunction = true
    argumentIndices = Dictionary(zip(arguments, arguments.indices), uniquingKeysWith: { first, _ in first })
  }

  subscript(name: ByteString) -> GraphNode? { byName[name] }

  /// What a tensor's name says: the node or argument, the output's name where it is given, and the place in it.
  static func parts(of tensor: ByteString) -> (node: ByteString, output: ByteString?, index: Int)? {
    let parts = tensor.bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard let first = parts.first, !first.isEmpty, parts.count <= 3 else { return nil }
    guard parts.count > 1, let last = parts.last else { return (ByteString(first), nil, 0) }
    guard let index = Int(String(decoding: last, as: UTF8.self)), index >= 0 else { return nil }
    return (ByteString(first), parts.count == 3 ? ByteString(parts[1]) : nil, index)
  }
}

/// The functions of a model, each read when it is first called.
final class FunctionLibrary {
  private var messages: [ByteString: UnpackedMessage<Tensorflow__FunctionDef>] = [:]
  private var bodies: [ByteString: GraphBody] = [:]

  init(_ library: UnsafeMutablePointer<Tensorflow__FunctionDefLibrary>?) {
    guard let library = library?.pointee else { return }
    for function in Formats.messages(library.function, library.n_function) {
      guard let signature = function.pointee.signature?.pointee else { continue }
      messages[ByteString(signature.name)] = function
    }
  }

  func contains(_ name: ByteString) -> Bool { messages[name] != nil }

  /// - Throws: `ModelError` where there is no such function, or it is damaged.
  func body(_ name: ByteString) throws -> GraphBody {
    if let known = bodies[name] { return known }
    guard let message = messages[name] else {
      throw ModelError(.invalidModel, "calls the function '\(name.text)', which the model does not have")
    }
    do {
      let body = try GraphBody(message.pointee)
      bodies[name] = body
      return body
    } catch let error as ModelError {
      throw error.at("function '\(name.text)'")
    }
  }
}
