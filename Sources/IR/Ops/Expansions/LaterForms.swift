/// What operators can say only in later opsets, in words that older ones have: exact, element for element.
extension OperatorExpansion {
  static let laterForms: [OperatorExpansion] =
    [bitShift, mod, optionalGetElement, optionalHasElement, pad, reshape, resize, shape, trilu]
    + elementTypes + [.gru, .lstm, .rnn].map(withBatchFirst)

  /// Signed integers. A right shift fills with the sign, and none is further than the sign.
  private static let bitShift = OperatorExpansion(
    .bitShift, before: 28,
    """
    %zero = constant [0] : i64[]
    %most = constant [63] : i64[]
    %ones = constant [-1] : i64[]
    %wide = Cast(%X) {to = 7}
    %count = Cast(%Y) {to = 7}
    %backward = Less(%count, %zero)
    %far = Greater(%count, %most)
    %beyond = Or(%backward, %far)
    %distance = Where(%beyond, %most, %count)
    %amount = Cast(%distance) {to = 13}
    [right] %negative = Less(%wide, %zero)
    [right] %opposite = Sub(%ones, %wide)
    [right] %size = Where(%negative, %opposite, %wide)
    [!right] %size = Identity(%wide)
    %bits = Cast(%size) {to = 13}
    %moved = BitShift(%bits, %amount) {direction = string $$direction}
    %shifted = Cast(%moved) {to = 7}
    [right] %mirrored = Sub(%ones, %shifted)
    [right] %result = Where(%negative, %mirrored, %shifted)
    [!right] %result = Where(%beyond, %zero, %shifted)
    %Z = Cast(%result) {to = $T}
    """,
    prepare: { operation, bindings in
      guard ElementTypes.signedInteger.contains(try operation.knownElementType(0)) else {
        throw ModelError(.invalidModel, "its operands are not signed")
      }
      if operation.string("direction") == "RIGHT" { bindings.flags.insert("right") }
    })

  /// The remainder of floats with the divisor's sign, by that with the dividend's.
  private static let mod = OperatorExpansion(
    .mod, before: 28,
    """
    %zero = constant [0.0] : T[]
    %minus = constant [-0.0] : T[]
    %rest = Mod(%A, %B) {fmod = 1}
    %none = Equal(%rest, %zero)
    %low = Less(%rest, %zero)
    %negative = Less(%B, %zero)
    %crossed = Xor(%low, %negative)
    %moved = Add(%rest, %B)
    %turned = Where(%crossed, %moved, %rest)
    %nothing = Where(%negative, %minus, %zero)
    %C = Where(%none, %nothing, %turned)
    """)

  /// A value that is no optional is what it holds.
  private static let optionalGetElement = OperatorExpansion(
    .optionalGetElement, before: 18, "%output = Identity(%input)", prepare: { try refuseOptional($0, &$1) })

  /// A value that is no optional is there, and an operand that is left out is not.
  private static let optionalHasElement = OperatorExpansion(
    .optionalHasElement, before: 18,
    """
    [input] %output = constant [true] : bool[]
    [!input] %output = constant [false] : bool[]
    """, prepare: { try refuseOptional($0, &$1) })

  private static let refuseOptional: Preparation = { operation, _ in
    switch operation.operand(0)?.type {
    case nil, .tensor, .sequence: break
    case .optional, .map, .sparseTensor, .opaque, .unknown: throw ModelError(.invalidModel, "it holds an optional")
    }
  }

  /// Padding of some axes, by padding of all.
  private static let pad = OperatorExpansion(
    .pad, before: 18,
    """
    \(positions)
    %back = Add(%front, %rank)
    %both = Concat(%front, %back) {axis = 0}
    %none = constant $none
    %everywhere = ScatterElements(%none, %both, %pads)
    %output = Pad(%data, %everywhere, %constant_value) {mode = string $$mode}
    """,
    prepare: { operation, bindings in
      guard operation.operand(3) != nil else { throw ModelError(.invalidModel, "it names no axes") }
      let rank = try operation.knownRank(0)
      bindings.set("rank", rank)
      bindings.set("none", vector: Array(repeating: 0, count: 2 * rank))
    })

  /// `%axes` counted from the front.
  private static let positions = """
    %rank = constant [$rank] : i64[]
    %wide = Cast(%axes) {to = 7}
    %front = Mod(%wide, %rank)
    """

