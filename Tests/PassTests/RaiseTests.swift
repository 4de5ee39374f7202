import IR
import Testing

@testable import Passes

@Suite struct RaiseTests {
  private func graph(_ arguments: String, _ operations: String) -> String {
    "graph @g(\(arguments)) -> (y: ?) { \(operations) return %y }"
  }

  @Test(arguments: [
    // All elements from the axis on have one sum; where all but one axis have one element, that is a Softmax.
    (
      "%x: f32[n, 3, 4]", "%y = Softmax@11(%x) {axis = 1} : f32[n, 3, 4]",
      """
      %y_axes = constant [1, 2] : i64[2]
      %y_largest = ReduceMax(%x, %y_axes) : f32[n, 1, 1]
      %y_shifted = Sub(%x, %y_largest) : f32[n, 3, 4]
      %y_powers = Exp(%y_shifted) : f32[n, 3, 4]
      %y_total = ReduceSum(%y_powers, %y_axes) : f32[n, 1, 1]
      %y = Div(%y_powers, %y_total) : f32[n, 3, 4]
      """
    ),
    (
      "%x: f32[n, 8, 1, 1]", "%y = LogSoftmax@1(%x) : f32[n, 8, 1, 1]",
      "%y = LogSoftmax(%x) {axis = 1} : f32[n, 8, 1, 1]"
    ),
    (
      "%x: f32[2, 3, 4]", "%y = Hardmax@11(%x) {axis = -2} : f32[2, 3, 4]",
      """
      %y_shape = Shape(%x) : i64[3]
      %y_rows = Flatten(%x) {axis = 1} : f32[2, 12]
      %y_chosen = Hardmax(%y_rows) {axis = -1} : f32[2, 12]
      %y = Reshape(%y_chosen, %y_shape) : f32[2, 3, 4]
      """
    ),
    (
      "%x: f32[2, 3, 4], %b: f32[3]", "%y = Add@6(%x, %b) {axis = 1, broadcast = 1} : f32[2, 3, 4]",
      """
      %y_axes = constant [1] : i64[1]
      %y_aligned = Unsqueeze(%b, %y_axes) : f32[3, 1]
      %y = Add(%x, %y_aligned) : f32[2, 3, 4]
      """
    ),
    (
      "%x: f32[2, 3, 4], %s: f32[3]", "%y = PRelu@6(%x, %s) : f32[2, 3, 4]",
      """
      %y_axes = constant [1] : i64[1]
      %y_slopes = Unsqueeze(%s, %y_axes) : f32[3, 1]
      %y = PRelu(%x, %y_slopes) : f32[2, 3, 4]
      """
    ),
  ]) func raises(_ arguments: String, _ before: String, _ after: String) throws {
    let changed = try module(graph(arguments, before))
    try run(Raise(), on: changed)
    let expected = try module(graph(arguments, after))
    #expect(try changed.text() == expected.text())
    #expect(try run(Raise(), on: changed).rewriter.mutationCount == 0)
  }

  @Test(arguments: [
    ("%x: f32[*]", "%y = Softmax@11(%x) : f32[*]", "the rank of its operand 0 is not known"),
    ("%x: f32[2, 3]", "%y = Softmax@11(%x) {axis = 2} : f32[2, 3]", "its axis 2 is none of its operand's"),
    ("%x: f32[n, c, 4], %s: f32[2]", "%y = GroupNormalization@18(%x, %s, %s) {num_groups = 2} : ?", "channels"),
    ("%x: f32[1, 1, 2], %s: f32[3]", "%y = Upsample@10(%x, %s) : ?", "no other operators are known"),
    ("%x: f32[2, 3], %b: f32[2]", "%y = Add@6(%x, %b) {axis = -9, broadcast = 1} : ?", "at a known axis"),
  ]) func staysLegacy(_ arguments: String, _ operation: String, _ reason: String) throws {
    try expect(Raise(), leaves: graph(arguments, operation), saying: reason)
  }

  @Test func groupsOfChannelsBecomeChannels() throws {
    let changed = try module(
      graph(
        "%x: f32[n, 6, 4], %s: f32[2], %b: f32[2]",
        "%y = GroupNormalization@18(%x, %s, %b) {num_groups = 2} : f32[n, 6, 4]"))
    try run(Raise(), on: changed)
    let text = try changed.text()
    #expect(text.contains("%y_factor = Reshape(%y_factors, %y_row) : f32[6]"))
    #expect(text.contains("%y = GroupNormalization(%x, %y_factor, %y_shift) {epsilon = 1e-05, num_groups = 2}"))
  }

  /// Over a batch, and in its body over each sequence.
  @Test func aScanOverBatchesBecomesTwo() throws {
    let scan = """
      %last, %y = Scan@8(_, %s, %x) {
        body = graph @step(%a: f32[3], %b: f32[3]) -> (n: f32[3], o: f32[3]) {
          %n = Add(%a, %b) : f32[3]
          %o = Mul(%n, %k) : f32[3]
          return %n, %o
        }, directions = [1], num_scan_inputs = 1
      } : f32[2, 3], f32[2, 5, 3]
      """
    let changed = try module(graph("%s: f32[2, 3], %x: f32[2, 5, 3], %k: f32[3]", scan))
    try run(Raise(), on: changed)
    try changed.verify()
    let text = try changed.text()
    #expect(!text.contains("Scan@8"))
    #expect(text.contains("Scan(%s, %x) {num_scan_inputs = 2,"))
    #expect(text.contains("{num_scan_inputs = 1, scan_input_directions = [1],"))
    #expect(text.contains(": f32[2, 3], f32[2, 5, 3]"))
  }

  @Test func sequencesWithLengthsOfTheirOwnStayLegacy() throws {
    try expect(
      Raise(),
      leaves: graph(
        "%l: i64[2], %x: f32[2, 5, 3]",
        """
        %y = Scan@8(%l, %x) {
          body = graph @step(%b: f32[3]) -> (o: f32[3]) {
            %o = Neg(%b) : f32[3]
            return %o
          }, num_scan_inputs = 1
        } : f32[2, 5, 3]
        """), saying: "lengths of their own")
  }
}
