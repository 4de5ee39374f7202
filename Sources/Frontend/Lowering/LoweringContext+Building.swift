import IR

/// Short forms of what lowerings build again and again.
extension LoweringContext {
  func op(_ definition: OpDefinition, _ operands: Value?..., attributes: Attributes = [:]) throws -> Value {
    guard let result = try ops(definition, operands, attributes).first else {
      throw ModelError(.internalFailure, "\(definition.qualifiedName) has no result")
    }
    return result
  }

  func ops(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = [:], results: Int = 1
  ) throws -> [Value] {
    try ops(definition, operands, attributes, results: results, regions: [])
  }

  // MARK: Constants

  func constant(_ values: [Int]) throws -> Value { try builder.constant(values) }

  /// A number without axes, rounded to `type`.
  func scalar(_ value: Double, _ type: ElementType) throws -> Value {
    try builder.constant(try TensorLiteral.filled(value, type, []))
  }

  func scalar(_ value: Int, _ type: ElementType) throws -> Value {
    try builder.constant(try TensorLiteral.filled(value, type, []))
  }

  func vector(filled value: Double, _ count: Int, _ type: ElementType) throws -> Value {
    try builder.constant(try TensorLiteral.filled(value, type, [count]))
  }

  // MARK: Types

  func cast(_ value: Value, to type: ElementType) throws -> Value {
    if try elementType(value) == type { return value }
    return try op(.cast, value, attributes: ["to": .elementType(type)])
  }

  /// `value` with the element type and the shape of `model`, to whose shape it broadcasts.
  func like(_ model: Value, _ value: Value) throws -> Value {
    let value = try cast(value, to: try elementType(model))
    if let shape = value.tensorType?.shape, shape == model.tensorType?.shape, !shape.contains(.unknown) { return value }
    return try op(.expand, value, shapeOperand(of: model))
  }

  /// The shape of a value as an operand: a constant where it is known.
  func shapeOperand(of value: Value) throws -> Value {
    if let known = value.tensorType?.shape?.knownDimensions { return try constant(known) }
    return try op(.shape, value)
  }

  // MARK: Axes

  func transpose(_ value: Value, _ order: [Int]) throws -> Value {
    if order == Array(order.indices) { return value }
    return try op(.transpose, value, attributes: ["perm": .ints(order.map { Int64($0) })])
  }

  /// `value` with two axes exchanged.
  func transpose(_ value: Value, _ a: Int, _ b: Int) throws -> Value {
    var order = Array(0..<(try rank(value)))
    guard order.indices.contains(a), order.indices.contains(b) else { return value }
    order.swapAt(a, b)
    return try transpose(value, order)
  }

  func unsqueeze(_ value: Value, _ axes: [Int]) throws -> Value {
    axes.isEmpty ? value : try op(.unsqueeze, value, constant(axes))
  }

  func squeeze(_ value: Value, _ axes: [Int]) throws -> Value {
    axes.isEmpty ? value : try op(.squeeze, value, constant(axes))
  }

  func slice(_ value: Value, _ axis: Int, from start: Int, to end: Int = .max, step: Int = 1) throws -> Value {
    if start == 0, end == .max, step == 1 { return value }
    let steps = step == 1 ? nil : try constant([step])
    return try op(.slice, value, constant([start]), constant([end]), constant([axis]), steps)
  }

  func concat(_ values: [Value], _ axis: Int) throws -> Value {
    if values.count == 1 { return values[0] }
    guard let result = try ops(.concat, values, ["axis": .int(Int64(axis))]).first else { return values[0] }
    return result
  }

  /// Parts of the given extents along an axis.
  func split(_ value: Value, _ axis: Int, _ extents: [Int]) throws -> [Value] {
    if extents.count == 1 { return [value] }
    return try ops(.split, [value, constant(extents)], ["axis": .int(Int64(axis))], results: extents.count)
  }

  /// Two parts of one extent.
  func halves(_ value: Value, _ axis: Int) throws -> [Value] {
    if let known = try extent(of: value, axis).known { return try split(value, axis, [known / 2, known / 2]) }
    return try ops(.split, [value, nil], ["axis": .int(Int64(axis)), "num_outputs": .int(2)], results: 2)
  }

  // MARK: Numbers that are not known

  /// A number without axes as a vector of one.
  func vector(_ element: Value) throws -> Value {
    try rank(element) == 0 ? unsqueeze(element, [0]) : element
  }

  /// A vector of one as a number without axes.
  func element(_ vector: Value) throws -> Value {
    try rank(vector) == 0 ? vector : squeeze(vector, [0])
  }

  /// The axis `axis` of a shape, as a vector of one.
  func extent(of value: Value, _ axis: Int) throws -> Extent {
    let shape = try shape(value)
    guard shape.indices.contains(axis) else {
      throw ModelError(.invalidModel, "asks for axis \(axis) of a tensor of rank \(shape.count)")
    }
    if let known = shape[axis].value { return .known(known) }
    return .symbolic(try op(.shape, value, attributes: ["start": .int(Int64(axis)), "end": .int(Int64(axis) + 1)]))
  }

  func reduce(_ definition: OpDefinition, _ value: Value, _ axes: [Int], keepsAxes: Bool) throws -> Value {
    try op(definition, value, constant(axes), attributes: ["keepdims": .int(keepsAxes ? 1 : 0)])
  }
}
