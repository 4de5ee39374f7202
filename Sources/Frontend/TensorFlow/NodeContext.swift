import IR

/// A node that is being lowered: what it takes, what it says, and where its operations go.
struct NodeContext {
  let node: GraphNode
  let operands: [TensorFlowValue]
  let build: GraphBuilder
  let lowering: GraphLowering
  /// The graph that the node is of.
  let scope: LoweringScope
  /// How many calls the node is inside of.
  let depth: Int

  // MARK: Operands

  var count: Int { operands.count }

  /// The tensor at `index`.
  func operand(_ index: Int) throws -> Value {
    guard operands.indices.contains(index) else { throw ModelError(.invalidModel, "has no input \(index)") }
    guard case .tensor(let value) = operands[index] else {
      throw UnsupportedForm("its input \(index) is no tensor")
    }
    return value
  }

  func operands(from first: Int = 0, dropLast: Int = 0) throws -> [Value] {
    guard first + dropLast <= count else { throw ModelError(.invalidModel, "has \(count) inputs") }
    return try (first..<count - dropLast).map { try operand($0) }
  }

  func list(_ index: Int) throws -> TensorList {
    guard operands.indices.contains(index), case .list(let list) = operands[index] else {
      throw UnsupportedForm("its input \(index) is no list of tensors")
    }
    return list
  }

  /// The integers that an operand is known to have; `nil` where they are not.
  func knownIntegers(_ index: Int) throws -> [Int]? {
    let value = try operand(index)
    return value.contents?.knownDimensions ?? value.constantIntegers
  }

  /// The integers of an operand that must be known.
  func integers(_ index: Int, _ what: String) throws -> [Int] {
    guard let values = try knownIntegers(index) else { throw UnsupportedForm("\(what) is not constant") }
    return values
  }

  func integer(_ index: Int, _ what: String) throws -> Int {
    let values = try integers(index, what)
    guard values.count == 1 else { throw ModelError(.invalidModel, "\(what) has \(values.count) elements") }
    return values[0]
  }

  // MARK: Types

  func elementType(_ value: Value) throws -> ElementType {
    guard let type = value.tensorType?.elementType else {
      throw UnsupportedForm("the type of one of its inputs is not known")
    }
    return type
  }

  func shape(_ value: Value) throws -> Shape {
    guard let shape = value.tensorType?.shape else {
      throw UnsupportedForm("the rank of one of its inputs is not known")
    }
    return shape
  }

  func rank(_ value: Value) throws -> Int { try shape(value).count }

  /// An axis counted from the front.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw ModelError(.invalidModel, "axis \(axis) is outside a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  // MARK: Operations that many lowerings need

  func cast(_ value: Value, _ type: ElementType) throws -> Value {
    if value.tensorType?.elementType == type { return value }
    return try build(.cast, value, attributes: ["to": .elementType(type)])
  }

  /// Integers as ONNX's shapes want them; a number that was int64 before it was int32 is taken from there.
  func int64(_ value: Value) throws -> Value {
    if let known = value.contents?.knownDimensions, value.tensorType?.rank == 1 { return try build.constant(known) }
    if let operation = value.definingOperation, operation.is(.cast), let source = operation.operand(0),
      source.tensorType?.elementType == .int64, value.tensorType?.elementType == .int32
    {
      return source
    }
    return try cast(value, .int64)
  }

  /// A scalar or a vector of one element, as a vector of int64.
  func vector(_ value: Value) throws -> Value {
    let value = try int64(value)
    return value.tensorType?.rank == 1 ? value : try build(.reshape, value, try build.constant([1]))
  }

  func reshape(_ value: Value, _ shape: [Int]) throws -> Value {
    try build(.reshape, value, try build.constant(shape))
  }

  func concat(_ values: [Value], axis: Int) throws -> Value {
    if values.count == 1 { return values[0] }
    guard let result = try build.insert(.concat, values, ["axis": .int(Int64(axis))]).first else {
      throw ModelError(.internalFailure, "a Concat has no result")
    }
    return result
  }

  /// The extents of a tensor, as int64.
  func shapeValue(_ value: Value) throws -> Value {
    if let known = value.tensorType?.shape?.knownDimensions { return try build.constant(known) }
    return try build(.shape, value)
  }

  /// A number of the element type of `value`, without axes.
  func scalar(_ number: Double, like value: Value) throws -> Value {
    try build.constant(try TensorLiteral.scalar(number, try elementType(value)))
  }
}

extension NodeContext: LoweringContext {
  var builder: GraphBuilder { build }

  func ops(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes, results: Int,
    regions: [Operation.Region]
  ) throws -> [Value] {
    try build.insert(definition, operands, attributes, resultCount: results, regions: regions)
  }

  func inside(_ region: GraphBuilder) throws -> NodeContext {
    guard depth < GraphLowering.maximumDepth else { throw UnsupportedForm("functions that call each other too deep") }
    region.location = node.name
    return NodeContext(
      node: node, operands: operands, build: region, lowering: lowering, scope: scope, depth: depth + 1)
  }
}

extension TensorLiteral {
  /// Numbers of single precision.
  init(float32s values: [Float], _ dimensions: [Int]) throws {
    try self.init(.float32, dimensions, bytes: values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
  }

  /// A number without axes.
  ///
  /// - Throws: `UnsupportedForm` where it is of a type that lowerings make no numbers of.
  static func scalar(_ number: Double, _ type: ElementType) throws -> TensorLiteral {
    func bytes(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    let content: [UInt8]
    switch type {
    case .float32: content = bytes(Float(number))
    case .float64: content = bytes(number)
    case .float16: content = bytes(Float16(number).bitPattern)
    case .bfloat16: content = bytes(UInt16(truncatingIfNeeded: Float(number).bitPattern >> 16))
    case .int64: content = bytes(Int64(number))
    case .int32: content = bytes(Int32(number))
    case .int16: content = bytes(Int16(number))
    case .int8: content = bytes(Int8(number))
    case .uint8: content = bytes(UInt8(number))
    case .uint16: content = bytes(UInt16(number))
    case .uint32: content = bytes(UInt32(number))
    case .uint64: content = bytes(UInt64(number))
    case .bool: content = [number == 0 ? 0 : 1]
    case .complex64, .complex128, .string, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0,
      .float6e2m3, .float6e3m2, .float4e2m1, .int4, .int2, .uint4, .uint2:
      throw UnsupportedForm("it computes with \(type.rawValue)")
    }
    return try TensorLiteral(type, [], bytes: content)
  }
}
