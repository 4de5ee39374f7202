import IR

/// Operators of `ai.onnx.ml` that take maps apart or make them.
enum MapOperators {
  static let all: [(OpDefinition, SequenceOperators.Body)] = [
    (.castMap, cast),
    (.dictVectorizer, vectorize),
    (.zipMap, zip),
  ]

  /// A key as it is looked up.
  private enum Key: Hashable, Comparable {
    case number(Int64)
    case name(ByteString)
  }

  /// The keys of a map operand, each with the place of its value.
  private static func entries(_ invocation: ValueInvocation) throws -> (places: [Key: Int], values: TensorLiteral) {
    guard case .map(let keys, .tensor(let values))? = invocation[0], keys.elementCount == values.elementCount else {
      throw Refusal(.undefined, "the operand is no map to tensors of one element")
    }
    let own = Invocation(invocation.operation, operands: [keys], budget: invocation.budget)
    let list: [Key] =
      keys.elementType == .string
      ? try (own.strings(0) ?? []).map { .name($0) } : try own.wholeNumbers(0).elements.map { .number($0) }
    return (Dictionary(list.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 }), values)
  }

  /// A row of the values at `places`, and of nothing where there is none.
  private static func row(
    _ places: [Int?], of values: TensorLiteral, _ invocation: ValueInvocation
  ) throws -> Invocation {
    let own = Invocation(invocation.operation, operands: [values], budget: invocation.budget)
    if values.elementType == .string {
      let strings = try own.strings(0) ?? []
      let row = try own.make(strings: places.map { $0.map { strings[$0] } ?? "" }, [1, places.count])
      return Invocation(invocation.operation, operands: [row], budget: invocation.budget)
    }
    let row = try own.make(values.elementType, [1, places.count]) { output in
      output.initializeMemory(as: UInt8.self, repeating: 0)
      let width = values.elementType.bitWidth ?? 8
      try values.withWindow(0..<values.elementCount) { bytes in
        for (index, place) in places.enumerated() {
          guard let place else { continue }
          Bits.store(Bits.load(bytes, place, width: width), output, index, width: width)
        }
      }
    }
    return Invocation(invocation.operation, operands: [row], budget: invocation.budget)
  }

  @Sendable private static func vectorize(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    let (places, values) = try entries(invocation)
    let operation = invocation.operation
    let vocabulary: [Key] =
      operation.strings("string_vocabulary").map { $0.map { .name($0) } }
      ?? (operation.ints("int64_vocabulary") ?? []).map { .number(Int64($0)) }
    return [.tensor(try row(vocabulary.map { places[$0] }, of: values, invocation).operand(0))]
  }

  @Sendable private static func cast(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    let (places, values) = try entries(invocation)
    let operation = invocation.operation
    let wanted: [Int?]
    if operation.string("map_form") == "SPARSE" {
      guard let count = operation.int("max_map"), (1...1 << 24).contains(count) else {
        throw Refusal(.undefined, "max_map gives no length")
      }
      wanted = (0..<count).map { places[.number(Int64($0))] }
    } else {
      wanted = places.sorted { $0.key < $1.key }.map(\.value)
    }
    let row = try row(wanted, of: values, invocation)
    let types: [ByteString: ElementType] = ["TO_FLOAT": .float32, "TO_INT64": .int64, "TO_STRING": .string]
    guard let type = operation.string("cast_to").flatMap({ types[$0] }) else {
      throw Refusal(.undefined, "there is no such cast_to")
    }
    return [.tensor(try Conversion.cast(row, to: type))]
  }

  /// One map a sample, of labels to its scores.
  @Sendable private static func zip(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    let own = try invocation.tensors([0])
    let samples = try own.samples(0)
    let type = try own.operand(0).elementType
    guard let labels = ClassLabels(invocation.operation, "classlabels_int64s", "classlabels_strings"),
      labels.count == samples.width
    else { throw Refusal(.undefined, "there is not one label a score") }
    let keys = try labels.literal(Array(0..<labels.count), own)
    return [
      .sequence(
        try (0..<samples.count).map { row in
          let scores = RealTensor([samples.width], Array(samples[row]))
          return .map(keys: keys, values: .tensor(try own.make(type, scores)))
        })
    ]
  }
}
