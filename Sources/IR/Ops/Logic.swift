extension OpCatalog {
  static let logicFamily: [OpDefinition] = [
    .and, .bitShift, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .equal, .greater, .greaterOrEqual, .less, .lessOrEqual, .or,
    .where, .xor,
  ]
}

extension OpDefinition {
  /// Whether both hold. ONNX And-7.
  package static let and = comparison(
    "And", versions: [1, 7], "Whether both elements hold.", .bool, traits: .commutative
  ) {
    $0.truth == false || $1.truth == false ? false : bothKnown($0, $1) { $0 && $1 }
  }

  /// Shifts the bits of `X` by `Y` places, in the direction that the attribute says. ONNX BitShift-28.
  package static let bitShift = binary(
    "BitShift", versions: [11, 28], "Shifts the bits of X by Y places.", .integer, operands: ("X", "Y"), result: "Z",
    attributes: [.required("direction", .string)], verify: oneOf("direction", ["LEFT", "RIGHT"]))

  /// The bits that both have. ONNX BitwiseAnd-18.
  package static let bitwiseAnd = binary(
    "BitwiseAnd", versions: [18], "The bits that both elements have.", .integer, traits: .commutative)

  /// The bits that either has. ONNX BitwiseOr-18.
  package static let bitwiseOr = binary(
    "BitwiseOr", versions: [18], "The bits that either element has.", .integer, traits: .commutative)

  /// The bits that one of the two has. ONNX BitwiseXor-18.
  package static let bitwiseXor = binary(
    "BitwiseXor", versions: [18], "The bits that exactly one of the elements has.", .integer, traits: .commutative)

  /// Whether two elements are equal. ONNX Equal-19.
  package static let equal = comparison(
    "Equal", versions: [1, 7, 11, 13, 19], "Whether two elements are equal.", [.numeric, .bool, .string],
    traits: .commutative
  ) { $0.isEqual(to: $1) }

  /// Whether the first is greater. ONNX Greater-13.
  package static let greater = comparison(
    "Greater", versions: [1, 7, 9, 13], "Whether the first element is greater.", .numeric
  ) { $0.isAtLeast($1 + .known(1)) }

  /// Whether the first is not less. ONNX GreaterOrEqual-16.
  package static let greaterOrEqual = comparison(
    "GreaterOrEqual", versions: [12, 16], "Whether the first element is greater or equal.", .numeric
  ) { $0.isAtLeast($1) }

  /// Whether the first is less. ONNX Less-13.
  package static let less = comparison("Less", versions: [1, 7, 9, 13], "Whether the first element is less.", .numeric)
  {
    $1.isAtLeast($0 + .known(1))
  }

  /// Whether the first is not greater. ONNX LessOrEqual-16.
  package static let lessOrEqual = comparison(
    "LessOrEqual", versions: [12, 16], "Whether the first element is less or equal.", .numeric
  ) { $1.isAtLeast($0) }

  /// Whether either holds. ONNX Or-7.
  package static let or = comparison(
    "Or", versions: [1, 7], "Whether either element holds.", .bool, traits: .commutative
  ) {
    $0.truth == true || $1.truth == true ? true : bothKnown($0, $1) { $0 || $1 }
  }

  /// The element of `X` where the condition holds, else that of `Y`. ONNX Where-16.
  package static let `where` = OpDefinition(
    "Where", versions: [9, 16], "The element of X where the condition holds, else that of Y.",
    operands: [.required("condition", .bool), .required("X", .classic), .required("Y", sameElementTypeAs: "X")],
    results: [.required("output", sameElementTypeAs: "X")], traits: [.pure, .elementwise, .dataMovement],
    infer: { try $0.inferWhere() })

  /// Whether exactly one holds. ONNX Xor-7.
  package static let xor = comparison(
    "Xor", versions: [1, 7], "Whether exactly one of the elements holds.", .bool, traits: .commutative
  ) { bothKnown($0, $1) { $0 != $1 } }

  /// What `combine` says of two truth values; `nil` where one is not known.
  private static func bothKnown(_ a: Dimension, _ b: Dimension, _ combine: (Bool, Bool) -> Bool) -> Bool? {
    guard let a = a.truth, let b = b.truth else { return nil }
    return combine(a, b)
  }
}

extension TypeInference {
  fileprivate mutating func inferWhere() throws {
    let shape = try broadcastShape(0..<3)
    guard let elementType = sharedElementType(1..<3) else { return }
    set(.tensor(elementType, shape))
    setContents(selectedContents())
  }

  private func selectedContents() -> [Dimension]? {
    guard let condition = contents(0), let x = contents(1), let y = contents(2),
      let lists = Self.broadcastContents([condition, x, y])
    else { return nil }
    return lists[0].indices.map { index in
      let (chosen, other) = (lists[1][index], lists[2][index])
      return switch lists[0][index].truth {
      case true?: chosen
      case false?: other
      case nil: chosen == other ? chosen : .unknown
      }
    }
  }
}
