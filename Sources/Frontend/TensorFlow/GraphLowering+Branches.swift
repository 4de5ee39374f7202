import IR

/// A tensor of a graph at one place where that is called.
struct TensorKey: Hashable {
  /// Kept, so that no other one is taken for it.
  private let scope: LoweringScope
  private let node: ByteString
  private let index: Int

  init(_ node: GraphNode, _ scope: LoweringScope, _ index: Int = 0) {
    self.scope = scope
    self.node = node.name
    self.index = index
  }

  static func == (a: TensorKey, b: TensorKey) -> Bool { a.scope === b.scope && a.node == b.node && a.index == b.index }

  func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(scope))
    hasher.combine(node)
    hasher.combine(index)
  }
}

/// What a Merge of TensorFlow 1 chooses by, and which of its inputs comes where that is true.
struct BranchSelection {
  let predicate: ByteString
  let scope: LoweringScope
  let key: TensorKey
  let whenTrue: Int
  /// Whether a side may fail where it is not chosen: an index that it guards against, a division.
  let isGuard: Bool
}

/// TensorFlow 1 has conditions without functions: a Switch hands its data to one of two sides, what follows it on that
/// side runs where the data came, and a Merge hands on what came to it.
///
///     %off, %on = Switch(%x, %p)  %a = F(%off)  %b = G(%on)  %y = Merge(%a, %b)
///   -> %a = F(%x)  %b = G(%x)  %y = Where(%p, %b, %a)
///
/// Sides that may fail where they are not chosen, or are of different shapes, become regions of an If instead.
/// Where the predicate is constant the Merge is the side that it chooses, and the other is never looked at.
extension GraphLowering {
  /// By which tensors Switches must have gone which way for a tensor to come.
  typealias Conditions = [TensorKey: Bool]

  /// Conditions in conditions.
  private static let maximumConditions = 12
  /// Conditions that depend on what other conditions chose.
  private static let maximumChoices = 24

  static let switches: Set<ByteString> = ["Switch", "RefSwitch"]
  static let merges: Set<ByteString> = ["Merge", "RefMerge"]

  /// The input that a Merge hands on always, as what it chooses by is constant; `nil` where that varies.
  func choice(of merge: GraphNode, in scope: LoweringScope) throws -> Int? {
    if let known = scope.choices[merge.name] { return known }
    guard choiceDepth < Self.maximumChoices else {
      throw ModelError(
        .invalidModel, place: merge.place,
        "conditions depend on each other more than \(Self.maximumChoices) deep, which mcc refuses")
    }
    choiceDepth += 1
    defer { choiceDepth -= 1 }
    var choice: Int?
    if let selection = try selection(of: merge, in: scope),
      case .tensor(let value)? = try lower([selection.predicate], in: selection.scope).first,
      let known = value.contents?.knownDimensions ?? value.constantIntegers, known.count == 1
    {
      choice = known[0] != 0 ? selection.whenTrue : 1 - selection.whenTrue
    }
    scope.choices[merge.name] = .some(choice)
    return choice
  }

  /// What a Merge chooses by; `nil` where its inputs do not come from the two sides of one condition.
  func selection(of merge: GraphNode, in scope: LoweringScope) throws -> BranchSelection? {
    guard merge.inputs.count == 2 else { return nil }
    let sides = try merge.inputs.map { try conditions(of: $0, in: scope) }
    let deciding = sides[0].filter { key, way in sides[1][key] == !way }
    guard deciding.count == 1, let (key, way) = deciding.first, let (predicate, place) = predicates[key] else {
      return nil
    }
    return BranchSelection(
      predicate: predicate, scope: place, key: key, whenTrue: way ? 0 : 1, isGuard: guards.contains(key))
  }

  // MARK: Conditions

  private func conditions(of tensor: ByteString, in scope: LoweringScope) throws -> Conditions {
    guard case .output(let node, let place, let index) = try source(of: tensor, in: scope, throughBranches: false)
    else { return [:] }
    try visit(node, place)
    return try conditions(of: node, place, index)
  }

  /// Finds the conditions of a node after those of all that it needs. What comes back from a later iteration of a loop
  /// says nothing: loops are refused elsewhere.
  private func visit(_ node: GraphNode, _ scope: LoweringScope) throws {
    var stack = [(node, scope)]
    var open: Set<TensorKey> = []
    while let (node, scope) = stack.last {
      let key = TensorKey(node, scope)
      guard conditions[key] == nil else {
        stack.removeLast()
        continue
      }
      let sources = try (sources(of: node, scope) + node.controls).map {
        try source(of: $0, in: scope, throughBranches: false)
      }
      if open.insert(key).inserted {
        for case .output(let needed, let place, _) in sources where !open.contains(TensorKey(needed, place)) {
          stack.append((needed, place))
        }
        continue
      }
      stack.removeLast()
      var all = try sources.map { source in
        guard case .output(let needed, let place, let index) = source else { return [:] as Conditions }
        return try conditions(of: needed, place, index)
      }
      if Self.merges.contains(node.operation), node.inputs.count == 2 {
        let (first, second) = (all[0], all[1])
        all[0] = first.filter { second[$0.key] == $0.value }
        all.remove(at: 1)
      }
      var union = all.max { $0.count < $1.count } ?? [:]
      for other in all where other != union { union.merge(other) { known, _ in known } }
      guard union.count <= Self.maximumConditions else {
        throw ModelError(
          .invalidModel, place: node.place,
          "lies in more than \(Self.maximumConditions) conditions, which mcc refuses")
      }
      if Self.mayFail(node) { guards.formUnion(union.keys) }
      conditions[key] = union
    }
  }

