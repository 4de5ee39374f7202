import IR

/// Lowers a While to a Loop: states that stay as they are come from outside, counters are the number of the iteration,
/// lists that get an element each time are what the Loop stacks.
final class LoopLowering {
  let node: NodeContext
  private let body: GraphBody
  private let condition: GraphBody
  let plan: LoopPlan
  /// How often it runs, and where that is known, the number.
  private(set) var trips: (value: Value, known: Int?)?
  /// Inside the body, what counts down, and where that begins.
  private(set) var descents: [Value: Value] = [:]
  /// What the shapes of states before and after an iteration have in common, where no shapes are declared.
  private var common: [Int: Shape?] = [:]

  init(_ node: NodeContext, body: GraphBody, condition: GraphBody) throws {
    self.node = node
    self.body = body
    self.condition = condition
    guard node.count == body.arguments.count, body.results.count == node.count,
      condition.arguments.count == node.count
    else { throw ModelError(.invalidModel, "its functions take other states") }
    guard node.depth < GraphLowering.maximumDepth else {
      throw UnsupportedForm("functions that call each other too deep")
    }
    plan = try LoopPlan(node, body: body, condition: condition)
  }

  func lower() throws -> [TensorFlowValue] {
    trips = try plan.bounds.map { try tripCount($0) }
    if let values = try attempt(asDeclared: false) { return values }
    guard let values = try attempt(asDeclared: true) else {
      throw UnsupportedForm("a state whose type changes")
    }
    return values
  }

  private func tripCount(_ bounds: [LoopPlan.Bound]) throws -> (value: Value, known: Int?) {
    var known: Int?
    var values: [Value] = []
    var seen: [(limit: Value, start: Int)] = []
    for bound in bounds {
      switch bound {
      case .known(let count): known = min(count, known ?? count)
      case .descent(let index, let past):
        let start = try node.operand(index)
        if let first = start.contents?.first?.value {
          known = min(max(first &- past, 0), known ?? .max)
        } else {
          let count = try node.op(.sub, node.cast(Self.origin(start), .int64), node.build.constant(past))
          values.append(try node.op(.max, count, node.build.constant(0)))
        }
      case .state(let index, let start):
        let limit = try node.operand(index)
        if let count = limit.contents?.first?.value {
          known = min(max(count &- start, 0), known ?? .max)
        } else if !seen.contains(where: { $0 == (Self.origin(limit), start) }) {
          seen.append((Self.origin(limit), start))
          let count = try node.cast(Self.origin(limit), .int64)
          values.append(start == 0 ? count : try node.build(.sub, count, try node.build.constant(start)))
        }
      }
    }
    if let known, values.isEmpty { return (try node.build.constant(known), known) }
    if let known { values.append(try node.build.constant(known)) }
    guard values.count > 1, let least = try node.build.insert(.min, values).first else { return (values[0], nil) }
    return (least, nil)
  }

  // MARK: One attempt

  /// What is known of the types of states makes a difference inside the body, and has to hold after it.
  ///
  /// - Parameter asDeclared: whether states have the types that the While declares, which may say less than the first ones.
  /// - Returns: `nil` where a state has another type after an iteration.
  private func attempt(asDeclared: Bool) throws -> [TensorFlowValue]? {
    let region = GraphBuilder(node.lowering.module, Graph(name: "body"))
    region.location = node.node.name
    let iteration = region.addArgument("iteration", .tensor(.int64, []))
    let goesOn = region.addArgument("condition", .tensor(.bool, []))
    let inside = NodeContext(
      node: node.node, operands: node.operands, build: region, lowering: node.lowering, scope: node.scope,
      depth: node.depth + 1)
    var given: [TensorFlowValue] = []
    var states: [(index: Int, initial: Value, argument: Value)] = []
    var counters: [Value: Int] = [:]
    descents = [:]
    for (index, operand) in node.operands.enumerated() {
      if plan.invariants.contains(index) {
        given.append(operand)
      } else if trips != nil, let start = plan.counters[index] {
        var count = try inside.cast(iteration, try node.elementType(try node.operand(index)))
        if start != 0 { count = try region(.add, count, try inside.scalar(Double(start), like: count)) }
        counters[count] = start
        given.append(.tensor(count))
      } else if trips != nil, plan.descents.contains(index) {
        let first = try node.operand(index)
        let count = try region(.sub, first, try inside.cast(iteration, try node.elementType(first)))
        descents[count] = first
        given.append(.tensor(count))
      } else {
        let (value, initial) = try state(index, operand, region, asDeclared: asDeclared)
        given.append(value)
        if let initial {
          states.append(initial)
          counters[initial.argument] = plan.counters[index]
        }
      }
    }

    let changing = body.results.indices.filter { index in
      let counts = trips != nil && (plan.counters[index] != nil || plan.descents.contains(index))
      return !plan.invariants.contains(index) && !counts
    }
    let scope = LoweringScope(body, region, arguments: given.map { .value($0) }, depth: node.depth + 1)
    let results = try node.lowering.lower(changing.map { body.results[$0] }, in: scope)
    region.location = node.node.name
    if results.contains(where: { if case .unsupported = $0 { true } else { false } }) { return [.unsupported] }
    var after = given
    for (index, result) in zip(changing, results) { after[index] = result }

    var outputs: [(name: ByteString, value: Value)] = []
    func output(_ value: Value) { outputs.append((node.lowering.module.freshName(value.name), value)) }
    let next = try trips == nil ? test(after, region) : goesOn
    guard let next else { return [.unsupported] }
    output(next)
    var keepsTypes = true
    for state in states {
      guard let value = try Self.tensor(after[state.index]) else { throw UnsupportedForm("a state that is no tensor") }
      if !(asDeclared ? Self.fits(value, state.argument) : Self.isSame(value, state.argument)) { keepsTypes = false }
      common[state.index] = Self.common(value, state.argument)
      output(value)
    }
    guard keepsTypes else { return nil }
    var lists: [WrittenList] = []
    for index in changing {
      guard case .list(.written(.carried(let written), let place, let element)) = after[index], written == index else {
        continue
      }
      var list = WrittenList(index: index, element: element, order: try order(index, place, counters))
      // The last element is a state most often, too.
      if list.order == .once { list.state = try states.firstIndex { try Self.tensor(after[$0.index]) === element } }
      if list.state == nil {
        list.output = outputs.count - 1
        output(element)
      }
      lists.append(list)
    }
    if let values = try recurrent(states, after, lists, counters) { return values }
    region.finish(outputs)

    let first = trips == nil ? try test(node.operands, node.build) : nil
    if trips == nil, first == nil { return [.unsupported] }
    let made = try node.build.insert(
      .loop, [trips?.value, first] + states.map(\.initial), resultCount: outputs.count - 1,
      regions: [Operation.Region(name: "body", graph: region.graph)])
    return try finish(made, states.map(\.index), lists)
  }