  /// An extent of 0 among constant ones is what the others leave of no elements.
  private static let reshape = OperatorExpansion(
    .reshape, before: 14,
    """
    %extents = constant $extents
    %reshaped = Reshape(%data, %extents)
    """,
    prepare: { operation, bindings in
      guard let literal = operation.operand(1)?.literal, var extents = SmallIntegers.values(of: literal) else {
        throw ModelError(.invalidModel, "its shape is not constant")
      }
      let input = operation.operand(0)?.tensorType?.shape ?? []
      let zeros = extents.indices.filter { extents[$0] == 0 }
      let left = zeros.filter { !(input.indices.contains($0) && input[$0] == .known(0)) }
      guard left.isEmpty || zeros.count == 1 && !extents.contains(-1) else {
        throw ModelError(.invalidModel, "several of its extents are 0")
      }
      for index in left { extents[index] = -1 }
      bindings.set("extents", vector: extents)
    })

  /// A resize of some axes, by one of all.
  private static let resize = OperatorExpansion(
    .resize, before: 18,
    """
    %axes = constant $chosen
    \(positions)
    [roi] %back = Add(%front, %rank)
    [roi] %both = Concat(%front, %back) {axis = 0}
    [roi] %frame = constant $frame
    [roi] %region = ScatterElements(%frame, %both, %roi)
    [!roi] %region = Identity(%roi)
    [scales] %ones = constant $ones
    [scales] %factors = ScatterElements(%ones, %front, %scales)
    [!scales] %factors = Identity(%scales)
    [sizes] %shape = Shape(%X)
    [sizes] %extents = ScatterElements(%shape, %front, %sizes)
    [!sizes] %extents = Identity(%sizes)
    %Y = Resize(%X, %region, %factors, %extents) {\(written(.resize, but: ["axes", "keep_aspect_ratio_policy"]))}
    """,
    prepare: { operation, bindings in
      guard case .ints(let axes)? = operation.attributes["axes"],
        (operation.operand(2) == nil) != (operation.operand(3) == nil),
        operation.string("keep_aspect_ratio_policy") == "stretch"
      else { throw ModelError(.invalidModel, "it names no axes, or keeps their ratio") }
      let rank = try operation.knownRank(0)
      bindings.set("chosen", vector: axes.map { Int($0) })
      bindings.set("rank", rank)
      bindings.set("ones", word: "[\(Array(repeating: "1.0", count: rank).joined(separator: ", "))] : f32[\(rank)]")
      let corners = Array(repeating: "0.0", count: rank) + Array(repeating: "1.0", count: rank)
      bindings.set("frame", word: "[\(corners.joined(separator: ", "))] : f32[\(2 * rank)]")
      guard try operation.operand(1) == nil || operation.knownElementType(1) == .float32 else {
        throw ModelError(.invalidModel, "its region is not of single precision")
      }
    })

  /// A part of a shape.
  private static let shape = OperatorExpansion(
    .shape, before: 15,
    """
    %begin = constant $begin
    %end = constant $stop
    %extents = Shape(%data)
    %shape = Slice(%extents, %begin, %end)
    """,
    prepare: { operation, bindings in
      bindings.set("begin", vector: [operation.int("start") ?? 0])
      bindings.set("stop", vector: [operation.int("end") ?? Int.max])
    })

  /// What is not in a triangle is zero.
  private static let trilu = OperatorExpansion(
    .trilu, before: 14,
    """
    %zero = constant [0] : i64[]
    %one = constant [1] : i64[]
    %last = constant [-1] : i64[1]
    %second = constant [-2] : i64[1]
    %end = constant [9223372036854775807] : i64[1]
    %nothing = constant $nothing
    %shape = Shape(%input)
    %heights = Slice(%shape, %second, %last)
    %widths = Slice(%shape, %last, %end)
    %height = Squeeze(%heights)
    %width = Squeeze(%widths)
    %numbers = Range(%zero, %height, %one)
    %columns = Range(%zero, %width, %one)
    %rows = Unsqueeze(%numbers, %last)
    [k] %bounds = Add(%rows, %k)
    [!k] %bounds = Identity(%rows)
    [upper] %outside = Less(%columns, %bounds)
    [!upper] %outside = Greater(%columns, %bounds)
    %output = Where(%outside, %nothing, %input)
    """,
    prepare: { operation, bindings in
      if operation.flag("upper") { bindings.flags.insert("upper") }
      let type = try operation.knownElementType(0)
      guard ElementTypes.numeric.contains(type) || type == .bool else {
        throw ModelError(.invalidModel, "its elements are no numbers")
      }
      bindings.set("nothing", word: "[\(type == .bool ? "false" : "0")] : \(type.rawValue)[]")
    })

