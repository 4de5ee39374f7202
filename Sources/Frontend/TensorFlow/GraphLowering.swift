import Formats
import IR

/// Lowers what the outputs of a graph need, and nothing else: functions are inlined, identities vanish, and nodes that
/// train, save or log are never reached.
final class GraphLowering {
  let module: Module
  let library: FunctionLibrary
  let constants: ConstantReader
  let variables: VariableStore
  /// The tables of the main graph; `nil` before that is lowered.
  var tables: TableStore?
  let diagnostics: Diagnostics
  var unsupported = UnsupportedOperators()
  private var loweredCount = 0
  private var searchedCount = 0
  private let limit: Int

  /// What is known of conditions of TensorFlow 1: those of nodes, and the tensors that decide.
  var conditions: [TensorKey: Conditions] = [:]
  var predicates: [TensorKey: (tensor: ByteString, scope: LoweringScope)] = [:]
  /// Those that keep something from failing.
  var guards: Set<TensorKey> = []
  var choiceDepth = 0

  /// A function that calls itself has no end, and calls of calls may double each time.
  static let maximumDepth = 48
  private static let maximumNodes = 40_000

  init(
    _ module: Module, _ library: FunctionLibrary, _ constants: ConstantReader, _ variables: VariableStore,
    nodeCount: Int, _ diagnostics: Diagnostics
  ) {
    self.module = module
    self.library = library
    self.constants = constants
    self.variables = variables
    self.diagnostics = diagnostics
    limit = Self.maximumNodes + 2 * min(nodeCount, 1 << 40)
  }

  private var looked: Set<ObjectIdentifier> = []

  /// Tells once for each graph and function what it asserts: that is not checked any more.
  private func remarkAssertions(of body: GraphBody) {
    guard looked.insert(ObjectIdentifier(body)).inserted else { return }
    for node in body.nodes where node.operation == "Assert" {
      diagnostics.remark("what it asserts is not checked any more", at: node.place)
    }
  }

  /// A tensor, where it is made.
  enum Source {
    case value(TensorFlowValue)
    case output(GraphNode, LoweringScope, index: Int)
  }

  /// What the tensors of `scope` become, after all that they need.
  func lower(_ tensors: [ByteString], in scope: LoweringScope) throws -> [TensorFlowValue] {
    remarkAssertions(of: scope.body)
    for tensor in tensors { try lower(tensor, in: scope) }
    return try tensors.map { try value($0, in: scope) }
  }

  private func lower(_ tensor: ByteString, in scope: LoweringScope) throws {
    guard case .output(let node, let scope, _) = try source(of: tensor, in: scope) else { return }
    var stack = [(node, scope)]
    while let (node, scope) = stack.last {
      guard scope.values[node.name] == nil else {
        stack.removeLast()
        continue
      }
      let isFirst = scope.pending.insert(node.name).inserted
      if isFirst, refuses(node, scope) { continue }
      var isReady = true
      for input in try needs(of: node, scope) {
        guard case .output(let needed, let place, _) = try source(of: input, in: scope),
          place.values[needed.name] == nil
        else { continue }
        guard !place.pending.contains(needed.name) else {
          throw ModelError(.invalidModel, place: needed.place, "depends on itself")
        }
        stack.append((needed, place))
        isReady = false
      }
      guard isReady else { continue }
      scope.pending.remove(node.name)
      scope.values[node.name] = try lower(node, in: scope)
      stack.removeLast()
    }
  }

  /// The tensors that a node is computed from: those that enter the loop, for one that leaves it; none that may fail, for
  /// one that chooses.
  private func needs(of node: GraphNode, _ scope: LoweringScope) throws -> [ByteString] {
    if Self.merges.contains(node.operation), let selection = try selection(of: node, in: scope), selection.isGuard {
      return []
    }
    return sources(of: node, scope)
  }

  /// Notes an operator that makes cycles: what it takes is not looked at.
  private func refuses(_ node: GraphNode, _ scope: LoweringScope) -> Bool {
    guard OperatorTable.firstVersionLoops.contains(node.operation) else { return false }
    unsupported.note(
      node.operation.text, at: node.name.text, advice: "a loop of TensorFlow 1; \(OperatorTable.conditionAdvice)")
    scope.values[node.name] = [.unsupported]
    return true
  }

  private func value(_ tensor: ByteString, in scope: LoweringScope) throws -> TensorFlowValue {
    switch try source(of: tensor, in: scope) {
    case .value(let value): return value
    case .output(let node, let scope, let index):
      guard let values = scope.values[node.name] else {
        throw ModelError(.internalFailure, place: node.place, "is not lowered")
      }
      if case .unsupported? = values.first { return .unsupported }
      guard values.indices.contains(index) else {
        throw ModelError(.invalidModel, place: node.place, "has no output \(index)")
      }
      return values[index]
    }
  }

  /// Counts a node that is looked at for where its side of a condition begins: sides of sides are searched again and again.
  func countSearch() throws {
    searchedCount += 1
    guard searchedCount / 16 <= limit else {
      throw ModelError(.invalidModel, "its conditions hold more operations than mcc looks at")
    }
  }

