import IR

/// Gives the users of a weight its int8 form, decoded to float: tables after they are gathered, all else by one
/// DequantizeLinear.
struct WeightDecoding {
  private let weight: Int8Weight
  private let context: PassContext

  init(_ weight: Int8Weight, _ context: PassContext) {
    self.weight = weight
    self.context = context
  }

  private var rewriter: Rewriter { context.rewriter }

  /// Rewrites whatever still uses the weight.
  ///
  /// - Returns: whether that took a DequantizeLinear.
  func rewriteUsers() throws -> Bool {
    guard let value = weight.constant.result(), value.hasUses else { return false }
    let tables = value.weightRoles.filter(\.isTable).map(\.user)
    let integers = try rewriter.insertConstant(weight.integers, name: weight.name(of: "int8"), before: weight.constant)
    let isShared = value.useCount > tables.count
    let scales = try insertScales(rank: isShared || weight.axis == nil ? nil : weight.integers.dimensions.count)
    for gather in tables { try decodeGathered(gather, integers, scales) }
    guard value.hasUses else { return false }
    let decoded = try decodeWhole(integers, scales, before: firstUser(of: value))
    try rewriter.replace(value, with: decoded, takingName: true)
    return true
  }

  /// One scale, a vector of scales, or with a rank the same as a column that broadcasts over rows.
  private func insertScales(rank: Int?) throws -> Value {
    let count = weight.scales.count
    let dimensions = weight.axis == nil ? [] : rank.map { [count] + Array(repeating: 1, count: $0 - 1) } ?? [count]
    return try rewriter.insertConstant(
      weight.scaleLiteral(dimensions), name: weight.name(of: "scale"), before: weight.constant)
  }

  /// The operation of the constant's own graph before which a decoded weight must stand: the first that uses it, or
  /// that holds a use.
  private func firstUser(of value: Value) -> Operation {
    let home = weight.constant.parent
    let users = value.uses.compactMap { use -> Operation? in
      var operation: Operation? = use.owner
      while let inner = operation, inner.parent !== home { operation = inner.parent?.parentOperation }
      return operation
    }
    return users.min { $0.isBefore($1) } ?? weight.constant
  }

  /// DequantizeLinear; back into the shape of a recurrent layer's gates, and into half precision, where the weight was
  /// that.
  ///
  /// The scale stays float for half-precision weights: DequantizeLinear has half-precision scales only from opset 19
  /// on.
  private func decodeWhole(_ integers: Value, _ scales: Value, before user: Operation) throws -> Value {
    let attributes: Attributes = weight.axis.map { ["axis": .int(Int64($0))] } ?? Attributes()
    var decoded = try insert(.dequantizeLinear, [integers, scales], attributes, before: user)
    if weight.integers.dimensions != weight.literal.dimensions {
      let shape = try TensorLiteral(int64s: weight.literal.dimensions)
      let dimensions = try rewriter.insertConstant(shape, name: weight.name(of: "shape"), before: weight.constant)
      decoded = try insert(.reshape, [decoded, dimensions], before: user)
    }
    return try narrow(decoded, before: user)
  }

  /// Mul(Cast(Gather(integers)), Gather(scales)): the same values, without decoding the rows that nobody asked for.
  private func decodeGathered(_ gather: Operation, _ integers: Value, _ scales: Value) throws {
    guard let indices = gather.operand(1) else { return }
    let rows = try insert(
      .cast, [try insert(.gather, [integers, indices], before: gather)], ["to": .elementType(.float32)], before: gather)
    var factors = scales
    if weight.axis != nil {
      factors = try insert(.gather, [scales, indices], before: gather)
      if scales.tensorType?.rank == 1 {
        let axes = (1..<weight.integers.dimensions.count).map { $0 - weight.integers.dimensions.count }
        let operand = try rewriter.insertConstant(
          try TensorLiteral(int64s: axes), name: weight.name(of: "axes"), before: weight.constant)
        factors = try insert(.unsqueeze, [factors, operand], before: gather)
      }
    }
    let decoded = try narrow(try insert(.mul, [rows, factors], before: gather), before: gather)
    try rewriter.replace(gather, with: [decoded])
  }

  private func narrow(_ value: Value, before user: Operation) throws -> Value {
    guard weight.literal.elementType != .float32 else { return value }
    return try insert(.cast, [value], ["to": .elementType(weight.literal.elementType)], before: user)
  }

  private func insert(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = Attributes(), before anchor: Operation
  ) throws -> Value {
    try rewriter.insertValue(definition, operands, attributes, before: anchor, name: weight.name(of: "float"))
  }
}
