import IR

extension Canonicalize {
  /// Windows that slide over an image, and borders around it.
  static let windowPatterns: [any RewritePattern] = [FoldPadIntoWindow(), TransposeBeforePad()]
}

/// Pads while a window slides, instead of before.
///
///     %p = Pad(%x, [0, 0, 1, 1, 0, 0, 1, 1])
///     %y = Conv(%p, %w)
///   ->
///     %y = Conv(%x, %w) {pads = [1, 1, 1, 1]}
///
/// The same for AveragePool, which then counts the borders, and for MaxPool where the borders are minus infinity, or 0
/// around what is not negative. Conditions: constant borders of spatial axes, none of them removed; the padding has this one use; pools do
/// not round extents up, and each of their windows holds an element.
struct FoldPadIntoWindow: RewritePattern {
  static let roots: [OpDefinition] = [.averagePool, .conv, .maxPool]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let pad = operation.producer(0, .pad), !operation.refersToFunctionAttributes, let source = pad.operand(0),
      let rank = source.tensorType?.rank, rank > 2
    else { return .noMatch }
    guard pad.string("mode") == "constant", let borders = Borders(pad, rank: rank) else {
      return .blocked("the borders of \(pad.place) are not constant")
    }
    guard borders.numbers.allSatisfy({ $0 >= 0 }), borders.areSpatial else {
      return .blocked("\(pad.place) removes elements, or pads other axes than those the window slides along")
    }
    let written = operation.ints("pads").map { $0.map { Int($0) } } ?? Array(repeating: 0, count: 2 * (rank - 2))
    let mode = operation.string("auto_pad") ?? "NOTSET"
    guard mode == "NOTSET" || mode == "VALID", written.count == 2 * (rank - 2) else {
      return .blocked("\(operation.place) pads by itself already, as \(mode) says")
    }
    let sums = zip(mode == "VALID" ? written.map { _ in 0 } : written, borders.spatial).map {
      $0.addingReportingOverflow($1).partialValue
    }
    if let reason = Self.obstacle(operation, pad, source, before: written, after: sums) { return .blocked(reason) }
    guard pad.result()?.hasOneUse == true else { return .blocked(pad.otherUse(besides: operation)) }
    context.rewriter.setAttribute("pads", of: operation, to: .ints(sums.map { Int64($0) }))
    context.rewriter.setAttribute("auto_pad", of: operation, to: nil)
    if operation.is(.averagePool) { context.rewriter.setAttribute("count_include_pad", of: operation, to: .int(1)) }
    context.rewriter.setOperand(0, of: operation, to: source)
    return .rewritten
  }

  /// Why the window cannot take in what `pad` adds; `nil` where it can.
  private static func obstacle(
    _ window: Operation, _ pad: Operation, _ source: Value, before: [Int], after: [Int]
  ) -> String? {
    let filling = pad.operand(2) == nil ? 0 : pad.operand(2)?.uniformConstant
    guard let filling else { return "what \(pad.place) fills in is not constant" }
    if window.is(.conv) {
      return filling == 0 && filling.sign == .plus ? nil : "\(pad.place) fills in something else than 0"
    }
    guard let kernel = window.ints("kernel_shape"), after.count == 2 * kernel.count, !window.flag("ceil_mode"),
      window.ints("dilations")?.allSatisfy({ $0 == 1 }) != false,
      after.enumerated().allSatisfy({ $1 < Int(kernel[$0 % kernel.count]) })
    else { return "a window of \(window.place) may lie in the borders alone" }
    if window.is(.averagePool) {
      guard filling == 0 else { return "\(pad.place) fills in something else than 0" }
      let counts = window.flag("count_include_pad") || before.allSatisfy { $0 == 0 }
      return counts ? nil : "\(window.place) does not count its own borders"
    }
    guard window.results.count == 1 else { return "\(window.place) says where in the borders elements lie" }
    guard source.tensorType.map({ ElementTypes.float.contains($0.elementType) }) == true else {
      return "\(window.place) is not one of floating-point numbers"
    }
    let isBelow = filling == -.infinity || (filling == 0 && source.isNeverNegative)
    return isBelow ? nil : "\(pad.place) fills in what may be the largest element"
  }
}

