import CModelProtos
import IR

extension LayerTypes {
  /// Layers that carry a state from one step of a sequence to the next: a sequence at any of whose steps another may begin, which
  /// no recurrent operator of the IR says, is scanned.
  static let recurrent: [ByteString: LayerLowering] = [
    "LSTM": LayerLowering { layer in
      let recurrence = try Recurrence(layer, gateCount: 4, stateCount: 2)
      return try recurrence.scan { body, states, gates in
        // Input, forget and output gate, and the candidate.
        let parts = try body.insert(.split, [gates], ["axis": .int(1), "num_outputs": .int(4)], resultCount: 4)
        let (input, forget) = (try body(.sigmoid, parts[0]), try body(.sigmoid, parts[1]))
        let (output, candidate) = (try body(.sigmoid, parts[2]), try body(.tanh, parts[3]))
        let cell = try body(.add, body(.mul, forget, states[1]), body(.mul, input, candidate))
        let hidden = try body(.mul, output, body(.tanh, cell))
        return ([hidden, cell], hidden)
      }
    },
    "RNN": LayerLowering { layer in
      let recurrence = try Recurrence(layer, gateCount: 1, stateCount: 1)
      let (width, index) = (recurrence.width, recurrence.blobCount)
      let weight = try layer.weight(index, "output weight", [width, width])
      let bias = try layer.weight(index + 1, "output bias", [width])
      return try recurrence.scan { body, _, sum in
        let hidden = try body(.tanh, sum)
        let output = try body(.tanh, body(.gemm, hidden, weight, bias, attributes: ["transB": .int(1)]))
        return ([hidden], output)
      }
    },
  ]
}

/// What Caffe's recurrent layers have in common. Bottoms: the sequence, of shape [steps, batch, ...]; for each step and sequence 0
/// where a new one begins, else 1; perhaps an input that is the same at each step; and, where they are exposed, the first states.
/// Caffe's RecurrentLayer.
private struct Recurrence {
  /// Of the state, and of the output.
  let width: Int
  private let layer: LayerContext
  private let stateCount: Int
  private let gateWidth: Int
  private let isExposed: Bool
  private let staticInput: Value?
  private let hiddenWeight: Value
  private let inputWeight: Value
  private let inputBias: Value
  private let staticWeight: Value?
  /// The parameters that both kinds have.
  let blobCount: Int

  init(_ layer: LayerContext, gateCount: Int, stateCount: Int) throws {
    let parameters = layer.layer.parameters(\.recurrent_param, caffe__recurrent_parameter__init)
    self.layer = layer
    self.stateCount = stateCount
    let width = Int(parameters.num_output)
    let gateWidth = gateCount * width
    (self.width, self.gateWidth) = (width, gateWidth)
    isExposed = parameters.expose_hidden != 0
    let bottomCount = 2 + (isExposed ? stateCount : 0)
    guard width > 0, layer.bottoms.count == bottomCount || layer.bottoms.count == bottomCount + 1,
      try layer.shape(layer.bottom(0)).count >= 2, try layer.shape(layer.bottom(1)).count == 2
    else {
      throw layer.error(
        "needs an output, and \(bottomCount) or \(bottomCount + 1) bottoms: a sequence of shape [steps, batch, ...], then "
          + "of shape [steps, batch] where it goes on, perhaps an input for all steps, and the states that are exposed")
    }
    staticInput = layer.bottoms.count > bottomCount ? try layer.bottom(2) : nil

    var index = 0
    func next(_ name: String, _ dimensions: [Int]) throws -> Value {
      defer { index += 1 }
      return try layer.weight(index, name, dimensions)
    }
    inputWeight = try next("input weight", [gateWidth, Self.depth(layer, layer.bottom(0), from: 2)])
    inputBias = try next("bias", [gateWidth])
    staticWeight = try staticInput.map { try next("static weight", [gateWidth, Self.depth(layer, $0, from: 1)]) }
    hiddenWeight = try next("hidden weight", [gateWidth, width])
    blobCount = index
  }

  private static func depth(_ layer: LayerContext, _ value: Value, from axis: Int) throws -> Int {
    let depth = try layer.extents(value, from: axis).reduce(Dimension.known(1)) { $0 * .known($1) }
    guard let depth = depth.value else { throw layer.error("has too many elements to count") }
    return depth
  }

  /// The tops of the layer: the outputs of all steps, and the last states where they are exposed.
  ///
  /// - Parameter step: what a step makes of the states so far, and of the sum of what comes from the input and from the hidden
  ///   state: the next states, and the output.
  func scan(
    _ step: (GraphBuilder, _ states: [Value], _ sum: Value) throws -> (states: [Value], output: Value)
  ) throws -> [Value] {
    let builder = layer.builder
    let sums = try inputSums()
    let goesOn = try builder(.unsqueeze, layer.bottom(1), builder.constant([2]))
    let first = try firstStates()

    let graph = Graph(name: builder.module.freshName("step"))
    let body = GraphBuilder(builder.module, graph)
    body.location = builder.location
    let batch = try layer.shape(layer.bottom(0))[1]
    let states = (0..<stateCount).map { _ in body.addArgument("state", .tensor(.float32, [batch, .known(width)])) }
    let sum = body.addArgument("input", .tensor(.float32, [batch, .known(gateWidth)]))
    let factor = body.addArgument("goes_on", .tensor(.float32, [batch, .known(1)]))
    let kept = try states.map { try body(.mul, $0, factor) }
    let next = try step(
      body, kept, body(.gemm, kept[0], hiddenWeight, sum, attributes: ["transB": .int(1)]))
    body.finish((next.states + [try body(.identity, next.output)]).map { (builder.module.freshName($0.name), $0) })

    let results = try builder.insert(
      .scan, first + [sums, goesOn], ["num_scan_inputs": .int(2)], resultCount: stateCount + 1,
      regions: [Operation.Region(name: "body", graph: graph)])
    guard isExposed else { return [results[stateCount]] }
    let last = try results.prefix(stateCount).map { try builder(.unsqueeze, $0, builder.constant([0])) }
    return [results[stateCount]] + last
  }

  /// What comes from the inputs at each step.
  private func inputSums() throws -> Value {
    let builder = layer.builder
    func product(_ x: Value, _ axes: [Int], _ weight: Value) throws -> Value {
      let rows = try layer.shape(x).count == axes.count ? x : builder(.reshape, x, builder.constant(axes))
      return try builder(.matMul, rows, builder(.transpose, weight, attributes: ["perm": .ints([1, 0])]))
    }
    let sums = try builder(.add, product(layer.bottom(0), [0, 0, -1], inputWeight), inputBias)
    guard let staticInput, let staticWeight else { return sums }
    return try builder(.add, sums, product(staticInput, [0, -1], staticWeight))
  }

  /// The states before the first step, which Caffe has as 0 where they are not given.
  private func firstStates() throws -> [Value] {
    let builder = layer.builder
    if isExposed {
      return try layer.bottoms.suffix(stateCount).map { try builder(.squeeze, $0, builder.constant([0])) }
    }
    layer.remark(
      "begins with states of 0, as Caffe's first run does; what a run leaves behind is not kept for the next")
    let shape = try builder(.shape, layer.bottom(0), attributes: ["start": .int(1), "end": .int(2)])
    let extents = try builder.insert(.concat, [shape, builder.constant([width])], ["axis": .int(0)])[0]
    let zero = try TensorLiteral(floats: [0])
    let zeros = try builder(.constantOfShape, extents, attributes: ["value": .tensor(zero)])
    return Array(repeating: zeros, count: stateCount)
  }
}