  /// Whether a node fails on some inputs, which a condition may keep from it.
  private static func mayFail(_ node: GraphNode) -> Bool {
    let type = node.typeNumber("T").flatMap { try? ElementType(tensorFlow: $0) }
    let isFloat = [.float32, .float64, .float16, .bfloat16].contains(type)
    return failing.contains(node.operation) || (divisions.contains(node.operation) && !isFloat)
  }

  private static let failing: Set<ByteString> = [
    "Gather", "GatherV2", "GatherNd", "ResourceGather", "ResourceGatherNd", "Reshape", "ScatterNd",
    "TensorScatterUpdate", "StridedSlice",
  ]
  private static let divisions: Set<ByteString> = [
    "Div", "FloorDiv", "FloorMod", "Mod", "TruncateDiv", "TruncateMod",
  ]

  /// The conditions of one output of a node that was visited.
  private func conditions(of node: GraphNode, _ scope: LoweringScope, _ index: Int) throws -> Conditions {
    var known = conditions[TensorKey(node, scope)] ?? [:]
    guard Self.switches.contains(node.operation), node.inputs.count == 2 else { return known }
    guard let key = try predicate(of: node, scope) else { return known }
    predicates[key] = (node.inputs[1], scope)
    known[key] = index == 1
    return known
  }

  /// What a Switch hands on its data by; `nil` where that is an argument.
  private func predicate(of node: GraphNode, _ scope: LoweringScope) throws -> TensorKey? {
    guard case .output(let predicate, let place, let output) = try source(of: node.inputs[1], in: scope) else {
      return nil
    }
    return TensorKey(predicate, place, output)
  }

  // MARK: Sides as functions

  /// One side of a condition: a function of what the Switches hand on that decide by it.
  func side(_ tensor: ByteString, of selection: BranchSelection, in scope: LoweringScope) throws -> (
    body: GraphBody, arguments: [LoweringScope.Argument]
  ) {
    var switches: [ByteString: ByteString] = [:]
    var seen: Set<TensorKey> = []
    var pending = [(tensor, scope)]
    while let (tensor, place) = pending.popLast() {
      guard case .output(let node, let place, _) = try source(of: tensor, in: place, throughBranches: false),
        seen.insert(TensorKey(node, place)).inserted
      else { continue }
      try countSearch()
      if Self.switches.contains(node.operation), node.inputs.count == 2,
        try predicate(of: node, place) == selection.key
      {
        guard place === scope else { throw UnsupportedForm("a condition that reaches into a function") }
        switches[node.name] = node.inputs[0]
      } else {
        pending += sources(of: node, place).map { ($0, place) }
      }
    }
    let handed = switches.sorted { $0.key < $1.key }
    let outer = scope.body.arguments
    let body = GraphBody(partOf: scope.body, arguments: outer + handed.map(\.key), results: [tensor])
    return (body, (outer + handed.map(\.value)).map { .tensor($0, scope) })
  }
}

extension TensorFlowLowerings {
  /// What came of the two sides of a condition. Both are computed where neither can fail.
  static let merge = NodeLowering(outputs: ["output", "value_index"]) { node in
    guard let selection = try node.lowering.selection(of: node.node, in: node.scope) else {
      throw UnsupportedForm("it is not told what decides between its inputs; \(OperatorTable.conditionAdvice)")
    }
    let decided = try node.lowering.lower([selection.predicate], in: selection.scope)
    guard case .tensor(let predicate)? = decided.first else {
      throw UnsupportedForm("what decides between its inputs is no tensor")
    }
    let places = [selection.whenTrue, 1 - selection.whenTrue]
    let numbers = try places.map { try node.build.constant(try TensorLiteral.scalar(Double($0), .int32)) }
    let number = TensorFlowValue.tensor(try node.build(.where, predicate, numbers[0], numbers[1]))
    if selection.isGuard {
      let sides = try places.map { try node.lowering.side(node.node.inputs[$0], of: selection, in: node.scope) }
      let chosen = try node.branch(predicate, { try $0.lower(sides[0]) }, { try $0.lower(sides[1]) })
      return chosen + [number]
    }
    let sides = try places.map { try node.operand($0) }
    let shapes = try sides.map { try node.shape($0) }
    if shapes[0] == shapes[1], !shapes[0].contains(where: \.isUnknown) {
      return [.tensor(try node.chosen(predicate, sides[0], sides[1])), number]
    }
    let handOn = { (value: Value) in
      { (inside: NodeContext) in [TensorFlowValue.tensor(try inside.build(.identity, value))] }
    }
    return try node.branch(predicate, handOn(sides[0]), handOn(sides[1])) + [number]
  }
}

extension NodeContext {
  fileprivate func lower(_ side: (body: GraphBody, arguments: [LoweringScope.Argument])) throws -> [TensorFlowValue] {
    let scope = LoweringScope(side.body, build, arguments: side.arguments, depth: depth + 1)
    let results = try lowering.lower(side.body.results, in: scope)
    build.location = node.name
    return results
  }
}