  private func lower(_ node: GraphNode, in scope: LoweringScope) throws -> [TensorFlowValue] {
    loweredCount += 1
    guard loweredCount <= limit else {
      throw ModelError(.invalidModel, "its functions call each other more than \(limit) times, which mcc refuses")
    }
    guard let lowering = OperatorTable.lowering(node.operation) else {
      unsupported.note(node.operation.text, at: node.name.text, advice: OperatorTable.advice(node.operation))
      return [.unsupported]
    }
    let operands = try needs(of: node, scope).map { try value($0, in: scope) }
    let isWhole = operands.allSatisfy { if case .unsupported = $0 { false } else { true } }
    guard isWhole else { return [.unsupported] }
    let complexLowering = operands.contains(where: \.isComplex) ? OperatorTable.complexLowering(node.operation) : nil
    scope.builder.location = node.name
    do {
      return try (complexLowering ?? lowering).lower(
        NodeContext(
          node: node, operands: operands, build: scope.builder, lowering: self, scope: scope, depth: scope.depth))
    } catch let form as UnsupportedForm {
      unsupported.note("\(node.operation.text) (\(form.reason))", at: node.name.text)
      return [.unsupported]
    } catch let error as ModelError {
      throw error.at(node.place)
    }
  }

  // MARK: Where tensors come from

  /// Follows a tensor through identities, calls and arguments to the node that makes it.
  ///
  /// - Parameter throughBranches: whether also through what hands on data by a condition, where it is one thing always.
  func source(of tensor: ByteString, in scope: LoweringScope, throughBranches: Bool = true) throws -> Source {
    var (tensor, scope) = (tensor, scope)
    for _ in 0..<limit {
      guard let (name, output, index) = GraphBody.parts(of: tensor) else {
        throw ModelError(.invalidModel, "'\(tensor.text)' is no tensor's name")
      }
      if scope.body.isFunction, let argument = scope.body.argumentIndices[name] {
        switch try scope.argument(argument) {
        case .value(let value): return .value(value)
        case .tensor(let outer, let caller): (tensor, scope) = (outer, caller)
        }
        continue
      }
      guard let node = scope.body[name] else {
        throw ModelError(.invalidModel, "there is no node '\(name.text)', which another one takes")
      }
      if let lowered = scope.values[name] {
        // Inputs of the graph are values from the beginning.
        if lowered.isEmpty { throw ModelError(.internalFailure, place: node.place, "has no values") }
      } else if let function = callee(of: node) {
        let callee = try call(function, node, in: scope)
        let place = try outputIndex(node, output, index)
        guard callee.body.results.indices.contains(place) else {
          throw ModelError(.invalidModel, place: node.place, "has no output \(place)")
        }
        (tensor, scope) = (callee.body.results[place], callee)
        continue
      } else if OperatorTable.identities.contains(node.operation) {
        let place = node.operation == "IdentityN" ? try outputIndex(node, output, index) : 0
        guard node.inputs.indices.contains(place) else {
          throw ModelError(.invalidModel, place: node.place, "has no input")
        }
        tensor = node.inputs[place]
        continue
      } else if throughBranches, let handed = try branch(of: node, index, in: scope) {
        tensor = handed
        continue
      }
      return .output(node, scope, index: try outputIndex(node, output, index))
    }
    throw ModelError(.invalidModel, place: "node '\(tensor.text)'", "depends on itself")
  }

  /// What a Switch hands on, and a Merge that chooses always the same.
  private func branch(of node: GraphNode, _ index: Int, in scope: LoweringScope) throws -> ByteString? {
    if Self.switches.contains(node.operation) { return node.inputs.first }
    guard index == 0, Self.merges.contains(node.operation), let choice = try choice(of: node, in: scope) else {
      return nil
    }
    return node.inputs[choice]
  }

  private func callee(of node: GraphNode) -> ByteString? {
    switch node.operation {
    case "PartitionedCall", "StatefulPartitionedCall": node.function("f")
    default: library.contains(node.operation) ? node.operation : nil
    }
  }

  private func call(_ function: ByteString, _ node: GraphNode, in scope: LoweringScope) throws -> LoweringScope {
    if let known = scope.calls[node.name] { return known }
    guard scope.depth < Self.maximumDepth else {
      throw ModelError(
        .invalidModel, place: node.place, "functions call each other more than \(Self.maximumDepth) deep")
    }
    loweredCount += 1
    guard loweredCount <= limit else {
      throw ModelError(.invalidModel, "its functions call each other more than \(limit) times, which mcc refuses")
    }
    let callee = LoweringScope(
      try library.body(function), scope.builder, arguments: node.inputs.map { .tensor($0, scope) },
      depth: scope.depth + 1)
    remarkAssertions(of: callee.body)
    scope.calls[node.name] = callee
    return callee
  }

  /// The place of an output among all of the node: inside a function outputs are told by their names.
  private func outputIndex(_ node: GraphNode, _ output: ByteString?, _ index: Int) throws -> Int {
    guard let output, let names = OperatorTable.outputs(node.operation) else { return index }
    guard let place = names.firstIndex(of: output) else {
      throw ModelError(.invalidModel, place: node.place, "has no output '\(output.text)'")
    }
    return place + index
  }
}
