extension OpDefinition {
  /// A tensor, or another value of ONNX's Constant, known when the model is compiled. Its one attribute says which.
  ///
  /// Prints as `constant`. `Operation.constantForm` remembers how its file wrote it.
  package static let constant = OpDefinition(
    "constant", versions: [1], "A value that is known when the model is compiled.",
    results: [.required("value")], traits: [.pure], form: .builtin, infer: inferConstant)

  /// Ends a graph: its operands are the graph's outputs.
  package static let `return` = OpDefinition(
    "return", versions: [1], "Ends a graph: its operands are the graph's outputs.",
    operands: [OperandDefinition.variadic("outputs", .any, minimum: 0).ofAnyKind], traits: [.terminator], form: .builtin
  )

  /// A statement about values (a quantization annotation, a sharding) that names others: kept with what it names,
  /// computes nothing.
  package static let annotate = OpDefinition(
    "annotate", versions: [1], "A statement about its first operand that refers to the others.",
    operands: [OperandDefinition.variadic("values", .any, minimum: 1).ofAnyKind], traits: [], form: .builtin)

  private static let inferConstant: Inference = { inference in
    guard let value = inference.operation.attributes.all.first?.value else {
      throw ModelError(.invalidModel, "a constant has no value")
    }
    switch value {
    case .tensor(let literal):
      inference.set(.tensor(literal.type))
      inference.setContents(SmallIntegers.contents(of: literal))
    case .sparseTensor(let literal): inference.set(.tensor(literal.type))
    case .int(let value):
      inference.set(.tensor(.int64, []))
      inference.setContents([.known(Int(value))])
    case .ints(let values):
      inference.set(.tensor(.int64, [.known(values.count)]))
      inference.setContents(values.map { .known(Int($0)) })
    case .float: inference.set(.tensor(.float32, []))
    case .floats(let values): inference.set(.tensor(.float32, [.known(values.count)]))
    case .string: inference.set(.tensor(.string, []))
    case .strings(let values): inference.set(.tensor(.string, [.known(values.count)]))
    case .type, .types, .tensors, .sparseTensors:
      throw ModelError(.invalidModel, "a constant cannot be a \(value.kind.rawValue)")
    case .reference: break
    }
  }
}

/// Reads the contents of small integer literals, which shapes are made of.
package enum SmallIntegers {
  /// Longer tensors are data, not shapes.
  package static let maximumCount = 256

  /// Longer tensors are no shapes, and symbols in them would cost time: numbers alone are kept.
  static let maximumSymbolicCount = 32

  /// How many elements contents may have.
  static let counts = 0...maximumCount

  /// The integers that an element type holds, where contents are tracked for it. Truth values are 1 and 0.
  package static func range(of type: ElementType) -> ClosedRange<Int>? {
    if type == .int64 { return Int.min...Int.max }
    if type == .int32 { return Int(Int32.min)...Int(Int32.max) }
    return type == .bool ? 0...1 : nil
  }

  /// The elements of a small literal of int64, int32 or bool and of rank 0 or 1; `nil` for any other.
  package static func contents(of literal: TensorLiteral) -> [Dimension]? {
    guard literal.dimensions.count <= 1 else { return nil }
    return values(of: literal)?.map { .known($0) }
  }

  /// The elements of a small literal of int64, int32 or bool, of any rank.
  package static func values(of literal: TensorLiteral) -> [Int]? {
    guard literal.elementCount <= maximumCount, literal.elementCount > 0 else {
      return literal.elementCount == 0 && range(of: literal.elementType) != nil ? [] : nil
    }
    switch literal.elementType {
    case .int64:
      return try? literal.withWindow(0..<literal.elementCount) { bytes in
        (0..<literal.elementCount).map { Int(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
      }
    case .int32:
      return try? literal.withWindow(0..<literal.elementCount) { bytes in
        (0..<literal.elementCount).map { Int(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
      }
    case .bool:
      return try? literal.withWindow(0..<literal.elementCount) { bytes in bytes.map { $0 == 0 ? 0 : 1 } }
    default: return nil
    }
  }
}
