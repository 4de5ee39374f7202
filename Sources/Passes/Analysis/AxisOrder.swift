import IR

/// Another order of the axes of a tensor: `Transpose {perm = permutation}` of the tensor in that order is the tensor.
struct AxisOrder: Hashable, Sendable {
  /// Where each axis lies in the other order.
  let permutation: [Int]

  /// `nil` where `permutation` is none.
  init?(_ permutation: [Int]) {
    guard permutation.sorted() == Array(permutation.indices) else { return nil }
    self.permutation = permutation
  }

  var rank: Int { permutation.count }

  /// The way back.
  var inverse: [Int] {
    var inverse = permutation
    for (axis, place) in permutation.enumerated() { inverse[place] = axis }
    return inverse
  }
}

/// An operation that computes the same whatever the order of the axes of its tensors, if told where they went.
struct ReorderableOperation {
  enum Kind {
    /// All operands are broadcast to the result's shape.
    case elementwise
    /// The attribute `axis` says which axis is meant.
    case oneAxis
    /// An operand lists axes.
    case listedAxes(operand: Int)
    /// The operand has a number for the beginning and one for the end of each axis.
    case borders
  }

  let operation: Operation
  let kind: Kind
  /// Whether elements are added up along an axis: implementations do so in an order of their own.
  let addsUp: Bool
  /// Whether the result has no axes where the operand was reduced, and the order of the others stays.
  let dropsAxes: Bool

  /// `nil` where `operation` is none, for tensors in this order.
  init?(_ operation: Operation, in order: AxisOrder) {
    guard !operation.refersToFunctionAttributes, operation.regions.isEmpty, let first = operation.operand(0),
      let result = operation.result()
    else { return nil }
    self.operation = operation
    if Self.isElementwise(operation) {
      guard result.tensorType?.rank == order.rank,
        operation.operands.allSatisfy({ Self.isBroadcast($0, in: order) })
      else { return nil }
      (kind, addsUp, dropsAxes) = (.elementwise, false, false)
      return
    }
    guard first.tensorType?.rank == order.rank, first.constantLiteral == nil else { return nil }
    if let reduced = operation.reducedAxes, Self.reductions.contains(where: { operation.is($0) }) {
      guard operation.operand(1) != nil else { return nil }
      if !operation.flag("keepdims") {
        let places = order.permutation.indices.filter { !reduced.contains($0) }.map { order.permutation[$0] }
        guard places == places.sorted() else { return nil }
      }
      (kind, dropsAxes) = (.listedAxes(operand: 1), !operation.flag("keepdims"))
      addsUp = !operation.is(.reduceMax) && !operation.is(.reduceMin)
      return
    }
    guard result.tensorType?.rank == order.rank else { return nil }
    dropsAxes = false
    if Self.alongOneAxis.contains(where: { operation.is($0) }) {
      guard operation.axis(rankOf: first) != nil, operation.is(.concat) || operation.operandCount <= 2,
        !operation.is(.concat) || operation.operands.allSatisfy({ Self.isBroadcast($0, in: order) })
      else { return nil }
      (kind, addsUp) = (.oneAxis, operation.is(.softmax) || operation.is(.logSoftmax))
    } else if operation.is(.slice) {
      guard ConstantSlice(operation) != nil else { return nil }
      (kind, addsUp) = (.listedAxes(operand: 3), false)
    } else if operation.is(.pad) {
      guard operation.operand(3) == nil, operation.operand(1)?.constantIntegers?.count == 2 * order.rank else {
        return nil
      }
      (kind, addsUp) = (.borders, false)
    } else {
      return nil
    }
  }

  private static func isElementwise(_ operation: Operation) -> Bool {
    if operation.is(.quantizeLinear) || operation.is(.dequantizeLinear) {
      return operation.operand(1)?.tensorType?.rank == 0
    }
    return operation.has([.pure, .elementwise]) && !operation.has(.random)
  }

  private static let reductions: [OpDefinition] = [
    .reduceL1, .reduceL2, .reduceMax, .reduceMean, .reduceMin, .reduceProd, .reduceSum, .reduceSumSquare,
  ]
  private static let alongOneAxis: [OpDefinition] = [.concat, .logSoftmax, .softmax, .split]

  /// The operands whose axes are in the order; others are lists and numbers.
  var orderedOperands: Range<Int> {
    switch kind {
    case .elementwise: return 0..<operation.operandCount
    case .oneAxis: return 0..<(operation.is(.concat) ? operation.operandCount : 1)
    case .listedAxes, .borders: return 0..<1
    }
  }

  /// Whether `operand` can be put in the order at all.
  private static func isBroadcast(_ operand: Value?, in order: AxisOrder) -> Bool {
    guard let operand else { return true }
    guard let rank = operand.tensorType?.rank, rank <= order.rank else { return false }
    if let literal = operand.constantLiteral { return literal.reordered(order) != nil }
    return rank == 0 || rank == order.rank
  }

  /// Inserts this operation on `operands`, whose axes are in the order.
  func insert(
    on operands: [Value?], in order: AxisOrder, before anchor: Operation, _ context: PassContext
  ) throws -> Operation {
    var operands = operands
    var attributes = operation.attributes
    switch kind {
    case .elementwise: break
    case .oneAxis:
      guard let axis = operation.axis(rankOf: operation.operand(0)) else { break }
      attributes["axis"] = .int(Int64(order.permutation[axis]))
    case .listedAxes(let index):
      let axes = operation.is(.slice) ? ConstantSlice(operation)?.axes : operation.reducedAxes?.sorted()
      let list = try TensorLiteral.of(axes?.map { order.permutation[$0] } ?? [], as: operation.operand(1))
      let name = operation.operand(index)?.name ?? "axes"
      while operands.count <= index { operands.append(nil) }
      operands[index] = try context.rewriter.insertConstant(list, name: name, before: anchor)
    case .borders:
      let pads = operation.operand(1)?.constantIntegers ?? []
      let places = order.inverse + order.inverse.map { $0 + order.rank }
      let constant = try TensorLiteral.integers(places.map { pads[$0] })
      operands[1] = try context.rewriter.insertConstant(
        constant, name: operation.operand(1)?.name ?? "pads", before: anchor)
    }
    let copy = try context.rewriter.insert(
      operation.definition, operands, attributes, before: anchor, resultCount: operation.results.count)
    copy.location.name = operation.location.name
    return copy
  }
}

extension TensorLiteral {
  /// The elements of a tensor in another order of axes, where that moves none: at most one axis is longer than 1. A
  /// tensor of lower rank is one whose first axes are 1.
  func reordered(_ order: AxisOrder) -> TensorLiteral? {
    guard dimensions.count <= order.rank, dimensions.count(where: { $0 != 1 }) <= 1 else { return nil }
    if elementCount == 1 { return self }
    let extents = Array(repeating: 1, count: order.rank - dimensions.count) + dimensions
    return try? TensorLiteral(elementType, order.inverse.map { extents[$0] }, source)
  }

  /// A list of integers of the element type that `list` has.
  fileprivate static func of(_ integers: [Int], as list: Value?) throws -> TensorLiteral {
    let type = list?.tensorType?.elementType ?? .int64
    return try TensorLiteral.of(integers, type, [integers.count]) ?? TensorLiteral.integers(integers)
  }
}
