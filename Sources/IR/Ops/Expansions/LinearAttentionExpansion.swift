extension OperatorExpansion {
  /// A recurrence over the sequence: the state fades, takes in the product of key and value, and is read by the query.
  static let linearAttention = OperatorExpansion(
    .linearAttention,
    """
    %query_list = constant $query_list
    %key_list = constant $key_list
    %group_list = constant $group_list
    %out_list = constant $out_list
    %joined = constant [0, 0, -1] : i64[3]
    %last = constant [-1] : i64[1]
    %rows = constant [-2] : i64[1]
    %second = constant [2] : i64[1]
    %scale = constant [$factor] : f32[]
    %single_query = Cast(%query) {to = 1}
    %single_key = Cast(%key) {to = 1}
    %single_value = Cast(%value) {to = 1}
    %queries = Reshape(%single_query, %query_list)
    %keys = Reshape(%single_key, %key_list)
    %values = Reshape(%single_value, %key_list)
    [decay] %single_decay = Cast(%decay) {to = 1}
    [decay] %decays = Reshape(%single_decay, %key_list)
    [beta] %single_beta = Cast(%beta) {to = 1}
    [beta] %rates = Unsqueeze(%single_beta, %last)
    [past_state] %begin = Cast(%past_state) {to = 1}
    [!past_state] %nothing = constant [0.0] : f32[]
    [!past_state] %samples = Shape(%keys) {end = 1}
    [!past_state] %key_shape = Shape(%keys) {start = 2}
    [!past_state] %value_shape = Shape(%values) {start = 3}
    [!past_state] %state_shape = Concat(%samples, %key_shape, %value_shape) {axis = 0}
    [!past_state] %begin = Expand(%nothing, %state_shape)
    %end, %stack = Scan(%begin, %queries, %keys, %values$series) {num_scan_inputs = $count, scan_input_axes = $axes, scan_output_axes = [1], body = graph @step(%state: ?, %q: ?, %k: ?, %v: ?$steps) -> (next: ?, output: ?) {
    [decay] %power = Exp(%g)
    [decay] %fading = Unsqueeze(%power, %last)
    [decay] %faded = Mul(%state, %fading)
    [!decay] %faded = Identity(%state)
    %key_column = Unsqueeze(%k, %last)
    [beta] %marked = Mul(%faded, %key_column)
    [beta] %found = ReduceSum(%marked, %rows) {keepdims = 0}
    [beta] %gap = Sub(%v, %found)
    [beta] %change = Mul(%b, %gap)
    [!beta] %change = Identity(%v)
    %change_row = Unsqueeze(%change, %rows)
    %written = Mul(%key_column, %change_row)
    %next = Add(%faded, %written)
    %memory = Unsqueeze(%next, %second)
    %grouped = Reshape(%q, %group_list)
    %query_column = Unsqueeze(%grouped, %last)
    %read = Mul(%query_column, %memory)
    %answer = ReduceSum(%read, %rows) {keepdims = 0}
    %scaled = Mul(%scale, %answer)
    %output = Reshape(%scaled, %out_list)
    return %next, %output
    }}
    %row = Reshape(%stack, %joined)
    %output = Cast(%row) {to = $T}
    %present_state = Cast(%end) {to = $state}
    """,
    prepare: { operation, bindings in
      guard let queryHeads = operation.int("q_num_heads"), let keyHeads = operation.int("kv_num_heads"), keyHeads > 0,
        queryHeads > 0, queryHeads.isMultiple(of: keyHeads)
      else { throw ModelError(.invalidModel, "its heads are no whole groups") }
      bindings.set("query_list", vector: [0, 0, queryHeads, -1])
      bindings.set("key_list", vector: [0, 0, keyHeads, -1])
      bindings.set("group_list", vector: [0, keyHeads, queryHeads / keyHeads, -1])
      bindings.set("out_list", vector: [0, queryHeads, -1])
      var scale = 0.0
      if case .float(let written)? = operation.attribute("scale") { scale = Double(written) }
      if scale == 0 {
        guard let features = operation.operand(0)?.tensorType?.shape?.last?.value, features >= queryHeads else {
          throw ModelError(.invalidModel, "what its heads have of features is not known")
        }
        scale = 1 / Double(features / queryHeads).squareRoot()
      }
      bindings.set("factor", word: scale.description)
      let more = [(4, ", %decays", ", %g: ?"), (5, ", %rates", ", %b: ?")].filter { operation.operand($0.0) != nil }
      bindings.set("series", word: more.map(\.1).joined())
      bindings.set("steps", word: more.map(\.2).joined())
      bindings.set("count", 3 + more.count)
      bindings.set("axes", word: "[\(Array(repeating: "1", count: 3 + more.count).joined(separator: ", "))]")
      let state = operation.operand(3) == nil ? 0 : 3
      bindings.set("state", try operation.knownElementType(state).dataType)
    })
}
