/// The shapes that declarations of elementwise operators have in common.
extension OpDefinition {
  /// An operator each of whose result elements comes from the operand's element at its place.
  static func unary(
    _ name: ByteString, versions: [Int], _ summary: String, operand: String = "X", _ types: ElementTypes = .float,
    result: String = "Y", attributes: [AttributeDefinition] = [], traits: Traits = [],
    contents: (@Sendable (Dimension) -> Dimension)? = nil, verify: Verification? = nil
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required(operand, types)],
      results: [.required(result, sameElementTypeAs: operand)], attributes: attributes,
      traits: traits.union([.pure, .elementwise]),
      infer: { inference in
        inference.set(elementTypeOf: 0, inference.shape(0))
        guard let contents else { return }
        inference.setContents(inference.contents(0)?.map(contents))
      },
      verify: verify)
  }

  /// An operator of two operands of one element type that are broadcast against each other; the result is of that type
  /// too.
  static func binary(
    _ name: ByteString, versions: [Int], _ summary: String, _ types: ElementTypes,
    operands: (String, String) = ("A", "B"),
    result: String = "C", attributes: [AttributeDefinition] = [], traits: Traits = [],
    contents: (@Sendable (Dimension, Dimension) -> Dimension)? = nil, verify: Verification? = nil
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary,
      operands: [.required(operands.0, types), .required(operands.1, sameElementTypeAs: operands.0)],
      results: [.required(result, sameElementTypeAs: operands.0)], attributes: attributes,
      traits: traits.union([.pure, .elementwise]),
      infer: { inference in
        try inference.inferBroadcast()
        guard let contents else { return }
        inference.setContents(inference.combinedContents(contents))
      },
      inferLegacy: { $0.set($0.type(0)) }, verify: verify)
  }

  /// An operator that says of each pair of elements whether something holds.
  static func comparison(
    _ name: ByteString, versions: [Int], _ summary: String, _ types: ElementTypes, traits: Traits = [],
    holds: @escaping @Sendable (Dimension, Dimension) -> Bool?
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("A", types), .required("B", sameElementTypeAs: "A")],
      results: [.required("C", .bool)], traits: traits.union([.pure, .elementwise]),
      infer: { inference in
        inference.set(.tensor(.bool, try inference.broadcastShape(0..<2)))
        inference.setContents(inference.combinedContents { Dimension(holds($0, $1)) })
      },
      inferLegacy: { $0.set(.tensor(.bool, $0.shape(0))) })
  }

  /// An operator of any number of operands of one element type that are broadcast against each other.
  static func variadicElementwise(
    _ name: ByteString, versions: [Int], _ summary: String, _ types: ElementTypes, result: String,
    contents: (@Sendable (Dimension, Dimension) -> Dimension)? = nil
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.variadic("data_0", types)],
      results: [.required(result, sameElementTypeAs: "data_0")], traits: [.pure, .elementwise, .commutative],
      infer: { inference in
        try inference.inferBroadcast()
        guard let contents else { return }
        inference.setContents(inference.reducedContents(contents))
      },
      inferLegacy: { $0.set($0.type(0)) })
  }

  /// Refuses a string attribute that is none of `choices`.
  static func oneOf(_ attribute: ByteString, _ choices: [ByteString]) -> Verification {
    { operation in
      guard let value = operation.string(attribute), !choices.contains(value) else { return }
      let list = choices.map { "'\($0)'" }.joined(separator: ", ")
      throw ModelError(.invalidModel, "\(attribute) is '\(value)', which is none of \(list)")
    }
  }
}
