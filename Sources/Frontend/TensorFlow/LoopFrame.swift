import IR

/// A loop as TensorFlow 1 has it, without functions: a frame that tensors enter, circle in and leave.
///
///     %e = Enter(%x)  %m = Merge(%e, %n)  %off, %on = Switch(%m, LoopCond(F(%m)))  %n = NextIteration(G(%on))
///     %y = Exit(%off)
///   -> %y = While(%x) of F and G
///
/// What enters and does not circle is the same in each iteration.
struct LoopFrame {
  /// What circles: where it enters, where it comes together, where it is decided, and what it is next.
  private var states: [State] = []
  /// What enters and stays as it is.
  private var constants: [GraphNode] = []

  private struct State {
    let enter: GraphNode
    let merge: GraphNode
    var decision: GraphNode?
    let next: ByteString
  }

  static let ends: Set<ByteString> = ["Exit", "RefExit"]
  private static let entries: Set<ByteString> = ["Enter", "RefEnter"]
  private static let iterations: Set<ByteString> = ["NextIteration", "RefNextIteration"]

  // MARK: Finding them

  /// The loops of a graph, by the names of their frames.
  static func all(of body: GraphBody) -> [ByteString: LoopFrame] {
    var frames: [ByteString: LoopFrame] = [:]
    var circling: [ByteString: (frame: ByteString, state: Int)] = [:]
    var isState: Set<ByteString> = []
    func node(_ tensor: ByteString) -> GraphNode? { GraphBody.parts(of: tensor).flatMap { body[$0.node] } }
    for merge in body.nodes where GraphLowering.merges.contains(merge.operation) && merge.inputs.count == 2 {
      guard let enter = node(merge.inputs[0]), entries.contains(enter.operation), let frame = enter.text("frame_name"),
        let next = node(merge.inputs[1]), iterations.contains(next.operation), let value = next.inputs.first
      else { continue }
      let state = frames[frame, default: LoopFrame()].states.count
      frames[frame, default: LoopFrame()].states.append(State(enter: enter, merge: merge, next: value))
      circling[merge.name] = (frame, state)
      isState.insert(enter.name)
    }
    for node in body.nodes {
      if GraphLowering.switches.contains(node.operation), node.inputs.count == 2,
        let (frame, state) = GraphBody.parts(of: node.inputs[0]).flatMap({ circling[$0.node] })
      {
        frames[frame]?.states[state].decision = node
      } else if entries.contains(node.operation), !isState.contains(node.name), let frame = node.text("frame_name") {
        frames[frame, default: LoopFrame()].constants.append(node)
      }
    }
    return frames
  }

  /// The loop that an Exit leaves, and the state that it hands on; `nil` where it is no loop that writers make.
  static func left(by exit: GraphNode, in body: GraphBody) -> (name: ByteString, frame: LoopFrame, state: Int)? {
    guard let tensor = exit.inputs.first, let decision = GraphBody.parts(of: tensor).flatMap({ body[$0.node] }),
      let merge = decision.inputs.first.flatMap({ GraphBody.parts(of: $0) }).flatMap({ body[$0.node] }),
      let enter = merge.inputs.first.flatMap({ GraphBody.parts(of: $0) }).flatMap({ body[$0.node] }),
      let name = enter.text("frame_name"), let frame = body.frames[name],
      let state = frame.states.firstIndex(where: { $0.decision === decision })
    else { return nil }
    return (name, frame, state)
  }

  // MARK: As functions

  /// What enters: the states before the first iteration, and what stays as it is.
  var operands: [ByteString] { (states.map(\.enter) + constants).compactMap(\.inputs.first) }

  /// What an iteration makes of its states; what stays as it is comes back as it was.
  func body(in graph: GraphBody) -> GraphBody {
    let fixed = constants.map(\.name)
    return GraphBody(
      partOf: graph, arguments: states.map { ($0.decision ?? $0.merge).name } + fixed,
      results: states.map(\.next) + fixed)
  }

  /// Whether there is another iteration; `nil` where nothing decides that.
  func condition(in graph: GraphBody) -> GraphBody? {
    guard let decision = states.lazy.compactMap(\.decision).first,
      let last = GraphBody.parts(of: decision.inputs[1]).flatMap({ graph[$0.node] }), last.operation == "LoopCond",
      let result = last.inputs.first
    else { return nil }
    return GraphBody(
      partOf: graph, arguments: states.map(\.merge.name) + constants.map(\.name), results: [result])
  }
}

extension GraphLowering {
  /// The tensors that a node takes; for one that leaves a loop those that enter it.
  func sources(of node: GraphNode, _ scope: LoweringScope) -> [ByteString] {
    guard LoopFrame.ends.contains(node.operation) else { return node.inputs }
    return LoopFrame.left(by: node, in: scope.body)?.frame.operands ?? []
  }
}

extension TensorFlowLowerings {
  /// What leaves a loop: all that leave one are lowered with the first.
  static let exit = NodeLowering(outputs: nil) { node in
    guard let (name, frame, state) = LoopFrame.left(by: node.node, in: node.scope.body) else {
      throw UnsupportedForm("it leaves a loop that is none of tf.while_loop's")
    }
    if node.scope.loops[name] == nil {
      guard let condition = frame.condition(in: node.scope.body) else {
        throw UnsupportedForm("nothing decides when its loop ends")
      }
      let body = frame.body(in: node.scope.body)
      node.scope.loops[name] = try LoopLowering(node, body: body, condition: condition).lower()
    }
    guard let values = node.scope.loops[name], values.indices.contains(state) else { return [.unsupported] }
    return [values[state]]
  }
}
