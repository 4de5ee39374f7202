extension OperatorExpansion {
  static let attentions: [OperatorExpansion] = [attention, linearAttention, rotaryEmbedding]

  /// Products of queries and keys, what the masks hide at minus infinity, and the mean of the values by their softmax.
  /// Who sees nothing gets zeros.
  private static let attention = OperatorExpansion(
    .attention,
    """
    %first = constant [0] : i64[1]
    %one = constant [1] : i64[1]
    %last = constant [-1] : i64[1]
    %zero = constant [0.0] : T[]
    %hidden_score = constant [-inf] : T[]
    %root = constant [$root] : T[]
    [flat] %query_list = constant $query_list
    [flat] %key_list = constant $key_list
    \(heads("Q", "query", "query_list"))
    \(heads("K", "key", "key_list"))
    \(heads("V", "value", "key_list"))
    [past_key] %present_key = Concat(%past_key, %key) {axis = 2}
    [!past_key] %present_key = Identity(%key)
    [past_value] %present_value = Concat(%past_value, %value) {axis = 2}
    [!past_value] %present_value = Identity(%value)
    [grouped] %groups = constant $groups
    \(shared("present_key", "keys"))
    \(shared("present_value", "values"))
    %scaled_query = Mul(%query, %root)
    %scaled_keys = Mul(%keys, %root)
    %turned_keys = Transpose(%scaled_keys) {perm = [0, 1, 3, 2]}
    %product = MatMul(%scaled_query, %turned_keys)
    [capped] %cap = constant [$softcap] : T[]
    [capped] %quotient = Div(%product, %cap)
    [capped] %bent = Tanh(%quotient)
    [capped] %score = Mul(%bent, %cap)
    [!capped] %score = Identity(%product)
    %query_extent = Shape(%query) {end = 3, start = 2}
    %key_extent = Shape(%present_key) {end = 3, start = 2}
    %query_count = Squeeze(%query_extent)
    %key_count = Squeeze(%key_extent)
    %origin = Squeeze(%first)
    %step = Squeeze(%one)
    [attn_mask] %mask_extent = Shape(%attn_mask) {start = -1}
    [attn_mask] %short = Sub(%key_extent, %mask_extent)
    [attn_mask] %missing = Max(%short, %first)
    [attn_mask] %padding = Concat(%first, %missing) {axis = 0}
    [attn_mask] [truth] %not_said = constant [false] : bool[]
    [attn_mask] [truth] %mask = Pad(%attn_mask, %padding, %not_said, %last)
    [attn_mask] [truth] %visible = Identity(%mask)
    [attn_mask] [truth] %unseen_by_mask = Not(%visible)
    [attn_mask] [!truth] %bias = Cast(%attn_mask) {to = $T}
    [attn_mask] [!truth] %mask = Pad(%bias, %padding, %hidden_score, %last)
    [attn_mask] [!truth] %biased = Add(%score, %mask)
    [!biased] %biased = Identity(%score)
    %key_positions = Range(%origin, %key_count, %step)
    %numbers = Range(%origin, %query_count, %step)
    %rows = Unsqueeze(%numbers, %last)
    [nonpad_kv_seqlen] %sample = constant [-1, 1, 1, 1] : i64[4]
    [nonpad_kv_seqlen] %lengths = Reshape(%nonpad_kv_seqlen, %sample)
    [past_key] %offset = Shape(%past_key) {end = 3, start = 2}
    [!past_key] [nonpad_kv_seqlen] %offset = Sub(%lengths, %query_extent)
    [!past_key] [!nonpad_kv_seqlen] %offset = Identity(%first)
    %positions = Add(%rows, %offset)
    [causal] %later = Greater(%key_positions, %positions)
    [left] %reach = constant [$left_window_size] : i64[]
    [left] %leftmost = Sub(%positions, %reach)
    [left] %too_early = Less(%key_positions, %leftmost)
    [right] %foresight = constant [$right_window_size] : i64[]
    [right] %rightmost = Add(%positions, %foresight)
    [right] %too_late = Greater(%key_positions, %rightmost)
    [nonpad_kv_seqlen] %present = Less(%key_positions, %lengths)
    [nonpad_kv_seqlen] %empty = Not(%present)
    $hiding
    %largest = ReduceMax(%seen, %last)
    %blind = Equal(%largest, %hidden_score)
    [precise] %precise = Cast(%seen) {to = $precision}
    [precise] %precise_shares = Softmax(%precise)
    [precise] %shares = Cast(%precise_shares) {to = $T}
    [!precise] %shares = Softmax(%seen)
    %probabilities = Where(%blind, %zero, %shares)
    %outcome = MatMul(%probabilities, %values)
    [flat] %moved = Transpose(%outcome) {perm = [0, 2, 1, 3]}
    [flat] %joined = constant [0, 0, -1] : i64[3]
    [flat] %Y = Reshape(%moved, %joined)
    [!flat] %Y = Identity(%outcome)
    %qk_matmul_output = Identity($stage)
    """,
    prepare: { operation, bindings in
      let isFlat = try operation.knownRank(0) == 3
      guard let query = operation.operand(0)?.tensorType?.shape, let key = operation.operand(1)?.tensorType?.shape,
        let queryHeads = isFlat ? operation.int("q_num_heads") : query[1].value,
        let keyHeads = isFlat ? operation.int("kv_num_heads") : key[1].value, queryHeads > 0, keyHeads > 0,
        queryHeads.isMultiple(of: keyHeads), isFlat || query.count == 4, key.count == query.count,
        let features = query[query.count - 1].value, features > 0
      else { throw ModelError(.invalidModel, "the number of its heads, or what they have of features, is not known") }
      let size = isFlat ? features / queryHeads : features
      guard try operation.knownElementType(2) == operation.knownElementType(0) else {
        throw ModelError(.invalidModel, "its values are of another type than its queries")
      }
      var scale = 1 / Double(size).squareRoot()
      if case .float(let written)? = operation.attribute("scale") { scale = Double(written) }
      guard scale >= 0, scale.isFinite else { throw ModelError(.invalidModel, "its scale is \(scale)") }
      bindings.set("root", word: scale.squareRoot().description)
      if isFlat { bindings.flags.insert("flat") }
      bindings.set("query_list", vector: [0, 0, queryHeads, -1])
      bindings.set("key_list", vector: [0, 0, keyHeads, -1])
      if queryHeads != keyHeads { bindings.flags.insert("grouped") }
      bindings.set("groups", vector: [1, 1, queryHeads / keyHeads, 1, 1])
      bindings.set("heads", vector: [queryHeads])
      if case .float(let cap)? = operation.attribute("softcap"), cap > 0 { bindings.flags.insert("capped") }
      if let precision = operation.int("softmax_precision") {
        bindings.set("precision", precision)
        bindings.flags.insert("precise")
      }
      bindings.set("hiding", word: try masks(of: operation, &bindings))
      let stages = ["%product", "%score", "%seen", "%probabilities"]
      let stage = operation.int("qk_matmul_output_mode") ?? 0
      guard stages.indices.contains(stage) else {
        throw ModelError(.invalidModel, "its qk_matmul_output_mode is \(stage)")
      }
      bindings.set("stage", word: stages[stage])
    })

  /// Sets the flags of what hides keys from queries, and says how the scores become `%seen`.
  private static func masks(of operation: Operation, _ bindings: inout Bindings) throws -> String {
    var hidden: [String] = []
    if operation.operand(3) != nil {
      if try operation.knownElementType(3) == .bool {
        bindings.flags.insert("truth")
        hidden.append("%unseen_by_mask")
      } else {
        bindings.flags.insert("biased")
      }
    }
    if operation.flag("is_causal") {
      bindings.flags.insert("causal")
      hidden.append("%later")
    }
    for (flag, name, value) in [
      ("left", "left_window_size", "%too_early"), ("right", "right_window_size", "%too_late"),
    ] as [(String, ByteString, String)] where (operation.int(name) ?? -1) >= 0 {
      bindings.flags.insert(flag)
      hidden.append(value)
    }
    if operation.operand(6) != nil { hidden.append("%empty") }
    guard let first = hidden.first else { return "%seen = Identity(%biased)" }
    var lines: [String] = []
    var together = first
    for (index, next) in hidden.dropFirst().enumerated() {
      lines.append("%hidden_\(index) = Or(\(together), \(next))")
      together = "%hidden_\(index)"
    }
    return (lines + ["%seen = Where(\(together), %hidden_score, %biased)"]).joined(separator: "\n")
  }

  /// Features of all heads in a row become an axis of heads and one of features.
  private static func heads(_ operand: String, _ name: String, _ list: String) -> String {
    """
    [flat] %\(name)_apart = Reshape(%\(operand), %\(list))
    [flat] %\(name) = Transpose(%\(name)_apart) {perm = [0, 2, 1, 3]}
    [!flat] %\(name) = Identity(%\(operand))
    """
  }

  /// Each head as often as queries share it.
  private static func shared(_ name: String, _ result: String) -> String {
    """
    [grouped] %\(result)_axis = constant [2] : i64[1]
    [grouped] %\(result)_heads = constant $heads
    [grouped] %\(result)_column = Unsqueeze(%\(name), %\(result)_axis)
    [grouped] %\(result)_repeated = Expand(%\(result)_column, %groups)
    [grouped] %\(result)_before = Shape(%\(name)) {end = 1}
    [grouped] %\(result)_after = Shape(%\(name)) {start = 2}
    [grouped] %\(result)_shape = Concat(%\(result)_before, %\(result)_heads, %\(result)_after) {axis = 0}
    [grouped] %\(result) = Reshape(%\(result)_repeated, %\(result)_shape)
    [!grouped] %\(result) = Identity(%\(name))
    """
  }
}
