import Formats
import IR

/// Translates one exported program: its interface, and what its lowerings share.
final class ProgramReader {
  let module: Module
  let diagnostics: Diagnostics
  let program: ExportedProgram
  let weights: Weights
  /// What the program says that its buffers become, by their names.
  let changes: [String: Argument]
  /// What the program changes, in the order of its inputs.
  private var states: [State] = []
  private(set) var unsupported = UnsupportedOperators()
  private var budget: MemoryBudget
  /// The assertions that were dropped.
  var droppedAssertions = 0

  /// - Parameter opset: the opset to write; `nil` for the usual one.
  /// - Throws: `ModelError` where the program is damaged, changes its weights, or uses operators without a lowering.
  static func read(
    _ program: ExportedProgram, _ weights: Weights, _ budget: MemoryBudget, _ opset: Int?, _ diagnostics: Diagnostics
  ) throws -> Module {
    let reader = try ProgramReader(program, weights, budget, diagnostics)
    if let opset { reader.module.target[""] = opset }
    let results = reader.userOutputs + reader.changes.values
    let lowering = ProgramGraphLowering(reader, GraphBuilder(reader.module), program.graph, outputs: results)
    try lowering.noteUnknownOperators()
    try reader.bindInputs(lowering)
    try lowering.lowerNodes()
    try reader.unsupported.check()
    try reader.finish(lowering)
    if reader.droppedAssertions > 0 {
      diagnostics.remark("drops \(reader.droppedAssertions) assertions about sizes and types, which compute nothing")
    }
    return reader.module
  }

  private init(
    _ program: ExportedProgram, _ weights: Weights, _ budget: MemoryBudget, _ diagnostics: Diagnostics
  ) throws {
    self.program = program
    changes = try Self.changes(of: program)
    self.weights = weights
    self.budget = budget
    self.diagnostics = diagnostics
    module = Module(name: "main", target: GraphBuilder.target)
    let version = program.torchVersion
    var annotations = Annotations()
    annotations[ONNXProperty.producerName] = .bytes("pytorch")
    if !version.isEmpty { annotations[ONNXProperty.producerVersion] = .bytes(ByteString(version)) }
    module.annotations = annotations
  }

  func note(_ name: String, at place: String, advice: String?) {
    unsupported.note(name, at: place, advice: advice)
  }

  /// Accounts for an operation with so many operands and results.
  func charge(values: Int) throws {
    try budget.take(MemoryCost.operation + values * (MemoryCost.value + MemoryCost.operand))
  }

  // MARK: Interface

  private var userOutputs: [Argument] {
    program.outputs.compactMap { if case .user(let argument) = $0 { argument } else { nil } }
  }

  private func bindInputs(_ lowering: ProgramGraphLowering) throws {
    let written = Set(changes.keys).union(program.graph.writtenNames())
    var buffers: [(name: String, weight: String)] = []
    for input in program.inputs {
      switch input {
      case .user(let argument): try bindInput(argument, lowering)
      case .parameter(let name, let weight): bind(name, weight, "the parameter", lowering)
      // Constants of a program are tensors that a module has without registering them.
      case .buffer(let name, let weight), .constant(let name, let weight):
        if written.contains(name) || written.contains(weight) {
          buffers.append((name, weight))
        } else {
          bind(name, weight, "the buffer", lowering)
        }
      case .fixed, .token: break
      case .other(let kind): throw ModelError(.invalidModel, "has an input of the kind '\(kind)', which is no tensor")
      }
    }
    // After what callers have to give.
    let uses = buffers.isEmpty ? [:] : usesOfStorages(lowering)
    for buffer in buffers { states.append(try bindState(buffer.name, buffer.weight, uses, lowering)) }
  }

  private func bind(_ name: String, _ weight: String, _ kind: String, _ lowering: ProgramGraphLowering) {
    let description = lowering.graph.tensors[name]
    let owner = "\(kind) '\(weight)'"
    lowering.bind(
      name,
      .tensor(
        Tensor(name, description, owner: owner) { [weights] in
          try lowering.builder.constant(try weights.literal(weight), name: ByteString(weight))
        }))
  }

  private func bindInput(_ argument: Argument, _ lowering: ProgramGraphLowering) throws {
    switch argument {
    case .tensor(let name):
      guard let description = lowering.graph.tensors[name] else {
        throw ModelError(.invalidModel, place: "input '\(name)'", "has no description")
      }
      guard !description.isComplex else {
        throw ModelError(
          .invalidModel, place: "input '\(name)'",
          "is of complex numbers; take pairs of real ones, and torch.view_as_complex of them")
      }
      let type = try ElementType(scalarType: description.elementType)
      let value = lowering.builder.addArgument(ByteString(name), .tensor(type, description.sizes.map(extent)))
      lowering.bind(name, .tensor(Tensor(name, value, description, owner: "its input '\(name)'")))
    case .integer(.name(let name)):
      let value = lowering.builder.addArgument(ByteString(name), .tensor(.int64, []))
      lowering.bind(name, .integer(try lowering.call().vector(value)))
    case .symbolicFloat(let name):
      lowering.bind(name, .float(lowering.builder.addArgument(ByteString(name), .tensor(.float32, []))))
    case .symbolicBool(let name):
      lowering.bind(name, .bool(lowering.builder.addArgument(ByteString(name), .tensor(.bool, []))))
    case .none, .integer, .float, .bool, .string: break
    case .tensors, .integers, .floats, .bools, .elementType, .graph, .complex, .placement, .other:
      throw ModelError(.invalidModel, "has an input that is no tensor")
    }
  }

  /// The extent that a program says.
  func extent(_ size: TensorDescription.Size) -> Dimension {
    switch size {
    case .number(let value): value >= 0 ? .known(value) : .unknown
    case .expression(let text):
      SymbolicExpression.dimension(text) { [ranges = program.ranges] name in
        guard let range = ranges[name] else { return .symbol(ByteString(name)) }
        if range.lowerBound == range.upperBound { return .known(range.lowerBound) }
        // PyTorch says at least 2 where nobody asked for a bound, and the program holds for 1 all the same.
        let extents = min(range.lowerBound, 1)...range.upperBound
        return .symbolic(Polynomial(symbol: Symbol(ByteString(name), in: extents)))
      }
    }
  }

  private func finish(_ lowering: ProgramGraphLowering) throws {
    var outputs: [(name: ByteString, value: Value)] = []
    var used: Set<String> = []
    func add(_ name: String, _ value: Value) {
      var unique = name
      while !used.insert(unique).inserted { unique += "_\(outputs.count)" }
      outputs.append((ByteString(unique), value))
    }
    for argument in userOutputs {
      let result: Value?
      do {
        result = try lowering.output(argument)
      } catch is MissingOperand {
        throw ModelError(.invalidModel, "has the output '\(argument.name ?? "")', which nothing computes")
      }
      if let value = result { add(argument.name ?? "output_\(outputs.count)", value) }
    }
    for state in states {
      if let value = try changed(state, lowering) { add(state.resultName, value) }
    }
    lowering.builder.finish(outputs)
    module.main.eraseUnusedOperations(Rewriter(module, pass: ""))
  }
}
