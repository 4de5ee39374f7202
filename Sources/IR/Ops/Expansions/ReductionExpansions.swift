extension OperatorExpansion {
  static let reductions: [OperatorExpansion] = [
    .init(
      .reduceL1,
      """
      %sizes = Abs(%data)
      %reduced = ReduceSum(%sizes, %axes) {keepdims = $keepdims, noop_with_empty_axes = $noop_with_empty_axes}
      """),
    .init(
      .reduceL2,
      """
      %squares = Mul(%data, %data)
      %sum = ReduceSum(%squares, %axes) {keepdims = $keepdims, noop_with_empty_axes = $noop_with_empty_axes}
      [float] %reduced = Sqrt(%sum)
      [!float] %single = Cast(%sum) {to = 1}
      [!float] %root = Sqrt(%single)
      [!float] %reduced = Cast(%root) {to = $T}
      """,
      prepare: { operation, bindings in
        if ElementTypes.float.contains(try operation.knownElementType(0)) { bindings.flags.insert("float") }
      }),
    .init(
      .reduceLogSum,
      """
      %sum = ReduceSum(%data, %axes) {keepdims = $keepdims, noop_with_empty_axes = $noop_with_empty_axes}
      %reduced = Log(%sum)
      """),
    .init(
      .reduceLogSumExp,
      """
      %double = Cast(%data) {to = 11}
      %powers = Exp(%double)
      %sum = ReduceSum(%powers, %axes) {keepdims = $keepdims, noop_with_empty_axes = $noop_with_empty_axes}
      %logarithm = Log(%sum)
      %reduced = Cast(%logarithm) {to = $T}
      """),
    .init(
      .reduceSumSquare,
      """
      %squares = Mul(%data, %data)
      %reduced = ReduceSum(%squares, %axes) {keepdims = $keepdims, noop_with_empty_axes = $noop_with_empty_axes}
      """),
  ]
}
