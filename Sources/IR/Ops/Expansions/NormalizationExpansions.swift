extension OperatorExpansion {
  static let normalizations: [OperatorExpansion] = [
    .init(
      .groupNormalization,
      """
      [!wide] %x = Identity(%X)
      [wide] %x = Cast(%X) {to = $stash_type}
      %epsilon = constant [$epsilon] : f32[]
      %last = constant [-1] : i64[1]
      %grouped = constant $grouped
      %channels = constant $channels
      %shape = Shape(%X)
      %groups = Reshape(%x, %grouped)
      %mean = ReduceMean(%groups, %last)
      %centered = Sub(%groups, %mean)
      %squares = Mul(%centered, %centered)
      %variance = ReduceMean(%squares, %last)
      %sum = Add(%variance, %epsilon)
      %deviation = Sqrt(%sum)
      %unit = Div(%centered, %deviation)
      %restored = Reshape(%unit, %shape)
      [!wide] %normalized = Identity(%restored)
      [wide] %normalized = Cast(%restored) {to = $T}
      %factor = Reshape(%scale, %channels)
      %shift = Reshape(%bias, %channels)
      %scaled = Mul(%normalized, %factor)
      %Y = Add(%scaled, %shift)
      """,
      prepare: { operation, bindings in
        try takingStashType(operation, &bindings)
        let groups = operation.int("num_groups") ?? 1
        bindings.set("grouped", vector: [0, groups, -1])
        bindings.set(
          "channels", vector: [-1] + Array(repeating: 1, count: max(try operation.knownRank(0) - 2, 0)))
      }),
    .init(
      .layerNormalization,
      """
      [!wide] %x = Identity(%X)
      [wide] %x = Cast(%X) {to = $stash_type}
      %epsilon = constant [$epsilon] : f32[]
      %axes = constant $axes
      %Mean = ReduceMean(%x, %axes)
      %centered = Sub(%x, %Mean)
      %squares = Mul(%centered, %centered)
      %variance = ReduceMean(%squares, %axes)
      %sum = Add(%variance, %epsilon)
      %deviation = Sqrt(%sum)
      %InvStdDev = Reciprocal(%deviation)
      %unit = Mul(%centered, %InvStdDev)
      [!wide] %normalized = Identity(%unit)
      [wide] %normalized = Cast(%unit) {to = $T}
      %scaled = Mul(%normalized, %Scale)
      [B] %Y = Add(%scaled, %B)
      [!B] %Y = Identity(%scaled)
      """, prepare: takingLastAxes),
    .init(
      .meanVarianceNormalization,
      """
      %epsilon = constant [1e-9] : T[]
      %axes = constant $list
      %mean = ReduceMean(%X, %axes)
      %squares = Mul(%X, %X)
      %square = ReduceMean(%squares, %axes)
      %shift = Mul(%mean, %mean)
      %variance = Sub(%square, %shift)
      %deviation = Sqrt(%variance)
      %divisor = Add(%deviation, %epsilon)
      %centered = Sub(%X, %mean)
      %Y = Div(%centered, %divisor)
      """, prepare: { operation, bindings in bindings.set("list", vector: operation.ints("axes") ?? []) }),
    .init(
      .rmsNormalization,
      """
      [!wide] %x = Identity(%X)
      [wide] %x = Cast(%X) {to = $stash_type}
      %epsilon = constant [$epsilon] : f32[]
      %axes = constant $axes
      %squares = Mul(%x, %x)
      %mean = ReduceMean(%squares, %axes)
      %sum = Add(%mean, %epsilon)
      %root = Sqrt(%sum)
      %unit = Div(%x, %root)
      [!wide] %normalized = Identity(%unit)
      [wide] %normalized = Cast(%unit) {to = $T}
      %Y = Mul(%normalized, %scale)
      """, prepare: takingLastAxes),
  ]

  /// `axes` is every axis from `axis` on.
  private static let takingLastAxes: Preparation = { operation, bindings in
    try takingStashType(operation, &bindings)
    let axis = operation.int("axis") ?? -1
    let rank = axis < 0 ? 0 : try operation.knownRank(0)
    guard axis < rank else { throw ModelError(.invalidModel, "its axis \(axis) is none of its operand's") }
    guard rank - axis <= 64 else { throw ModelError(.invalidModel, "its axis \(axis) is none of its operand's") }
    bindings.set("axes", vector: Array(axis..<rank))
  }

  /// Whether the mean is taken in another type than the operand's.
  private static let takingStashType: Preparation = { operation, bindings in
    guard operation.int("stash_type") == ElementType.float32.dataType else {
      throw ModelError(.invalidModel, "its stash_type is not f32")
    }
    if try operation.knownElementType(0) != .float32 { bindings.flags.insert("wide") }
  }
}
