import Evaluator
import IR

extension Value {
  /// The number that all elements of this constant are; `nil` where they differ, or where it is none.
  var uniformConstant: Double? {
    guard let literal = constantLiteral else { return nil }
    return try? literal.uniformNumber()
  }
}

extension Operation {
  /// Of an operation with two operands: the one that is not constant, and the number that the other is throughout, where
  /// that does not enlarge the result.
  var operandAndUniformConstant: (operand: Value, number: Double)? {
    guard operandCount == 2, let result = result() else { return nil }
    for position in 0...1 {
      guard let operand = operand(position), let number = self.operand(1 - position)?.uniformConstant,
        operand.constantLiteral == nil, result.certainlyHasShape(of: operand)
      else { continue }
      return (operand, number)
    }
    return nil
  }
}