/// Turns an image before it is padded, so that the window can pad it: what exporters of channels-last models leave.
///
///     %p = Pad(%x, [0, 3, 3, 0, 0, 3, 3, 0])
///     %t = Transpose(%p) {perm = [0, 3, 1, 2]}
///     %y = Conv(%t, %w)
///   ->
///     %t = Transpose(%x) {perm = [0, 3, 1, 2]}
///     %p = Pad(%t, [0, 0, 3, 3, 0, 0, 3, 3])
///     %y = Conv(%p, %w)
///
/// Conditions: constant borders of what are spatial axes for the window, none of them removed; the padding and the
/// transposed image have this one use.
struct TransposeBeforePad: RewritePattern {
  static let roots = FoldPadIntoWindow.roots
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let transpose = operation.producer(0, .transpose), let permutation = transpose.permutation,
      permutation.count > 2, let pad = transpose.producer(0, .pad), !pad.refersToFunctionAttributes,
      pad.string("mode") == "constant", let source = pad.operand(0), let pads = pad.operand(1),
      let borders = Borders(pad, rank: permutation.count)?.transposed(permutation), borders.areSpatial,
      borders.numbers.allSatisfy({ $0 >= 0 })
    else { return .noMatch }
    if let shared = operation.otherUse(of: [pad.result(), transpose.result()]) { return .blocked(shared) }
    let rewriter = context.rewriter
    let turned = try rewriter.insertValue(
      .transpose, [source], transpose.attributes, before: transpose, name: transpose.result()?.name ?? source.name)
    let constant = try rewriter.insertConstant(
      TensorLiteral.integers(borders.numbers), name: pads.name, before: transpose)
    let filling = pad.operand(2).map { [$0] } ?? []
    let padded = try rewriter.insert(.pad, [turned, constant] + filling, pad.attributes, before: transpose)
    try rewriter.replace(transpose, with: padded.presentResults)
    return .rewritten
  }
}

/// What a Pad adds before and after each axis.
private struct Borders {
  let numbers: [Int]
  let rank: Int

  private init(numbers: [Int], rank: Int) {
    (self.numbers, self.rank) = (numbers, rank)
  }

  init?(_ pad: Operation, rank: Int) {
    guard let pads = pad.operand(1)?.constantIntegers else { return nil }
    var axes = Array(0..<rank)
    if let operand = pad.operand(3) {
      guard let listed = operand.constantIntegers, listed.allSatisfy({ (-rank..<rank).contains($0) }) else {
        return nil
      }
      axes = listed.map { $0 < 0 ? $0 + rank : $0 }
    }
    guard pads.count == 2 * axes.count else { return nil }
    var numbers = Array(repeating: 0, count: 2 * rank)
    for (index, axis) in axes.enumerated() {
      numbers[axis] = pads[index]
      numbers[rank + axis] = pads[axes.count + index]
    }
    self.init(numbers: numbers, rank: rank)
  }

  var areSpatial: Bool { [0, 1, rank, rank + 1].allSatisfy { numbers[$0] == 0 } }

  /// In the order of a window's `pads`.
  var spatial: [Int] { Array(numbers[2..<rank] + numbers[(rank + 2)...]) }

  /// Those of the transposed image.
  func transposed(_ permutation: [Int]) -> Borders {
    Borders(numbers: permutation.map { numbers[$0] } + permutation.map { numbers[rank + $0] }, rank: rank)
  }
}

extension Value {
  /// Whether its elements cannot be less than 0.
  fileprivate var isNeverNegative: Bool {
    guard let operation = definingOperation, !operation.refersToFunctionAttributes else { return false }
    if operation.is(.clip) { return operation.operand(1)?.uniformConstant.map { $0 >= 0 } == true }
    return [OpDefinition.abs, .exp, .relu, .sigmoid, .softmax].contains { operation.is($0) }
  }
}
