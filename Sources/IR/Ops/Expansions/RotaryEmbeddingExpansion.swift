extension OperatorExpansion {
  /// Pairs of features, which lie side by side or half the features apart, turned by an angle each.
  static let rotaryEmbedding = OperatorExpansion(
    .rotaryEmbedding,
    """
    %last = constant [3] : i64[1]
    %middle = constant [2] : i64[1]
    %inner = constant [-1] : i64[1]
    %begin = constant [0] : i64[1]
    %second = constant [1] : i64[1]
    %end = constant [9223372036854775807] : i64[1]
    [flat] %list = constant $list
    [flat] %apart = Reshape(%X, %list)
    [!flat] %apart = Transpose(%X) {perm = [0, 2, 1, 3]}
    [part] %bound = constant $bound
    [part] %turning = Slice(%apart, %begin, %bound, %last)
    [part] %resting = Slice(%apart, %bound, %end, %last)
    [!part] %turning = Identity(%apart)
    [position_ids] %cosine = Gather(%cos_cache, %position_ids)
    [position_ids] %sine = Gather(%sin_cache, %position_ids)
    [!position_ids] %cosine = Identity(%cos_cache)
    [!position_ids] %sine = Identity(%sin_cache)
    %cosines = Unsqueeze(%cosine, %middle)
    %sines = Unsqueeze(%sine, %middle)
    [pairs] %a = Slice(%turning, %begin, %end, %last, %middle)
    [pairs] %b = Slice(%turning, %second, %end, %last, %middle)
    [!pairs] %a, %b = Split(%turning) {axis = 3, num_outputs = 2}
    %a_cosine = Mul(%cosines, %a)
    %b_sine = Mul(%sines, %b)
    %real = Sub(%a_cosine, %b_sine)
    %a_sine = Mul(%sines, %a)
    %b_cosine = Mul(%cosines, %b)
    %imaginary = Add(%a_sine, %b_cosine)
    [pairs] %reals = Unsqueeze(%real, %inner)
    [pairs] %imaginaries = Unsqueeze(%imaginary, %inner)
    [pairs] %together = Concat(%reals, %imaginaries) {axis = -1}
    [pairs] %shape = Shape(%turning)
    [pairs] %turned = Reshape(%together, %shape)
    [!pairs] %turned = Concat(%real, %imaginary) {axis = 3}
    [part] %whole = Concat(%turned, %resting) {axis = 3}
    [!part] %whole = Identity(%turned)
    [flat] %original = Shape(%X)
    [flat] %Y = Reshape(%whole, %original)
    [!flat] %Y = Transpose(%whole) {perm = [0, 2, 1, 3]}
    """,
    prepare: { operation, bindings in
      if try operation.knownRank(0) == 3 {
        guard let heads = operation.int("num_heads"), heads > 0 else {
          throw ModelError(.invalidModel, "the number of its heads is not known")
        }
        bindings.flags.insert("flat")
        bindings.set("list", vector: [0, 0, heads, -1])
      }
      if operation.flag("interleaved") { bindings.flags.insert("pairs") }
      let turned = operation.int("rotary_embedding_dim") ?? 0
      if turned > 0 { bindings.flags.insert("part") }
      bindings.set("bound", vector: [turned])
    })
}
