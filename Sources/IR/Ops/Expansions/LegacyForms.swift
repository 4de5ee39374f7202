/// Forms that older versions of operators had, and that are no single operation of the newest.
extension OperatorExpansion {
  package static let legacyForms: [OperatorExpansion] =
    [
      batchNormalization, dropout, groupNormalization, hardmax, oneHot, prelu,
      jointSoftmax(
        "LogSoftmax",
        """
        %logarithm = Log(%total)
        %output = Sub(%shifted, %logarithm)
        """), jointSoftmax("Softmax", "%output = Div(%powers, %total)"),
    ]
    + (["Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"] as [ByteString]).map(
      broadcastFromAxis)

  /// Statistics one an element instead of one a channel.
  private static let batchNormalization = OperatorExpansion(
    legacy: "BatchNormalization", 1...8, ["X", "scale", "B", "mean", "var"], ["Y"],
    """
    %epsilon = constant [$epsilon] : T[]
    %centered = Sub(%X, %mean)
    %sum = Add(%var, %epsilon)
    %deviation = Sqrt(%sum)
    %unit = Div(%centered, %deviation)
    %scaled = Mul(%unit, %scale)
    %Y = Add(%scaled, %B)
    """,
    prepare: { operation, bindings in
      guard operation.results.count == 1 else { throw ModelError(.invalidModel, "it trains") }
      guard operation.attributes["spatial"] == .int(0) else { throw ModelError(.invalidModel, "it is spatial") }
      let rank = try operation.knownRank(0)
      for index in 1...4 where try operation.knownRank(index) != rank - 1 {
        throw ModelError(.invalidModel, "its statistics are not one an element")
      }
      bindings.setDefault("epsilon", "1e-05")
    })

  /// The mask was of the data's type.
  private static let dropout = OperatorExpansion(
    legacy: "Dropout", 1...7, ["data"], ["output", "mask"],
    """
    %ratio = constant [$ratio] : f32[]
    %output, %kept = Dropout(%data, %ratio)
    %mask = Cast(%kept) {to = $T}
    """, prepare: { _, bindings in bindings.setDefault("ratio", "0.5") })

  /// Scale and bias were one a group.
  private static let groupNormalization = OperatorExpansion(
    legacy: "GroupNormalization", 18...18, ["X", "scale", "bias"], ["Y"],
    """
    %column = constant [-1, 1] : i64[2]
    %row = constant [-1] : i64[1]
    %spread = constant $spread
    %scales = Reshape(%scale, %column)
    %factors = Expand(%scales, %spread)
    %factor = Reshape(%factors, %row)
    %biases = Reshape(%bias, %column)
    %shifts = Expand(%biases, %spread)
    %shift = Reshape(%shifts, %row)
    %Y = GroupNormalization(%X, %factor, %shift) {epsilon = $epsilon, num_groups = $num_groups}
    """,
    prepare: { operation, bindings in
      guard let shape = operation.operand(0)?.tensorType?.shape, shape.count > 1, let channels = shape[1].value else {
        throw ModelError(.invalidModel, "the number of its channels is not known")
      }
      guard case .int(let groups)? = operation.attributes["num_groups"], groups > 0, channels % Int(groups) == 0 else {
        throw ModelError(.invalidModel, "its channels are no whole groups")
      }
      bindings.set("spread", vector: [Int(groups), channels / Int(groups)])
      bindings.setDefault("epsilon", "1e-05")
    })

  /// The largest was sought among all elements from an axis on.
  private static let hardmax = OperatorExpansion(
    legacy: "Hardmax", 1...11, ["input"], ["output"],
    """
    %shape = Shape(%input)
    %rows = Flatten(%input) {axis = $from}
    %chosen = Hardmax(%rows) {axis = -1}
    [whole] %output = Reshape(%chosen, %shape)
    [!whole] %output = Reshape(%chosen, %shape) {allowzero = 1}
    """,
    prepare: { operation, bindings in
      bindings.set("from", try operation.firstJointAxis())
      let shape = operation.operand(0)?.tensorType?.shape ?? []
      if shape.allSatisfy({ $0.value.map { $0 > 0 } ?? false }) { bindings.flags.insert("whole") }
    })

