extension OperatorExpansion {
  static let losses: [OperatorExpansion] = [
    .init(
      .negativeLogLikelihoodLoss,
      """
      %zero = constant [0.0] : T[]
      %classes = Cast(%target) {to = 7}
      %axis = constant [1] : i64[1]
      [ignoring] %first = constant [0] : i64[]
      [ignoring] %left_out = constant [$ignore_index] : i64[]
      [ignoring] %ignored = Equal(%classes, %left_out)
      [ignoring] %chosen = Where(%ignored, %first, %classes)
      [!ignoring] %chosen = Identity(%classes)
      %places = Unsqueeze(%chosen, %axis)
      %found = GatherElements(%input, %places) {axis = 1}
      %column = Squeeze(%found, %axis)
      %opposite = Neg(%column)
      [weight] %said = Gather(%weight, %chosen)
      [!weight] %one = constant [1.0] : T[]
      [!weight] [ignoring] %said = Identity(%one)
      [ignoring] %weights = Where(%ignored, %zero, %said)
      [!ignoring] [weight] %weights = Identity(%said)
      [weighted] %products = Mul(%opposite, %weights)
      [!weighted] %products = Identity(%opposite)
      [ignoring] %losses = Where(%ignored, %zero, %products)
      [!ignoring] %losses = Identity(%products)
      [none] %loss = Identity(%losses)
      [sum] %loss = ReduceSum(%losses) {keepdims = 0}
      [mean] [weighted] %total = ReduceSum(%losses) {keepdims = 0}
      [mean] [weighted] %weight_total = ReduceSum(%weights) {keepdims = 0}
      [mean] [weighted] %loss = Div(%total, %weight_total)
      [mean] [!weighted] %loss = ReduceMean(%losses) {keepdims = 0}
      """,
      prepare: { operation, bindings in
        if operation.attributes["ignore_index"] != nil { bindings.flags.insert("ignoring") }
        if operation.operand(2) != nil || bindings.flags.contains("ignoring") { bindings.flags.insert("weighted") }
        let reduction = operation.string("reduction") ?? "mean"
        guard ["mean", "none", "sum"].contains(reduction) else {
          throw ModelError(.invalidModel, "its reduction is '\(reduction.text)'")
        }
        bindings.flags.insert(reduction.text)
      }),
    .init(
      .softmaxCrossEntropyLoss,
      """
      %log_prob = LogSoftmax(%scores) {axis = 1}
      %output = NegativeLogLikelihoodLoss(%log_prob, %labels, %weights) {ignore_index = int $$ignore_index, reduction = string $$reduction}
      """),
  ]
}