  // MARK: Element types

  /// Element types that the operator took later, by way of one that it always took and that has all their elements.
  private static let elementTypes: [OperatorExpansion] =
    [.add, .div, .mul, .sub].map {
      converting($0, ["A", "B"], of: [.int8, .int16, .uint8, .uint16], by: .int64, before: 14)
    }
    + [.reduceMax, .reduceMin].map { converting($0, ["data"], of: [.bool], by: .uint8, before: 20) }
    + [
      converting(.compress, ["input"], of: [.bfloat16], by: .float32, before: 28),
      converting(.isInf, ["X"], of: [.bfloat16, .float16], by: .float32, before: 20),
      converting(.oneHot, ["values"], of: [.bfloat16], by: .float32, before: 28),
      converting(.reverseSequence, ["input"], of: [.bfloat16], by: .float32, before: 28),
      converting(.unique, ["X"], of: [.bfloat16], by: .float32, before: 28),
    ]

  /// - Parameters:
  ///   - operands: those that are converted, and with them the first result where it has their type.
  private static func converting(
    _ definition: OpDefinition, _ operands: [String], of types: [ElementType], by type: ElementType, before end: Int
  ) -> OperatorExpansion {
    let before = operands.map { "%\($0)_converted = Cast(%\($0)) {to = \(type.dataType)}" }
    let taken = definition.operands.map { operands.contains($0.name) ? "%\($0.name)_converted" : "%\($0.name)" }
    let given = definition.results.enumerated().map { $0 == 0 ? "%found" : "%\($1.name)" }.joined(separator: ", ")
    let call = "\(given) = \(definition.name.text)(\(taken.joined(separator: ", "))) {\(written(definition))}"
    let result = definition.results.first
    let isConverted = result.map { if case .fixed = $0.rule { false } else { true } } ?? false
    let after = "%\(result?.name ?? "") = " + (isConverted ? "Cast(%found) {to = $type}" : "Identity(%found)")
    return OperatorExpansion(
      definition, before: end, (before + [call, after]).joined(separator: "\n"),
      prepare: { operation, bindings in
        let index = definition.operands.firstIndex { $0.name == operands.first } ?? 0
        let type = try operation.knownElementType(index)
        guard types.contains(type) else { throw ModelError(.invalidModel, "of \(type.rawValue) it always was") }
        bindings.set("type", type.dataType)
      })
  }

  // MARK: Axes

  /// Recurrent operators with the batch before the sequence, by moving axes.
  private static func withBatchFirst(_ definition: OpDefinition) -> OperatorExpansion {
    func isMoved(_ operand: String) -> Bool { operand == "X" || operand.hasPrefix("initial_") }
    func moved(_ name: String, to target: String, _ order: String) -> String {
      "%\(target) = Transpose(%\(name)) {perm = \(order)}"
    }
    let operands = definition.operands.map(\.name)
    let results = definition.results.map(\.name)
    let before = operands.filter(isMoved).flatMap { name in
      ["[\(name)] " + moved(name, to: "\(name)_moved", "[1, 0, 2]"), "[!\(name)] %\(name)_moved = Identity(%\(name))"]
    }
    let taken = operands.map { isMoved($0) ? "%\($0)_moved" : "%\($0)" }.joined(separator: ", ")
    let given = results.map { "%\($0)_moved" }.joined(separator: ", ")
    let call = "\(given) = \(definition.name.text)(\(taken)) {\(written(definition, but: ["layout"]))}"
    let after = results.map { moved("\($0)_moved", to: $0, $0 == "Y" ? "[2, 0, 1, 3]" : "[1, 0, 2]") }
    return OperatorExpansion(definition, before: 14, (before + [call] + after).joined(separator: "\n"))
  }

  /// The attributes of an operator as an operation has them.
  private static func written(_ definition: OpDefinition, but left: [ByteString] = []) -> String {
    definition.attributes.filter { !left.contains($0.name) }
      .map { "\($0.name.text) = \($0.kind.rawValue) $$\($0.name.text)" }.joined(separator: ", ")
  }
}