  /// Indices did not count from the back: what was negative chose nothing.
  private static let oneHot = OperatorExpansion(
    legacy: "OneHot", 9...9, ["indices", "depth", "values"], ["output"],
    """
    %zero = constant [0] : T[]
    %scalar = constant [] : i64[0]
    %end = Reshape(%depth, %scalar)
    %outside = Cast(%end) {to = $T}
    %negative = Less(%indices, %zero)
    %chosen = Where(%negative, %outside, %indices)
    %output = OneHot(%chosen, %depth, %values) {axis = $axis}
    """, prepare: { _, bindings in bindings.setDefault("axis", "-1") })

  /// A slope was one a channel, whatever came after.
  private static let prelu = OperatorExpansion(
    legacy: "PRelu", 1...6, ["X", "slope"], ["Y"],
    """
    %axes = constant $axes
    %slopes = Unsqueeze(%slope, %axes)
    %Y = PRelu(%X, %slopes)
    """,
    prepare: { operation, bindings in
      guard try operation.knownRank(1) == 1, case let rank = try operation.knownRank(0), rank > 2, rank <= 64 else {
        throw ModelError(.invalidModel, "its slopes are not one a channel")
      }
      bindings.set("axes", vector: Array(1..<rank - 1))
    })

  /// All elements from an axis on had one sum.
  private static func jointSoftmax(_ name: ByteString, _ rest: String) -> OperatorExpansion {
    OperatorExpansion(
      legacy: name, 1...11, ["input"], ["output"],
      """
      [one] %output = \(name.text)(%input) {axis = $from}
      [!one] %axes = constant $axes
      [!one] %largest = ReduceMax(%input, %axes)
      [!one] %shifted = Sub(%input, %largest)
      [!one] %powers = Exp(%shifted)
      [!one] %total = ReduceSum(%powers, %axes)

      """ + rest.split(separator: "\n").map { "[!one] \($0)" }.joined(separator: "\n"),
      prepare: { operation, bindings in
        let axis = try operation.firstJointAxis()
        let shape = operation.operand(0)?.tensorType?.shape ?? []
        let wide = shape.indices.dropFirst(axis).filter { shape[$0] != .known(1) }
        // All the others have one element: the sum is along a single axis.
        if wide.count <= 1 { bindings.flags.insert("one") }
        bindings.set("from", wide.first ?? axis)
        bindings.set("axes", vector: Array(axis..<shape.count))
      })
  }

  /// The second operand was aligned with the first one's axes from `axis` on.
  private static func broadcastFromAxis(_ name: ByteString) -> OperatorExpansion {
    OperatorExpansion(
      legacy: name, 1...6, ["A", "B"], ["C"],
      """
      %axes = constant $axes
      %aligned = Unsqueeze(%B, %axes)
      %C = \(name.text)(%A, %aligned)
      """,
      prepare: { operation, bindings in
        let (left, right) = (try operation.knownRank(0), try operation.knownRank(1))
        guard case .int(let written)? = operation.attributes["axis"], left <= 64, right <= left,
          (-Int64(left)...Int64(left)).contains(written)
        else { throw ModelError(.invalidModel, "its operands are not aligned at a known axis") }
        let axis = written < 0 ? Int(written) + left : Int(written)
        guard axis + right < left else { throw ModelError(.invalidModel, "its operands do not fit at its axis") }
        bindings.set("axes", vector: Array(right..<left - axis))
      })
  }
}

extension Operation {
  /// The first of the axes that Softmax and its like took together.
  fileprivate func firstJointAxis() throws -> Int {
    let rank = try knownRank(0)
    guard rank <= 64 else { throw ModelError(.invalidModel, "its operand has too many axes") }
    let written: Int64 = if case .int(let axis)? = attributes["axis"] { axis } else { 1 }
    guard (-Int64(rank)..<Int64(rank)).contains(written) else {
      throw ModelError(.invalidModel, "its axis \(written) is none of its operand's")
    }
    return written < 0 ? Int(written) + rank : Int(written)
  }
}
