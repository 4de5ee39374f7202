import Evaluator
import IR

extension Canonicalize {
  /// Scales that a product nearby can take into its weight.
  static let scalePatterns: [any RewritePattern] = [FoldScaleIntoDistantProduct(), FoldScaleIntoNextProduct()]
}

/// Folds a scale into the product that its operand comes from by a longer way.
///
///     %m = MatMul(%x, %w)
///     %a = Add(%m, %b)
///     %t = Transpose(%a) {perm = [0, 2, 1]}
///     %y = Mul(%t, 0.125)
///   ->
///     %m = MatMul(%x, 0.125 * %w)
///     %a = Add(%m, 0.125 * %b)
///     %y = Transpose(%a) {perm = [0, 2, 1]}
///
/// The product may be a Gemm. On the way: sums with constants; transposes; reshapes that take an axis apart; for a scale
/// that is one number also other reshapes, parts of a Split, and either operand of a product of two matrices. Conditions:
/// each value on the way has one use, and so has the weight; no scaled number overflows or vanishes.
struct FoldScaleIntoDistantProduct: RewritePattern {
  static let roots: [OpDefinition] = [.div, .mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let scale = Scale(operation) else { return .noMatch }
    guard let route = try ScaleRoute(scale, context) else { return .noMatch }
    for (sum, index, literal) in route.summands {
      let name = sum.operand(index)?.name ?? "summand"
      let constant = try context.rewriter.insertConstant(literal, name: name, before: sum)
      context.rewriter.setOperand(index, of: sum, to: constant)
    }
    try context.rewriter.setLiteral(of: route.constant, to: route.weight)
    try context.rewriter.replace(operation, with: [scale.input], takingNames: false)
    return .rewritten
  }
}

/// A product with constant numbers: one, or one for each element along one axis.
private struct Scale {
  let input: Value
  /// `nil` where it is one number.
  var axis: Int?
  var factors: [Double]

  init?(_ operation: Operation) {
    guard operation.is(.mul) || operation.is(.div), operation.operandCount == 2, let result = operation.result(),
      !operation.refersToFunctionAttributes
    else { return nil }
    for position in operation.is(.mul) ? [0, 1] : [0] {
      guard let input = operation.operand(position), input.constantLiteral == nil,
        let literal = operation.operand(1 - position)?.constantLiteral, result.certainlyHasShape(of: input),
        let rank = input.tensorType?.rank, let numbers = try? literal.realNumbers(), !numbers.isEmpty
      else { continue }
      let long = literal.dimensions.indices.filter { literal.dimensions[$0] != 1 }
      guard long.count <= 1, literal.dimensions.count <= rank else { return nil }
      self.input = input
      axis = long.first.map { $0 + rank - literal.dimensions.count }
      factors = operation.is(.mul) ? numbers : numbers.map { 1 / $0 }
      guard factors.allSatisfy({ $0.isFinite && $0 != 0 }) else { return nil }
      return
    }
    return nil
  }
}

/// The way from a scale up to the weight that takes it in.
private struct ScaleRoute {
  private(set) var summands: [(sum: Operation, index: Int, literal: TensorLiteral)] = []
  private(set) var constant: Operation
  private(set) var weight: TensorLiteral

  /// Longer ways are not walked.
  private static let mostSteps = 16
  /// No weight has more columns, whatever a model says of its shapes.
  fileprivate static let mostFactors = 1 << 20

  init?(_ scale: Scale, _ context: PassContext) throws {
    var steps = Self.mostSteps
    guard let route = try Self.walk(scale.input, scale.axis, scale.factors, &steps, context) else { return nil }
    self = route
  }

  private init(_ constant: Operation, _ weight: TensorLiteral) {
    (self.constant, self.weight) = (constant, weight)
  }

  private static func walk(
    _ value: Value, _ axis: Int?, _ factors: [Double], _ steps: inout Int, _ context: PassContext
  ) throws -> ScaleRoute? {
    guard steps > 0, value.hasOneUse, let operation = value.definingOperation, !operation.refersToFunctionAttributes,
      let rank = value.tensorType?.rank
    else { return nil }
    steps -= 1
    if operation.is(.transpose), let permutation = operation.permutation, let source = operation.operand(0) {
      return try walk(source, axis.map { permutation[$0] }, factors, &steps, context)
    }
    if operation.isReshape, let source = operation.operand(0) {
      guard let axis else { return try walk(source, nil, factors, &steps, context) }
      guard let parted = PartedAxis(operation, axis) else { return nil }
      return try walk(source, parted.axis, parted.spread(factors), &steps, context)
    }
    if axis == nil, operation.is(.split), let source = operation.operand(0), let along = operation.axis(rankOf: source)
    {
      let extents = operation.results.compactMap { $0?.tensorType?.shape?[along].value }
      guard extents.count == operation.results.count, let whole = source.tensorType?.shape?[along],
        extents.map({ Dimension.known($0) }).reduce(.known(0), +) == whole, whole.value ?? .max <= Self.mostFactors
      else { return nil }
      let parts = extents.enumerated().flatMap { index, extent in
        Array(repeating: index == value.index ? factors[0] : 1, count: extent)
      }
      return try walk(source, along, parts, &steps, context)
    }
    if operation.is(.add) { return try throughSum(operation, rank, axis, factors, &steps, context) }
    let multiplies = operation.is(.matMul) || operation.is(.gemm) && operation.operand(2) == nil
    if multiplies, axis == nil, operation.operand(1)?.constantLiteral == nil {
      for index in 0...1 {
        guard let operand = operation.operand(index) else { continue }
        if let route = try walk(operand, nil, factors, &steps, context) { return route }
      }
      return nil
    }
    return try end(operation, rank, axis, factors, context)
  }

