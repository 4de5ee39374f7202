extension OperatorExpansion {
  static let activations: [OperatorExpansion] = [
    .init(
      .celu,
      """
      %alpha = constant [$alpha] : T[]
      %scaled = Div(%X, %alpha)
      %curve = Elu(%scaled) {alpha = 1.0}
      %Y = Mul(%alpha, %curve)
      """),
    .init(
      .clip,
      """
      [min] %raised = Max(%input, %min)
      [!min] %raised = Identity(%input)
      [max] %output = Min(%raised, %max)
      [!max] %output = Identity(%raised)
      """),
    .init(
      .elu,
      """
      %zero = constant [0.0] : T[]
      %one = constant [1.0] : T[]
      %alpha = constant [$alpha] : T[]
      %power = Exp(%X)
      %below = Sub(%power, %one)
      %curve = Mul(%alpha, %below)
      %negative = Less(%X, %zero)
      %Y = Where(%negative, %curve, %X)
      """),
    .init(
      .gelu,
      """
      %half = constant [0.5] : T[]
      %one = constant [1.0] : T[]
      [tanh] %three = constant [3.0] : T[]
      [tanh] %cubic = constant [0.044715] : T[]
      [tanh] %root = constant [0.7978845608028654] : T[]
      [tanh] %cube = Pow(%X, %three)
      [tanh] %bent = Mul(%cubic, %cube)
      [tanh] %inner = Add(%X, %bent)
      [tanh] %scaled = Mul(%root, %inner)
      [tanh] %curve = Tanh(%scaled)
      [!tanh] %root = constant [1.4142135623730951] : T[]
      [!tanh] %scaled = Div(%X, %root)
      [!tanh] %curve = Erf(%scaled)
      %gate = Add(%one, %curve)
      %share = Mul(%half, %gate)
      %Y = Mul(%X, %share)
      """,
      prepare: { operation, bindings in
        if operation.string("approximate") == "tanh" { bindings.flags.insert("tanh") }
      }),
    .init(
      .hardSigmoid,
      """
      %zero = constant [0.0] : T[]
      %one = constant [1.0] : T[]
      %alpha = constant [$alpha] : T[]
      %beta = constant [$beta] : T[]
      %scaled = Mul(%X, %alpha)
      %line = Add(%scaled, %beta)
      %lowered = Min(%line, %one)
      %Y = Max(%lowered, %zero)
      """),
    .init(
      .hardSwish,
      """
      %gate = HardSigmoid(%X) {alpha = 0.16666667, beta = 0.5}
      %Y = Mul(%X, %gate)
      """),
    .init(
      .leakyRelu,
      """
      %zero = constant [0.0] : T[]
      %alpha = constant [$alpha] : T[]
      %scaled = Mul(%alpha, %X)
      %negative = Less(%X, %zero)
      %Y = Where(%negative, %scaled, %X)
      """),
    .init(
      .logSoftmax,
      """
      %axes = constant $axes
      %largest = ReduceMax(%input, %axes)
      %shifted = Sub(%input, %largest)
      %powers = Exp(%shifted)
      %total = ReduceSum(%powers, %axes)
      %logarithm = Log(%total)
      %output = Sub(%shifted, %logarithm)
      """, prepare: takingOneAxis),
    .init(
      .mish,
      """
      %soft = Softplus(%X)
      %gate = Tanh(%soft)
      %Y = Mul(%X, %gate)
      """),
    .init(
      .prelu,
      """
      %zero = constant [0] : T[]
      %scaled = Mul(%slope, %X)
      %negative = Less(%X, %zero)
      %Y = Where(%negative, %scaled, %X)
      """),
    .init(
      .relu,
      """
      %zero = constant [0] : T[]
      %Y = Max(%X, %zero)
      """),
    .init(
      .selu,
      """
      %zero = constant [0.0] : T[]
      %alpha = constant [$alpha] : T[]
      %gamma = constant [$gamma] : T[]
      %power = Exp(%X)
      %curve = Mul(%alpha, %power)
      %below = Sub(%curve, %alpha)
      %low = Mul(%gamma, %below)
      %high = Mul(%gamma, %X)
      %negative = Less(%X, %zero)
      %Y = Where(%negative, %low, %high)
      """),
    .init(
      .shrink,
      """
      %zero = constant [0] : T[]
      %lambd = constant [$lambd] : T[]
      %bias = constant [$bias] : T[]
      %opposite = Sub(%zero, %lambd)
      %raised = Add(%input, %bias)
      %lowered = Sub(%input, %bias)
      %low = Less(%input, %opposite)
      %high = Less(%lambd, %input)
      %above = Where(%high, %lowered, %zero)
      %output = Where(%low, %raised, %above)
      """),
    .init(
      .softmax,
      """
      %axes = constant $axes
      %largest = ReduceMax(%input, %axes)
      %shifted = Sub(%input, %largest)
      %powers = Exp(%shifted)
      %total = ReduceSum(%powers, %axes)
      %output = Div(%powers, %total)
      """, prepare: takingOneAxis),
    .init(
      .softplus,
      """
      %one = constant [1.0] : T[]
      %power = Exp(%X)
      %sum = Add(%power, %one)
      %Y = Log(%sum)
      """),
    .init(
      .softsign,
      """
      %one = constant [1.0] : T[]
      %size = Abs(%input)
      %sum = Add(%one, %size)
      %output = Div(%input, %sum)
      """),
    .init(
      .swiGLU,
      """
      %gate = Swish(%A) {alpha = $alpha}
      %Y = Mul(%gate, %B)
      """),
    .init(
      .swish,
      """
      %alpha = constant [$alpha] : T[]
      %scaled = Mul(%X, %alpha)
      %gate = Sigmoid(%scaled)
      %Y = Mul(%X, %gate)
      """),
    .init(
      .thresholdedRelu,
      """
      %zero = constant [0.0] : T[]
      %alpha = constant [$alpha] : T[]
      %above = Less(%alpha, %X)
      %Y = Where(%above, %X, %zero)
      """),
  ]

  private static let takingOneAxis: Preparation = { operation, bindings in
    bindings.set("axes", vector: [operation.int("axis") ?? -1])
  }
}
