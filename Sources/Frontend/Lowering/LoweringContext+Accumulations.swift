import IR

extension LoweringContext {
  /// A number in the shape of a slice along an axis.
  func slice(filled element: Value, of value: Value, _ axis: Int) throws -> Value {
    var extents = try extents(of: value)
    extents.remove(at: axis)
    return try op(.expand, element, shapeOperand(extents))
  }

  /// log(e^a + e^b).
  func logarithmOfSum(_ a: Value, _ b: Value) throws -> Value {
    let rest = try op(.softplus, op(.neg, op(.abs, op(.sub, a, b))))
    // The distance of two infinities is no number.
    let twice = try op(.add, a, scalar(0.6931471805599453, elementType(a)))
    return try op(.where, op(.equal, a, b), twice, op(.add, op(.max, a, b), rest))
  }

  /// The logarithm of the sum of exponentials that runs along an axis.
  func runningLogarithm(_ value: Value, _ axis: Int, isReversed: Bool = false) throws -> Value {
    let lowest = try slice(filled: scalar(-Double.infinity, elementType(value)), of: value, axis)
    let result = try scan([lowest], over: [(value, axis)], outputs: (1, axis), isReversed: isReversed) {
      call, states, slices in
      let sum = try call.logarithmOfSum(states[0], slices[0])
      return ([sum], [try call.op(.identity, sum)])
    }
    return result.sequences[0]
  }
}
