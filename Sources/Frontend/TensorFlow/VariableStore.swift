import Formats
import IR

/// The values of a model's variables: constants of the main graph, each made when it is first read.
final class VariableStore {
  /// Where the values are; `nil` for a model without a checkpoint.
  let checkpoint: Checkpoint?
  /// The checkpoint's keys by the variables' names, as the model's own graph restores them.
  var keys: [ByteString: ByteString] = [:]
  /// What else tells them: the names that variables had when they were saved.
  private lazy var savedKeys = Result { try self.checkpoint?.keysByVariable() ?? [:] }
  private let builder: GraphBuilder
  private var values: [ByteString: Value] = [:]
  /// The constant vectors of strings that were read: one names all that is restored, and each variable asks for its own.
  private var vectors: [GraphNode: [ByteString]] = [:]

  init(_ checkpoint: Checkpoint?, _ builder: GraphBuilder) {
    self.checkpoint = checkpoint
    self.builder = builder
  }

  /// The value of the variable `name`.
  ///
  /// - Throws: `ModelError` where it has none.
  func value(_ name: ByteString) throws -> Value {
    if let known = values[name] { return known }
    guard let checkpoint else {
      throw ModelError(
        .invalidModel,
        "reads the variable '\(name.text)', and the model is only its graph; name the SavedModel's folder, "
          + "or freeze it with convert_variables_to_constants_v2")
    }
    let candidates = [keys[name], name, ByteString("\(name.text)/.ATTRIBUTES/VARIABLE_VALUE")]
    if let literal = try literal(candidates, checkpoint) ?? literal([savedKeys.get()[name]], checkpoint) {
      let value = try builder.constant(literal, name: name)
      values[name] = value
      return value
    }
    throw ModelError(.invalidModel, "reads the variable '\(name.text)', which has no value in the checkpoint")
  }

  /// The value under the first of the keys that has one.
  private func literal(_ keys: [ByteString?], _ checkpoint: Checkpoint) throws -> TensorLiteral? {
    for key in keys.compactMap({ $0 }) {
      if let literal = try checkpoint.literal(key) { return literal }
    }
    return nil
  }
}

extension VariableStore {
  /// Finds out under which keys the model's graph restores its variables.
  ///
  /// - Parameter restore: the node that restores all of them; empty where the model says none.
  func readKeys(_ restore: ByteString, in main: LoweringScope, _ lowering: GraphLowering) throws {
    try readAssignments(in: main, lowering)
    guard let node = main.body[restore], let function = node.function("f"), lowering.library.contains(function) else {
      return
    }
    let callee = LoweringScope(
      try lowering.library.body(function), main.builder, arguments: node.inputs.map { .tensor($0, main) }, depth: 1)
    try readAssignments(in: callee, lowering)
  }

  private func readAssignments(in scope: LoweringScope, _ lowering: GraphLowering) throws {
    for node in scope.body.nodes where node.operation == "AssignVariableOp" || node.operation == "Assign" {
      guard node.inputs.count >= 2,
        case .output(let variable, _, _) = try lowering.source(of: node.inputs[0], in: scope),
        case .output(let restored, let place, let index) = try lowering.source(of: node.inputs[1], in: scope),
        restored.operation == "RestoreV2", restored.inputs.count >= 3,
        let name = try string(restored.inputs[1], index, place, lowering),
        let slice = try string(restored.inputs[2], index, place, lowering)
      else { continue }
      keys[Self.name(of: variable)] = slice.isEmpty ? name : Checkpoint.key(of: name, slice: slice)
    }
  }

  /// An element of a constant vector of strings.
  private func string(
    _ vector: ByteString, _ index: Int, _ scope: LoweringScope, _ lowering: GraphLowering
  ) throws -> ByteString? {
    guard case .output(let node, _, _) = try lowering.source(of: vector, in: scope), let tensor = node.tensor("value")
    else { return nil }
    if vectors[node] == nil, case .strings(let strings) = try lowering.constants.literal(tensor).source {
      vectors[node] = strings
    }
    guard let strings = vectors[node], strings.indices.contains(index) else { return nil }
    return strings[index]
  }

  /// What TensorFlow calls a variable that is not shared.
  private static let anonymous = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"

  /// The name under which the variable of a handle's node is kept.
  static func name(of node: GraphNode) -> ByteString {
    guard let shared = node.text("shared_name"), !shared.isEmpty, shared.text != anonymous else { return node.name }
    return shared
  }
}
