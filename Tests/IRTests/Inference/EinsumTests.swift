import IR
import Testing

@Suite struct EinsumTests {
  static func einsum(_ equation: ByteString, _ operands: [Sample], gives expected: String) -> InferenceCase {
    InferenceCase(.einsum, operands, ["equation": .string(equation)], gives: expected)
  }

  static func einsum(_ equation: ByteString, _ operands: [Sample], fails message: String) -> InferenceCase {
    InferenceCase(.einsum, operands, ["equation": .string(equation)], fails: message)
  }

  static let equations: [InferenceCase] = [
    einsum("bij, bjk -> bik", [.f32("n", 2, 3), .f32("n", 3, 4)], gives: "f32[n, 2, 4]"),
    einsum("bij,bjk", [.f32("n", 2, 3), .f32("n", 3, 4)], gives: "f32[2, 4]"),
    einsum("ii->i", [.f32(3, 3)], gives: "f32[3]"),
    einsum("...ii->...i", [.f32("b", "n", 3)], gives: "f32[b, 3]"),
    einsum("ii->i", [.f32(1, 3)], fails: "contradicts the other axes of its letter"),
    einsum("ij->", [.f32(3, 3)], gives: "f32[]"),
    einsum("bA,Ba", [.f32(1, 2), .f32(3, 4)], gives: "f32[2, 3, 4, 1]"),
    einsum("...ij,...jk->...ik", [.f32("n", 1, 2, 3), .f32(5, 3, 4)], gives: "f32[n, 5, 2, 4]"),
    einsum("...i->...", [.f32("n", 4)], gives: "f32[n]"),
    einsum("i...", [.f32("n", 4, 5)], gives: "f32[4, 5, n]"),
    einsum("i,i->i", [.f32("n"), .f32(4)], gives: "f32[4]"),
    einsum("i,i->i", [.f32("n"), .f32("m")], gives: "f32[?]"),
    einsum("i,i->i", [.f32(1), .f32(4)], gives: "f32[4]"),
    einsum("i,j->ij", [.f32(1), .unranked(.float32)], gives: "f32[*]"),
    einsum("i,i->i", [.f32(3), .f32(4)], fails: "contradicts the other axes of its letter"),
    einsum("ij->i", [.f32(3)], fails: "has not the rank"),
    einsum("i...j->i", [.f32(3)], fails: "has not the rank"),
    einsum("i,j->ij", [.f32(3)], fails: "the equation has 2 operands, the operation 1"),
    einsum("ij->k", [.f32(3, 3)], fails: "no operand has the result's 'k'"),
    einsum("ij->ii", [.f32(3, 3)], fails: "the result has a letter twice"),
    einsum("i1->i", [.f32(3, 3)], fails: "'1' is no letter"),
    einsum("i...j...->i", [.f32(3, 3)], fails: "two ellipses"),
    einsum("ij->i->j", [.f32(3, 3)], fails: "is no letter"),
    einsum("i[->i", [.f32(3, 3)], fails: "'[' is no letter"),
    einsum("", [.f32()], gives: "f32[]"),
  ]

  @Test(arguments: equations) func infersEinsum(_ example: InferenceCase) { example.check() }
}
