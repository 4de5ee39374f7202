import IR

/// A buffer that the program changes: it outlives a run.
struct State {
  /// How callers know it.
  let name: String
  let tensor: Tensor

  /// The output that says what it became.
  var resultName: String { "\(name).new" }
}

/// What a program changes beyond itself. A graph has no state: a buffer that is changed is an input, whose default is
/// what the archive holds, and what it became is a further output, for whoever runs the graph again.
extension ProgramReader {
  /// What the program says that its buffers become, by their names.
  ///
  /// - Throws: `ModelError` where it changes anything else, an input say, which is the caller's.
  static func changes(of program: ExportedProgram) throws -> [String: Argument] {
    var changes: [String: Argument] = [:]
    for output in program.outputs {
      switch output {
      case .user, .token: break
      case .bufferMutation(let name, let target): changes[target] = .tensor(name)
      case .inputMutation(_, let target):
        throw ModelError(
          .invalidModel, "changes its input '\(target)', which a graph without state cannot; return what is changed")
      case .other(let kind):
        throw ModelError(
          .invalidModel,
          "has an output of the kind '\(kind)', which a graph without state cannot; return what is changed")
      }
    }
    return changes
  }

  /// How many tensors that the program uses lie at each path.
  func usesOfStorages(_ lowering: ProgramGraphLowering) -> [String: Int] {
    var uses: [String: Int] = [:]
    for input in program.inputs {
      switch input {
      case .parameter(let name, let weight), .buffer(let name, let weight), .constant(let name, let weight):
        if lowering.isUsed(name), let place = weights.place(of: weight) { uses[place, default: 0] += 1 }
      case .user, .fixed, .token, .other: break
      }
    }
    return uses
  }

  /// Makes an input of a buffer that is changed.
  ///
  /// - Parameter uses: how many tensors that are used lie at each path.
  func bindState(
    _ name: String, _ weight: String, _ uses: [String: Int], _ lowering: ProgramGraphLowering
  ) throws -> State {
    guard weights.place(of: weight).map({ uses[$0, default: 0] < 2 }) ?? true else {
      throw ModelError(
        .invalidModel, "changes the buffer '\(weight)', whose elements are those of another tensor, too; clone it")
    }
    let literal = try weights.literal(weight)
    let value = lowering.builder.addArgument(ByteString(weight), .tensor(literal.type), default: literal)
    let tensor = Tensor(name, value, lowering.graph.tensors[name])
    lowering.bind(name, .tensor(tensor))
    return State(name: weight, tensor: tensor)
  }

  /// What became of a tensor, `nil` where it was not changed.
  func changed(_ state: State, _ lowering: ProgramGraphLowering) throws -> Value? {
    let value: Value
    if let argument = changes[state.name] {
      guard let changed = try lowering.output(argument) else { return nil }
      value = changed
    } else {
      guard state.tensor.isWritten else { return nil }
      value = try state.tensor.read()
    }
    try diagnostics.warn(
      "changes '\(state.name)' as it runs: what that becomes is the output '\(state.resultName)', for the next run's input"
    )
    return value
  }
}
