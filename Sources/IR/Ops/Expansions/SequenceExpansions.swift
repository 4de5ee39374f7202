extension OperatorExpansion {
  static let sequences: [OperatorExpansion] = [causalConvWithState, centerCropPad, range]

  /// A convolution of what came before and now, of which the end is what comes before the next.
  private static let causalConvWithState = OperatorExpansion(
    .causalConvWithState,
    """
    %axis = constant [2] : i64[1]
    %end = constant [9223372036854775807] : i64[1]
    [past_state] %past = Identity(%past_state)
    [!past_state] %nothing = constant [0.0] : T[]
    [!past_state] %one = constant [1] : i64[1]
    [!past_state] %taps = Shape(%weight) {start = 2}
    [!past_state] %before = Sub(%taps, %one)
    [!past_state] %rows = Shape(%input) {end = 2}
    [!past_state] %shape = Concat(%rows, %before) {axis = 0}
    [!past_state] %past = Expand(%nothing, %shape)
    %whole = Concat(%past, %input) {axis = 2}
    %sums = Conv(%whole, %weight, %bias) {group = $channels}
    [active] %gate = Sigmoid(%sums)
    [active] %output = Mul(%sums, %gate)
    [!active] %output = Identity(%sums)
    %length = Shape(%input) {start = 2}
    %present_state = Slice(%whole, %length, %end, %axis)
    """,
    prepare: { operation, bindings in
      let shapes = [
        operation.operand(0)?.tensorType?.shape?.dropFirst().first, operation.operand(1)?.tensorType?.shape?.first,
      ]
      guard let channels = shapes.compactMap({ $0?.value }).first, channels > 0 else {
        throw ModelError(.invalidModel, "the number of its channels is not known")
      }
      bindings.set("channels", channels)
      switch operation.string("activation") {
      case "none", nil: break
      case "silu", "swish": bindings.flags.insert("active")
      case let other?: throw ModelError(.invalidModel, "its activation is '\(other.text)'")
      }
    })

  /// Half of what is too much goes before the middle, and half of what is missing comes there.
  private static let centerCropPad = OperatorExpansion(
    .centerCropPad,
    """
    %axes = constant $chosen
    %zero = constant [0] : i64[]
    %two = constant [2] : i64[]
    %wanted = Cast(%shape) {to = 7}
    %extents = Shape(%input_data)
    %given = Gather(%extents, %axes)
    %growth = Sub(%wanted, %given)
    %shrinkage = Neg(%growth)
    %surplus = Max(%shrinkage, %zero)
    %begin = Div(%surplus, %two)
    %kept = Min(%wanted, %given)
    %end = Add(%begin, %kept)
    %part = Slice(%input_data, %begin, %end, %axes)
    %missing = Max(%growth, %zero)
    %before = Div(%missing, %two)
    %after = Sub(%missing, %before)
    %pads = Concat(%before, %after) {axis = 0}
    %output_data = Pad(%part, %pads, _, %axes)
    """,
    prepare: { operation, bindings in
      if case .ints(let axes)? = operation.attributes["axes"] {
        bindings.set("chosen", vector: axes.map { Int($0) })
      } else {
        bindings.set("chosen", vector: Array(0..<(try operation.knownRank(0))))
      }
    })

  /// As many positions as fit, each times the step: where ones are not zero is where they are.
  private static let range = OperatorExpansion(
    .range,
    """
    [half] %from = Cast(%start) {to = 1}
    [half] %to = Cast(%limit) {to = 1}
    [half] %by = Cast(%delta) {to = 1}
    [!half] %from = Identity(%start)
    [!half] %to = Identity(%limit)
    [!half] %by = Identity(%delta)
    %nothing = constant [0] : i64[]
    %first = constant [0] : i64[1]
    %row = constant [-1] : i64[1]
    %distance = Sub(%to, %from)
    %wide_distance = Cast(%distance) {to = 11}
    %wide_step = Cast(%by) {to = 11}
    %steps = Div(%wide_distance, %wide_step)
    %whole_steps = Ceil(%steps)
    %counted = Cast(%whole_steps) {to = 7}
    %count = Max(%counted, %nothing)
    %extent = Reshape(%count, %row)
    %ones = ConstantOfShape(%extent) {value = [1] : i64[1]}
    %places = NonZero(%ones)
    %numbers = Squeeze(%places, %first)
    [half] %positions = Cast(%numbers) {to = 1}
    [!half] %positions = Cast(%numbers) {to = $T}
    %offsets = Mul(%positions, %by)
    %values = Add(%offsets, %from)
    [half] %output = Cast(%values) {to = $T}
    [!half] %output = Identity(%values)
    """,
    prepare: { operation, bindings in
      let type = try operation.knownElementType(0)
      if type == .float16 || type == .bfloat16 {
        guard operation.int("stash_type") == 1 else {
          throw ModelError(.invalidModel, "it adds up in half precision")
        }
        bindings.flags.insert("half")
      }
    })
}