  /// What the body is given for a state, and for a tensor what the Loop carries.
  private func state(
    _ index: Int, _ operand: TensorFlowValue, _ region: GraphBuilder, asDeclared: Bool
  ) throws -> (TensorFlowValue, (index: Int, initial: Value, argument: Value)?) {
    switch operand {
    case .tensor(let initial):
      let argument = region.addArgument(ByteString(body.arguments[index].text), try type(index, initial, asDeclared))
      return (.tensor(argument), (index, initial, argument))
    case .list(.stacked(let initial)):
      let argument = region.addArgument(ByteString(body.arguments[index].text), initial.type)
      return (.list(.stacked(argument)), (index, initial, argument))
    case .list(.reserved), .list(.elements([])): return (.list(.carried(index)), nil)
    case .list(.elements(let elements)) where elements.first == .some(nil): return (.list(.carried(index)), nil)
    case .list, .complex, .resource, .unsupported: throw UnsupportedForm("a state that is no tensor")
    }
  }

  private func type(_ index: Int, _ initial: Value, _ asDeclared: Bool) throws -> ValueType {
    guard asDeclared else { return initial.type }
    let elementType = try node.elementType(initial)
    guard let shapes = node.node.shapes("output_shapes") else { return .tensor(elementType, common[index] ?? nil) }
    guard shapes.indices.contains(index), let extents = InterfaceTensor.extents(shapes[index]) else {
      return .tensor(elementType, nil)
    }
    return .tensor(elementType, extents.map { $0.map { .known($0) } ?? .unknown })
  }

  static func tensor(_ value: TensorFlowValue) throws -> Value? {
    switch value {
    case .tensor(let value), .list(.stacked(let value)): value
    case .list, .complex, .resource, .unsupported: nil
    }
  }

  private static func isSame(_ value: Value, _ argument: Value) -> Bool {
    guard let a = value.tensorType, let b = argument.tensorType, a.elementType == b.elementType else { return false }
    guard let shape = a.shape, let other = b.shape else { return a.shape == nil && b.shape == nil }
    return shape.isCertainly(other)
  }

  /// What the shapes of a state before and after an iteration have in common; `nil` where that is not even their rank.
  private static func common(_ value: Value, _ argument: Value) -> Shape? {
    guard let shape = value.tensorType?.shape, let other = argument.tensorType?.shape, shape.count == other.count else {
      return nil
    }
    return zip(shape, other).map { $0.isEqual(to: $1) == true ? $0 : .unknown }
  }

  private static func fits(_ value: Value, _ argument: Value) -> Bool { value.type.isCompatible(with: argument.type) }

  /// Whether it goes on after these states.
  private func test(_ states: [TensorFlowValue], _ builder: GraphBuilder) throws -> Value? {
    let scope = LoweringScope(condition, builder, arguments: states.map { .value($0) }, depth: node.depth + 1)
    let result = try node.lowering.lower([condition.results[0]], in: scope)
    builder.location = node.node.name
    guard case .tensor(let value)? = result.first else { return nil }
    return value
  }
}
