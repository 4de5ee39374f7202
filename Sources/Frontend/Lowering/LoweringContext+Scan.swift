import IR

/// The results of a loop over the slices of tensors along an axis.
struct Scanned {
  /// The states after the last step.
  let states: [Value]
  /// What each step gave, along the same axis.
  let sequences: [Value]
}

extension LoweringContext {
  /// Runs `step` on the slices of `sequences` along `axis`, in order, each with the states that the last one left.
  ///
  /// - Parameters:
  ///   - sequences: the tensors, each with the axis to go along.
  ///   - outputs: how many tensors a step gives besides the new states, and the axis along which they are joined.
  ///   - step: takes the states and the slices, gives the new states and the outputs.
  func scan(
    _ states: [Value], over sequences: [(value: Value, axis: Int)], outputs: (count: Int, axis: Int),
    isReversed: Bool = false,
    _ step: (Self, _ states: [Value], _ slices: [Value]) throws -> (states: [Value], outputs: [Value])
  ) throws -> Scanned {
    let region = Graph(name: builder.module.freshName("body"))
    let inner = GraphBuilder(builder.module, region)
    inner.location = builder.location
    let carried = states.map { inner.addArgument($0.name, $0.type) }
    let slices = try sequences.map { value, axis in
      var shape = try shape(value)
      shape.remove(at: axis)
      return inner.addArgument(value.name, .tensor(try elementType(value), shape))
    }
    let made = try step(inside(inner), carried, slices)
    guard made.outputs.count == outputs.count, made.states.count == states.count else {
      throw ModelError(.internalFailure, "a step has other results than was said")
    }
    inner.finish((made.states + made.outputs).map { (builder.module.freshName($0.name), $0) })
    let direction = isReversed ? Int64(1) : 0
    let attributes: Attributes = [
      "num_scan_inputs": .int(Int64(sequences.count)), "scan_input_axes": .ints(sequences.map { Int64($0.axis) }),
      "scan_output_axes": .ints(Array(repeating: Int64(outputs.axis), count: outputs.count)),
      "scan_input_directions": .ints(sequences.map { _ in direction }),
      "scan_output_directions": .ints(Array(repeating: direction, count: outputs.count)),
    ]
    let results = try ops(
      .scan, states + sequences.map(\.value), attributes, results: states.count + outputs.count,
      regions: [Operation.Region(name: "body", graph: region)])
    return Scanned(states: Array(results.prefix(states.count)), sequences: Array(results.dropFirst(states.count)))
  }
}
