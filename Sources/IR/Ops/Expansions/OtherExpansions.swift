extension OperatorExpansion {
  static let comparisons: [OperatorExpansion] = [
    .init(
      .greaterOrEqual,
      """
      %greater = Greater(%A, %B)
      %equal = Equal(%A, %B)
      %C = Or(%greater, %equal)
      """),
    .init(
      .lessOrEqual,
      """
      %less = Less(%A, %B)
      %equal = Equal(%A, %B)
      %C = Or(%less, %equal)
      """),
  ]

  static let conversions: [OperatorExpansion] = [
    .init(
      .bernoulli,
      """
      [seed] %draw = RandomUniformLike(%input) {dtype = 1, high = 1.0, low = 0.0, seed = $seed}
      [!seed] %draw = RandomUniformLike(%input) {dtype = 1, high = 1.0, low = 0.0}
      %chance = Cast(%input) {to = 1}
      %truth = Less(%draw, %chance)
      %output = Cast(%truth) {to = $type}
      """,
      prepare: { operation, bindings in
        if operation.attributes["seed"] != nil { bindings.flags.insert("seed") }
        bindings.set("type", try operation.int("dtype") ?? operation.knownElementType(0).dataType)
      }),
    .init(
      .castLike,
      """
      [exact] %output = Cast(%input) {to = $type}
      [!exact] %output = Cast(%input) {round_mode = "$mode", saturate = $saturate, to = $type}
      """,
      prepare: { operation, bindings in
        bindings.set("type", try operation.knownElementType(1).dataType)
        let mode = operation.string("round_mode") ?? "up"
        guard ["up", "down", "nearest"].contains(mode) else {
          throw ModelError(.invalidModel, "its round_mode is '\(mode.text)'")
        }
        bindings.set("mode", word: mode.text)
        if operation.attributes["round_mode"] == nil, operation.attributes["saturate"] == nil {
          bindings.flags.insert("exact")
        }
      }),
  ]

  static let quantizations: [OperatorExpansion] = [
    .init(
      .dynamicQuantizeLinear,
      """
      %zero = constant [0.0] : f32[]
      %levels = constant [255.0] : f32[]
      %smallest = ReduceMin(%x) {keepdims = 0}
      %low = Min(%smallest, %zero)
      %largest = ReduceMax(%x) {keepdims = 0}
      %high = Max(%largest, %zero)
      %range = Sub(%high, %low)
      %y_scale = Div(%range, %levels)
      %steps = Div(%low, %y_scale)
      %origin = Sub(%zero, %steps)
      %clipped = Clip(%origin, %zero, %levels)
      %rounded = Round(%clipped)
      %y_zero_point = Cast(%rounded) {to = 2}
      %y = QuantizeLinear(%x, %y_scale, %y_zero_point)
      """)
  ]

  static let rearrangements: [OperatorExpansion] = [
    .init(
      .depthToSpace,
      """
      %apart = constant $apart
      %together = constant $together
      %split = Reshape(%input, %apart)
      [columns] %moved = Transpose(%split) {perm = [0, 1, 4, 2, 5, 3]}
      [!columns] %moved = Transpose(%split) {perm = [0, 3, 4, 1, 5, 2]}
      %output = Reshape(%moved, %together)
      """,
      prepare: { operation, bindings in
        let (channels, height, width) = try operation.knownPlane()
        let block = try operation.knownBlock()
        let isColumns = operation.string("mode") == "CRD"
        if isColumns { bindings.flags.insert("columns") }
        guard channels % (block * block) == 0 else { throw ModelError(.invalidModel, "its channels are no blocks") }
        let depth = channels / (block * block)
        let blocks = isColumns ? [depth, block, block] : [block, block, depth]
        bindings.set("apart", vector: [-1] + blocks + [height, width])
        bindings.set("together", vector: [-1, depth, height * block, width * block])
      }),
    .init(
      .spaceToDepth,
      """
      %apart = constant $apart
      %together = constant $together
      %split = Reshape(%input, %apart)
      [columns] %moved = Transpose(%split) {perm = [0, 1, 3, 5, 2, 4]}
      [!columns] %moved = Transpose(%split) {perm = [0, 3, 5, 1, 2, 4]}
      %output = Reshape(%moved, %together)
      """,
      prepare: { operation, bindings in
        let (channels, height, width) = try operation.knownPlane()
        let block = try operation.knownBlock()
        if operation.string("mode") == "CRD" { bindings.flags.insert("columns") }
        guard height % block == 0, width % block == 0 else {
          throw ModelError(.invalidModel, "its extents are no multiples of its blocks")
        }
        bindings.set("apart", vector: [-1, channels, height / block, block, width / block, block])
        bindings.set("together", vector: [-1, channels * block * block, height / block, width / block])
      }),
  ]
}

extension Operation {
  /// Channels, height and width of the first operand, all of them small and none 0.
  fileprivate func knownPlane() throws -> (channels: Int, height: Int, width: Int) {
    guard let shape = operand(0)?.tensorType?.shape, shape.count == 4 else {
      throw ModelError(.invalidModel, "the shape of its operand is not known")
    }
    let extents = shape.dropFirst().compactMap(\.value).filter { (1...Int(Int32.max)).contains($0) }
    guard extents.count == 3 else { throw ModelError(.invalidModel, "the shape of its operand is not known") }
    return (extents[0], extents[1], extents[2])
  }

  fileprivate func knownBlock() throws -> Int {
    guard let block = int("blocksize"), (1...4096).contains(block) else {
      throw ModelError(.invalidModel, "its blocksize is \(int("blocksize") ?? 0)")
    }
    return block
  }
}