  private static func throughSum(
    _ sum: Operation, _ rank: Int, _ axis: Int?, _ factors: [Double], _ steps: inout Int, _ context: PassContext
  ) throws -> ScaleRoute? {
    for index in 0...1 {
      guard let literal = sum.operand(index)?.constantLiteral, let other = sum.operand(1 - index),
        sum.result()?.certainlyHasShape(of: other) == true, let numbers = try literal.realNumbers()
      else { continue }
      let scaled: [Double]
      if let axis {
        let long = literal.dimensions.indices.filter { literal.dimensions[$0] != 1 }
        guard long.count == 1, long[0] + rank - literal.dimensions.count == axis, numbers.count == factors.count else {
          return nil
        }
        scaled = zip(numbers, factors).map { $0 * $1 }
      } else {
        scaled = numbers.map { $0 * factors[0] }
      }
      let summand = try TensorLiteral.of(scaled, literal.elementType, literal.dimensions)
      guard try summand.realNumbers()?.allSatisfy(\.isFinite) == true,
        var route = try walk(other, axis, factors, &steps, context)
      else { return nil }
      route.summands.append((sum, index, summand))
      return route
    }
    return nil
  }

  /// The product by a constant matrix, of which columns are scaled.
  private static func end(
    _ product: Operation, _ rank: Int, _ axis: Int?, _ factors: [Double], _ context: PassContext
  ) throws -> ScaleRoute? {
    guard product.is(.matMul) || product.is(.gemm), axis == nil || axis == rank - 1,
      let weight = FoldableWeight(of: product, operand: 1), weight.literal.dimensions.count == 2,
      let layout = ChannelLayout(weight.literal.dimensions, axis: product.flag("transB") ? 0 : 1)
    else { return nil }
    let columns = axis == nil ? Array(repeating: factors[0], count: layout.channels) : factors
    guard columns.count == layout.channels, let scaled = try weight.scaled(by: columns, along: layout, context) else {
      return nil
    }
    var route = ScaleRoute(weight.constant, scaled)
    if product.is(.gemm), product.operand(2) != nil {
      let affine = ChannelAffine(factors: columns, offsets: [0], channels: columns.count)
      guard let bias = try Bias(product, columns.count)?.after(affine, weight.literal.elementType) else { return nil }
      route.summands.append((product, 2, bias))
    }
    return route
  }
}

/// The axis of a reshape's operand that one of its result lies in.
private struct PartedAxis {
  let axis: Int
  /// How many elements of the axis are one step along the result's.
  private let inner: Int
  /// The extents of the operand's axis and of the result's.
  private let extents: (whole: Int, part: Int)

  /// `nil` unless the reshape takes one axis apart, or adds axes of extent 1, and this one is a part of it or stays.
  init?(_ reshape: Operation, _ axis: Int) {
    guard let source = reshape.operand(0)?.tensorType?.shape, let result = reshape.result()?.tensorType?.shape,
      let part = result[axis].value
    else { return nil }
    let before = zip(source, result).prefix { $0.isEqual(to: $1) == true }.count
    if axis < before {
      (self.axis, inner, extents) = (axis, 1, (part, part))
      return
    }
    let rest = zip(source.dropFirst(before).reversed(), result.dropFirst(before).reversed())
    let after = rest.prefix { $0.isEqual(to: $1) == true }.count
    if axis >= result.count - after {
      (self.axis, inner, extents) = (axis - result.count + source.count, 1, (part, part))
      return
    }
    let apart = Shape(result[before..<result.count - after])
    guard source.count - before - after == 1, let whole = source[before].value,
      (1...ScaleRoute.mostFactors).contains(whole), apart.elementCount == .known(whole),
      let parts = apart.knownDimensions
    else { return nil }
    (self.axis, extents) = (before, (whole, part))
    inner = parts[(axis - before + 1)...].reduce(1, *)
  }

  /// One factor for each element of the operand's axis.
  func spread(_ factors: [Double]) -> [Double] {
    guard factors.count == extents.part else { return [] }
    return (0..<extents.whole).map { factors[$0 / inner % extents.part] }
  }
}

/// Folds a scale into the product that comes next.
///
///     %s = Mul(%x, 0.5)
///     %y = MatMul(%s, %w)
///   ->
///     %y = MatMul(%x, 0.5 * %w)
///
/// The same for Div, for Gemm, and for a Conv whose input is scaled by one number or by one a channel. Conditions: the
/// scale and the weight have this one use; no scaled weight overflows or vanishes.
struct FoldScaleIntoNextProduct: RewritePattern {
  static let roots: [OpDefinition] = [.conv, .gemm, .matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let scaling = operation.operand(0)?.definingOperation,
      let scale = Scale(scaling), let rank = scale.input.tensorType?.rank
    else { return .noMatch }
    if let shared = operation.otherUse(of: [scaling.result()]) { return .blocked(shared) }
    guard let weight = FoldableWeight(operation.operand(1)) else {
      return .blocked(FoldableWeight.refusal(of: operation))
    }
    let axis = operation.is(.conv) ? 1 : rank - 1
    guard let inputs = InputChannels(of: weight.literal, operation), scale.axis == nil || scale.axis == axis,
      scale.axis == nil || scale.factors.count == inputs.count
    else { return .blocked("it does more than to scale what \(operation.place) sums up") }
    let factors = inputs.table.map { scale.factors[scale.axis == nil ? 0 : $0] }
    guard let scaled = try weight.scaled(by: factors, along: inputs.layout, context) else {
      return .blocked("the scaled weights would overflow or vanish")
    }
    try context.rewriter.setLiteral(of: weight.constant, to: scaled)
    context.rewriter.setOperand(0, of: operation, to: scale.input)
    return .rewritten
  }
}
