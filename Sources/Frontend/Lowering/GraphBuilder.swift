import Formats
import IR

/// Builds one graph of a module from a source whose operators are not the IR's own: operation by operation, each with
/// its types inferred, so that what is lowered next can ask for the ranks and shapes of what is there.
///
/// Values get fresh names: those that the source gave where they are free.
final class GraphBuilder {
  /// The operator set that such a module is written in unless `-opset` says another: what runtimes of the last years
  /// read, with Gelu and LayerNormalization.
  static let target = OpsetVersions([.init(domain: "", version: 20)])

  let module: Module
  let graph: Graph
  /// The name of what is being lowered, as messages about the source say it.
  var location: ByteString = ""
  private var builder: Builder
  private var constants: [TensorLiteral: Value] = [:]

  /// - Parameter graph: the graph to build in; the module's main graph, or a region that is yet to become an operation's.
  init(_ module: Module, _ graph: Graph? = nil) {
    self.module = module
    self.graph = graph ?? module.main
    builder = Builder(module, at: .end(of: self.graph))
  }

  // MARK: Operations

  /// Appends an operation and returns its results.
  ///
  /// - Parameter names: the results' names in the source; where there is none, a fresh one after `location`.
  /// - Throws: `ModelError` that names `location` where the operands do not fit the operator.
  @discardableResult
  func insert(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = [:], resultCount: Int = 1,
    names: [ByteString] = [], regions: [Operation.Region] = []
  ) throws -> [Value] {
    let root = location.isEmpty ? definition.name : location
    let results = (0..<resultCount).map { index in
      Builder.ResultSpecification(module.freshName(names.indices.contains(index) ? names[index] : root))
    }
    let operation = builder.insert(
      definition, operands: operands, results: results, attributes: attributes, regions: regions,
      // One node of the source becomes several operations, and names of nodes are to be told apart.
      location: Location(name: results.first?.name ?? location))
    try operation.inferTypesWithRegions()
    return operation.presentResults
  }

  /// Appends an operation with one result, and returns that.
  func callAsFunction(
    _ definition: OpDefinition, _ operands: Value?..., attributes: Attributes = [:], name: ByteString? = nil
  ) throws -> Value {
    let names = name.map { [$0] } ?? []
    guard let result = try insert(definition, operands, attributes, names: names).first else {
      throw ModelError(.internalFailure, "\(definition.qualifiedName) has no result")
    }
    return result
  }

  /// Gives a result a name that was kept for it (`Module.freshName`).
  func rename(_ value: Value, to name: ByteString) {
    if value.index == 0 { value.definingOperation?.location.name = name }
    builder.rename(value, to: name)
  }

  /// Lets the module have an operator of another domain than ONNX's own.
  func admit(_ definition: OpDefinition) {
    let version = max(module.target[definition.domain] ?? 1, definition.versions.last ?? 1)
    module.target[definition.domain] = version
  }

  // MARK: Constants

  /// A constant of the graph; equal literals without a name of their own are one constant.
  func constant(_ literal: TensorLiteral, name: ByteString? = nil) throws -> Value {
    if name == nil, let known = constants[literal] { return known }
    let root: ByteString = name ?? (location.isEmpty ? "constant" : location)
    let operation = try builder.insertConstant(
      .tensor(literal), name: module.freshName(root), location: Location(name: name ?? ""))
    guard let result = operation.result() else { throw ModelError(.internalFailure, "a constant has no result") }
    if name == nil { constants[literal] = result }
    return result
  }

  /// A vector of integers, as shapes, axes and pads are.
  func constant(_ values: [Int]) throws -> Value { try constant(TensorLiteral(int64s: values)) }

  /// An integer without axes, as indices of `Gather` are that drop the axis.
  func constant(_ value: Int) throws -> Value {
    try constant(TensorLiteral(.int64, [], bytes: withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }))
  }

  // MARK: Interface

  /// Adds an input of the graph, whose type its source declares.
  ///
  /// - Parameter literal: what it is where no caller gives it.
  func addArgument(_ name: ByteString, _ type: ValueType, default literal: TensorLiteral? = nil) -> Value {
    builder.addArgument(to: graph, name: module.freshName(name), type: type, default: literal)
  }

  /// Ends the graph: its outputs, as callers see them.
  func finish(_ outputs: [(name: ByteString, value: Value)]) {
    for output in outputs {
      builder.addOutput(to: graph, Graph.Output(name: output.name, type: output.value.type))
    }
    builder.insertReturn(outputs.map(\.value))
  }
}
