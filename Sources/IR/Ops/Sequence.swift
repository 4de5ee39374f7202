extension OpCatalog {
  static let sequenceFamily: [OpDefinition] = [
    .concatFromSequence, .optional, .optionalGetElement, .optionalHasElement, .sequenceAt, .sequenceConstruct,
    .sequenceEmpty, .sequenceErase, .sequenceInsert, .sequenceLength, .splitToSequence,
  ]
}

extension OpDefinition {
  /// Joins the tensors of a sequence along an axis, or a new one. ONNX ConcatFromSequence-11.
  package static let concatFromSequence = OpDefinition(
    "ConcatFromSequence", versions: [11], "Joins the tensors of a sequence along an axis, or a new one.",
    operands: [sequenceOperand], results: [.required("concat_result")],
    attributes: [.required("axis", .int), .int("new_axis", default: 0)], traits: [.pure, .dataMovement],
    infer: { inference in
      guard let element = try inference.sequenceElement(0)?.tensor else { return }
      inference.set(.tensor(element.elementType, try inference.concatenatedShape(element.shape)))
    })

  /// An optional that holds a value, or nothing. ONNX Optional-28.
  package static let optional = OpDefinition(
    "Optional", versions: [15, 28], "An optional that holds a value, or nothing.",
    operands: [OperandDefinition.optional("input").ofAnyKind], results: [.required("output")],
    attributes: [.optional("type", .type)],
    infer: { inference in
      if case .type(let type)? = inference.operation.attributes["type"] { return inference.set(.optional(type)) }
      guard inference.operation.operand(0) != nil else {
        throw ModelError(.invalidModel, "has neither an operand nor the attribute 'type'")
      }
      inference.set(.optional(inference.type(0)))
    })

  /// What an optional holds. ONNX OptionalGetElement-28.
  package static let optionalGetElement = OpDefinition(
    "OptionalGetElement", versions: [15, 18, 28], "What an optional holds.",
    operands: [OperandDefinition.required("input").ofAnyKind], results: [.required("output")],
    infer: { inference in
      if case .optional(let type) = inference.type(0) { inference.set(type) } else { inference.set(inference.type(0)) }
    })

  /// Whether an optional holds a value. ONNX OptionalHasElement-28.
  package static let optionalHasElement = OpDefinition(
    "OptionalHasElement", versions: [15, 18, 28], "Whether an optional holds a value.",
    operands: [OperandDefinition.optional("input").ofAnyKind], results: [.required("output", .bool)],
    infer: { $0.set(.tensor(.bool, [])) })

  /// The tensor at a position of a sequence. ONNX SequenceAt-11.
  package static let sequenceAt = OpDefinition(
    "SequenceAt", versions: [11], "The tensor at a position of a sequence.",
    operands: [sequenceOperand, .required("position", .indices)], results: [.required("tensor")],
    traits: [.pure, .dataMovement],
    infer: { inference in
      guard let element = try inference.sequenceElement(0) else { return }
      inference.set(element)
    })

  /// A sequence of the operands. ONNX SequenceConstruct-11.
  package static let sequenceConstruct = OpDefinition(
    "SequenceConstruct", versions: [11], "A sequence of the operands.",
    operands: [.variadic("inputs", .sequenceElements)],
    results: [.required("output_sequence")], traits: [.pure, .dataMovement],
    infer: { inference in
      let types = (0..<inference.operation.operandCount).map { inference.type($0) }
      guard let first = types.first else { return }
      inference.set(.sequence(try types.dropFirst().reduce(first) { try $0.joined(with: $1) }))
    })

  /// A sequence of nothing. ONNX SequenceEmpty-11.
  package static let sequenceEmpty = OpDefinition(
    "SequenceEmpty", versions: [11], "A sequence of nothing.", results: [.required("output")],
    attributes: [.optional("dtype", .int)],
    infer: { inference in
      let type = try inference.elementType(attribute: "dtype", .sequenceElements) ?? .float32
      inference.set(.sequence(.tensor(type, nil)))
    })

  /// A sequence without the tensor at a position, by default the last. ONNX SequenceErase-11.
  package static let sequenceErase = OpDefinition(
    "SequenceErase", versions: [11], "A sequence without the tensor at a position, by default the last.",
    operands: [sequenceOperand, .optional("position", .indices)], results: [.required("output_sequence")],
    traits: [.pure, .dataMovement],
    infer: { inference in
      _ = try inference.sequenceElement(0)
      inference.set(inference.type(0))
    })

  /// A sequence with one more tensor at a position, by default the end. ONNX SequenceInsert-11.
  package static let sequenceInsert = OpDefinition(
    "SequenceInsert", versions: [11], "A sequence with one more tensor at a position, by default the end.",
    operands: [sequenceOperand, .required("tensor", .sequenceElements), .optional("position", .indices)],
    results: [.required("output_sequence")], traits: [.pure, .dataMovement],
    infer: { inference in
      guard let element = try inference.sequenceElement(0) else { return }
      inference.set(.sequence(try element.joined(with: inference.type(1))))
    })

  /// How many tensors a sequence has. ONNX SequenceLength-11.
  package static let sequenceLength = OpDefinition(
    "SequenceLength", versions: [11], "How many tensors a sequence has.", operands: [sequenceOperand],
    results: [.required("length", .int64)],
    infer: { inference in
      _ = try inference.sequenceElement(0)
      inference.set(.tensor(.int64, []))
    })

  /// The parts of a tensor along an axis. ONNX SplitToSequence-24.
  package static let splitToSequence = OpDefinition(
    "SplitToSequence", versions: [11, 24], "The parts of a tensor along an axis.",
    operands: [.required("input", .classic), .optional("split", .indices)], results: [.required("output_sequence")],
    attributes: [.int("axis", default: 0), .int("keepdims", default: 1)], traits: [.pure, .dataMovement],
    infer: { inference in
      guard let type = inference.tensor(0) else { return }
      inference.set(.sequence(.tensor(type.elementType, try inference.partShape())))
    })

  private static let sequenceOperand = OperandDefinition.required("input_sequence", []).ofAnyKind
}

extension ElementTypes {
  /// What a sequence may hold.
  static let sequenceElements = classic.subtracting(ElementTypes(.bfloat16))
}

extension TypeInference {
  /// What the sequence at the operand `index` holds; `nil` where that is not known.
  ///
  /// - Throws: `ModelError` where the operand is no sequence.
  func sequenceElement(_ index: Int) throws -> ValueType? {
    switch type(index) {
    case .sequence(let element): return element
    case .unknown: return nil
    case .tensor, .sparseTensor, .optional, .map, .opaque:
      throw ModelError(.invalidModel, "operand \(index) is \(type(index)), not a sequence")
    }
  }

  fileprivate func concatenatedShape(_ element: Shape?) throws -> Shape? {
    guard var shape = element, let written = operation.int("axis") else { return nil }
    guard operation.flag("new_axis") else {
      shape[try axis(written, rank: shape.count)] = .unknown
      return shape
    }
    shape.insert(.unknown, at: try axis(written, rank: shape.count + 1))
    return shape
  }

  fileprivate func partShape() throws -> Shape? {
    guard var shape = shape(0), let written = operation.int("axis") else { return nil }
    let axis = try axis(written, rank: shape.count)
    let isSplitByOne = operation.operand(1) == nil
    guard isSplitByOne, !operation.flag("keepdims") else {
      shape[axis] = isSplitByOne ? .known(1) : .unknown
      return shape
    }
    shape.remove(at: axis)
    return shape
  }
}
