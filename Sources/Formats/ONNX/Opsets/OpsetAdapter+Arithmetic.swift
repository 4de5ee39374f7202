import IR

extension OpsetAdapter {
  static let arithmetic: [OpsetAdapter] =
    [cast, erf, gemm, mod]
    + [.globalLpPool, .lpPool].map(ofWholePower)
    + [.add, .and, .div, .equal, .greater, .less, .mul, .or, .pow, .sub, .xor].map(binary)
    + [.max, .mean, .min, .sum].map(variadic)

  /// Types had names before version 6.
  private static let cast = OpsetAdapter(
    .cast, since: 6,
    raise: { editor, _ in
      guard case .string(let name)? = editor.operation.attributes["to"], let type = ElementType(dataTypeName: name)
      else {
        return false
      }
      editor.setAttribute("to", to: .int(Int64(type.dataType)))
      return true
    })

  /// Took integers before version 13, which the IR's form does not.
  private static let erf = OpsetAdapter(
    .erf, since: 13,
    raise: { editor, _ in
      editor.operation.operand(0)?.tensorType.map { ElementTypes.float.contains($0.elementType) } ?? true
    })

  /// The addend was needed before version 11, and broadcast only where that was asked for before 7.
  private static let gemm = OpsetAdapter(
    .gemm, since: 11, formerAttributes: ["broadcast"], lowers: [.absentOperand(2)],
    raise: { editor, _ in
      editor.keep("broadcast")
      return true
    },
    lower: { editor, _ in
      guard editor.operation.operand(2) == nil else { return }
      guard let type = editor.operation.operand(0)?.tensorType?.elementType, let width = type.byteCount(elements: 1)
      else {
        throw editor.unsayable("no addend", since: 11)
      }
      try editor.setOperand(2, to: TensorLiteral(type, [1], .splat(Array(repeating: 0, count: width))))
    })

  /// The power was a float before version 2, and the window no must.
  private static func ofWholePower(_ definition: OpDefinition) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: 2,
      raise: { editor, _ in
        guard definition === OpDefinition.globalLpPool || editor.operation.attributes["kernel_shape"] != nil else {
          return false
        }
        guard let written = editor.operation.attributes["p"] else { return true }
        guard case .float(let power) = written, let whole = Int64(exactly: power) else { return false }
        editor.setAttribute("p", to: .int(whole))
        return true
      })
  }

  /// Remainders of floats with the divisor's sign came with version 28.
  private static let mod = OpsetAdapter(
    .mod, since: 28,
    lower: { editor, _ in
      guard let type = editor.operation.operand(0)?.tensorType?.elementType, ElementTypes.float.contains(type),
        !editor.operation.flag("fmod")
      else { return }
      throw editor.unsayable("the remainder of floats with the divisor's sign", since: 28)
    })

  /// Broadcasting had to be asked for before version 7, and could begin at any axis.
  private static func binary(_ definition: OpDefinition) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: 7, formerAttributes: ["axis", "broadcast"],
      raise: { editor, _ in
        if case .int(let axis)? = editor.operation.attributes["axis"], editor.operation.int("broadcast") ?? 0 != 0 {
          guard let left = editor.operation.operand(0)?.tensorType?.rank,
            let right = editor.operation.operand(1)?.tensorType?.rank, axis == left - right || axis == -right
          else { return false }
        }
        editor.keep("axis")
        editor.keep("broadcast")
        // The second operand was stretched to the first one's shape, never the other way around.
        try editor.inferOlderForm()
        return true
      })
  }

  /// Operands were not broadcast before version 8.
  private static func variadic(_ definition: OpDefinition) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: 8,
      raise: { editor, _ in
        try editor.inferOlderForm()
        return true
      },
      lower: { editor, _ in
        let shapes = editor.operation.operands.compactMap { $0?.tensorType?.shape }
        guard let first = shapes.first else { return }
        for shape in shapes
        where shape.count != first.count || zip(shape, first).contains(where: { $0.isEqual(to: $1) == false }) {
          throw editor.unsayable("operands that are broadcast", since: 8)
        }
      })
  }
}

extension ElementType {
  /// The type that ONNX's `TensorProto.DataType` calls `name`, as far as the first opsets knew it.
  fileprivate init?(dataTypeName name: ByteString) {
    let names: [ByteString: ElementType] = [
      "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
      "INT64": .int64, "STRING": .string, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32,
      "UINT64": .uint64, "COMPLEX64": .complex64, "COMPLEX128": .complex128,
    ]
    guard let type = names[name] else { return nil }
    self = type
  }
}
