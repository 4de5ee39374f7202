import IR

/// Makes matrix products and convolutions with int8 weights compute in integers; the range of their other operand is
/// measured at each run.
///
///     %y = MatMul(%x, %w)
///   ->
///     %q, %s, %z = DynamicQuantizeLinear(%x)
///     %i = MatMulInteger(%q, %w_uint8, %z, 128)
///     %y = Mul(Cast(%i) {to = f32}, Mul(%s, %w_scale))
///
/// Conv becomes ConvInteger, Gemm becomes MatMulInteger, and their biases are added after. Operations with one input
/// share its DynamicQuantizeLinear. The scales multiply after the sums, so a scale a channel is always possible.
///
/// Not done, with a remark, where weight or input are not known to be float32, where the weight is the left factor,
/// where its scales do not lie along the output's channels, and for a Gemm with a transposed input or a scaled bias:
/// these decode the weight instead.
struct DynamicQuantization {
  private let context: PassContext
  /// The quantized form of an input within a graph.
  private var inputs: [Key: QuantizedInput] = [:]

  private struct Key: Hashable {
    let value: Value
    let graph: ObjectIdentifier
  }

  private struct QuantizedInput {
    let integers: Value
    let scale: Value
    let zeroPoint: Value
  }

  init(_ context: PassContext) {
    self.context = context
  }

  private var rewriter: Rewriter { context.rewriter }

  /// Rewrites the users of `weight` that can compute in integers.
  ///
  /// - Returns: whether there was one.
  mutating func rewriteUsers(of weight: Int8Weight) throws -> Bool {
    var constants: [Form: WeightConstants] = [:]
    for role in weight.roles where role.kind == .factor {
      if let reason = reason(against: role, weight) {
        context.missed("\(weight.place) is decoded: \(reason)", at: role.user)
        continue
      }
      let form = Form(role.user, weight)
      let shared = try constants[form] ?? insertConstants(weight, form)
      constants[form] = shared
      try rewrite(role.user, shared)
    }
    return !constants.isEmpty
  }

  private func reason(against role: WeightRole, _ weight: Int8Weight) -> String? {
    let user = role.user
    guard role.operandIndex == 1 else { return "it is the left factor" }
    guard weight.literal.elementType == .float32 else { return "it is \(weight.literal.elementType.rawValue)" }
    guard user.operand(0)?.tensorType?.elementType == .float32 else { return "the input is not known to be float" }
    guard role.axis == weight.axis || weight.axis == nil else { return "its scales lie along another axis" }
    if user.is(.conv) || user.is(.matMul) { return nil }
    guard user.is(.gemm) else { return "\(user.definition.qualifiedName) has no integer form" }
    guard !user.flag("transA") else { return "the input of the Gemm is transposed" }
    guard user.operand(2) == nil || user.float("beta") == 1 else { return "the bias of the Gemm is scaled" }
    return user.flag("transB") && weight.roles.count > 1 ? "other operations use it as it is" : nil
  }

  // MARK: Constants

  /// The weight as its integer operations take it.
  private struct WeightConstants {
    let integers: Value
    let zeroPoint: Value
    /// Along the output's channels.
    let scales: Value
  }

  /// What an operation needs its weight to be like. A weight that a Gemm takes transposed is stored the way
  /// MatMulInteger takes it, a Gemm's `alpha` goes into the scales, and a convolution's scales broadcast over the
  /// places of its output.
  private struct Form: Hashable {
    let isTransposed: Bool
    let factor: Float
    let scaleDimensions: [Int]

    init(_ user: Operation, _ weight: Int8Weight) {
      isTransposed = user.is(.gemm) && user.flag("transB")
      factor = user.is(.gemm) ? user.float("alpha") ?? 1 : 1
      let places = user.is(.conv) ? weight.literal.dimensions.count - 2 : 0
      scaleDimensions = weight.axis == nil ? [] : [weight.scales.count] + Array(repeating: 1, count: max(places, 0))
    }
  }

  private func insertConstants(_ weight: Int8Weight, _ form: Form) throws -> WeightConstants {
    func insert(_ literal: TensorLiteral, _ part: String) throws -> Value {
      try rewriter.insertConstant(literal, name: weight.name(of: part), before: weight.constant)
    }
    let integers = try weight.integers.offsetToUInt8()
    return WeightConstants(
      integers: try insert(form.isTransposed ? integers.transposedMatrix() : integers, "uint8"),
      zeroPoint: try insert(TensorLiteral(.uint8, [], bytes: [OffsetToUInt8.zeroPoint]), "zero_point"),
      scales: try insert(weight.scaleLiteral(form.scaleDimensions, times: form.factor), "scale"))
  }

  // MARK: Operations

  private mutating func rewrite(_ user: Operation, _ weight: WeightConstants) throws {
    guard let x = user.operand(0) else { return }
    let input = try quantized(x, before: user)
    let operands: [Value?] = [input.integers, weight.integers, input.zeroPoint, weight.zeroPoint]
    let sums =
      user.is(.conv)
      ? try insert(.convInteger, operands, user.attributes, before: user)
      : try insert(.matMulInteger, operands, before: user)
    let floats = try insert(.cast, [sums], ["to": .elementType(.float32)], before: user)
    let scales = try insert(.mul, [input.scale, weight.scales], before: user)
    var result = try insert(.mul, [floats, scales], before: user)
    if let bias = user.operand(2) {
      result = try insert(.add, [result, try alongChannels(bias, of: user)], before: user)
    }
    try rewriter.replace(user, with: [result])
  }

  /// The one DynamicQuantizeLinear of an input within a graph: users come in order, so the first stands before the
  /// others.
  private mutating func quantized(_ value: Value, before user: Operation) throws -> QuantizedInput {
    let key = Key(value: value, graph: ObjectIdentifier(user.parent ?? context.rewriter.module.main))
    if let known = inputs[key], known.integers.definingOperation?.isBefore(user) ?? false { return known }
    let names = ["int8", "scale", "zero_point"].map { ByteString(value.name.bytes + Array("_\($0)".utf8)) }
    let operation = try rewriter.insert(.dynamicQuantizeLinear, [value], before: user, names: names, resultCount: 3)
    guard let integers = operation.result(0), let scale = operation.result(1), let zeroPoint = operation.result(2)
    else {
      throw ModelError(.internalFailure, "DynamicQuantizeLinear has three results")
    }
    let made = QuantizedInput(integers: integers, scale: scale, zeroPoint: zeroPoint)
    inputs[key] = made
    return made
  }

  /// A convolution's bias, one a channel, in a shape that broadcasts over the places of the output.
  private func alongChannels(_ bias: Value, of user: Operation) throws -> Value {
    guard user.is(.conv), let rank = user.operand(1)?.tensorType?.rank, rank > 2 else { return bias }
    let name = ByteString(bias.name.bytes + Array("_channels".utf8))
    if let literal = bias.literal {
      let dimensions = literal.dimensions + Array(repeating: 1, count: rank - 2)
      let reshaped = try TensorLiteral(literal.elementType, dimensions, literal.source)
      return try rewriter.insertConstant(reshaped, name: name, before: user)
    }
    let axes = try rewriter.insertConstant(try TensorLiteral(int64s: Array(1...rank - 2)), name: name, before: user)
    return try insert(.unsqueeze, [bias, axes], before: user)
  }

  private func insert(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = Attributes(), before user: Operation
  ) throws -> Value {
    try rewriter.insertValue(
      definition, operands, attributes, before: user, name: user.result()?.name ?? definition.name)
  }
}
