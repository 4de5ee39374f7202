import IR

/// Operators of `ai.onnx.ml` that look elements up in a table.
enum Categories {
  static let kernels: [Kernel] = [
    Kernel(.categoryMapper, map),
    Kernel(.labelEncoder, encode),
    Kernel(.oneHotEncoder, mark),
  ]

  /// What an element is looked up by. NaN is found here.
  private enum Key: Hashable {
    case text(ByteString)
    case integer(Int64)
    case real(Double)
    case notANumber

    init(_ number: Double) { self = number.isNaN ? .notANumber : .real(number) }
  }

  private static func keys(_ invocation: Invocation, _ index: Int) throws -> [Key] {
    switch try invocation.operand(index).elementType.numberKind {
    case .signed, .unsigned: try invocation.wholeNumbers(index).elements.map { .integer($0) }
    case .real: try invocation.numbers(index).elements.map { Key($0) }
    case nil: try (invocation.strings(index) ?? []).map { .text($0) }
    }
  }

  /// Strings to numbers, or numbers to strings.
  private static func map(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let x = try invocation.operand(0)
    let (names, numbers) = (operation.strings("cats_strings") ?? [], operation.ints("cats_int64s") ?? [])
    guard names.count == numbers.count else { throw Refusal(.undefined, "there are not as many names as numbers") }
    if x.elementType == .string {
      let table = Dictionary(zip(names, numbers).map { ($0, $1) }, uniquingKeysWith: { $1 })
      let unknown = operation.int("default_int64") ?? -1
      return [try invocation.make((invocation.strings(0) ?? []).map { table[$0] ?? unknown }, x.dimensions)]
    }
    let table = Dictionary(zip(numbers, names).map { (Int64($0), $1) }, uniquingKeysWith: { $1 })
    let unknown = operation.string("default_string") ?? "_Unused"
    let named = try invocation.wholeNumbers(0).elements.map { table[$0] ?? unknown }
    return [try invocation.make(strings: named, x.dimensions)]
  }

  /// One for each element that is the category at that place.
  private static func mark(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let x = try invocation.operand(0)
    let isText = x.elementType == .string
    let categories: [Key] =
      isText
      ? (operation.strings("cats_strings") ?? []).map { .text($0) }
      : (operation.ints("cats_int64s") ?? []).map { .integer(Int64($0)) }
    let table = Dictionary(categories.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    let places =
      isText
      ? try keys(invocation, 0).map { table[$0] }
      : try invocation.numbers(0).elements.map { table[.integer(Int64(limiting: $0))] }
    guard operation.flag("zeros") || places.allSatisfy({ $0 != nil }) else {
      throw Refusal(.undefined, "an element is of no category")
    }
    let dimensions = x.dimensions + [categories.count]
    try invocation.admit(dimensions)
    var result = RealTensor(zeros: dimensions)
    for (index, place) in places.enumerated() {
      if let place { result.elements[index * categories.count + place] = 1 }
    }
    return [try invocation.make(.float32, result)]
  }

  private static func encode(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let operation = invocation.operation
    let (keyed, values) = (try labels("keys", operation), try labels("values", operation))
    guard keyed.elementType == x.elementType, values.elementCount == keyed.elementCount else {
      throw Refusal(.undefined, "the keys do not fit the input, or the values the keys")
    }
    let unknown = try unknownLabel(operation, like: values)
    let table = Invocation(operation, operands: [keyed, values, unknown], budget: invocation.budget)
    let positions = Dictionary(
      try keys(table, 0).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    // The label of all that is not in the table stands behind the last value.
    let places = try keys(invocation, 0).map { positions[$0] ?? values.elementCount }
    return try StringCarrier.run(Invocation(operation, operands: [values, unknown], budget: invocation.budget)) {
      let (values, unknown) = (try $0.operand(0), try $0.operand(1))
      let count = values.elementCount
      let all = try $0.move(
        values.elementType, [count + 1],
        [
          (values, StridedMove.Part(source: Layout([count]), target: Layout([count]))),
          (
            unknown,
            StridedMove.Part(
              source: Layout([1]), target: Layout([count + 1]).sliced(0, start: count, count: 1))
          ),
        ])
      return [try Indexing.take(places, of: all, along: 0, as: x.dimensions, $0)]
    }
  }

  /// Keys or values of LabelEncoder: one list of three, or a tensor.
  private static func labels(_ prefix: String, _ operation: Operation) throws -> TensorLiteral {
    if let literal = operation.tensor(ByteString("\(prefix)_tensor")) {
      return try TensorLiteral(literal.elementType, [literal.elementCount], literal.source)
    }
    if let strings = operation.strings(ByteString("\(prefix)_strings")) {
      return try TensorLiteral(.string, [strings.count], .strings(strings))
    }
    if let numbers = operation.ints(ByteString("\(prefix)_int64s")) { return try TensorLiteral(int64s: numbers) }
    if let numbers = operation.floats(ByteString("\(prefix)_floats")) {
      return try TensorLiteral.of(numbers.map { Double($0) }, .float32, [numbers.count])
    }
    throw Refusal(.undefined, "there are no \(prefix)")
  }

  /// The label of what the table does not have, as the one element of a vector.
  private static func unknownLabel(_ operation: Operation, like values: TensorLiteral) throws -> TensorLiteral {
    if let literal = operation.tensor("default_tensor") {
      guard literal.elementCount == 1, literal.elementType == values.elementType else {
        throw Refusal(.undefined, "the default is not one value of the table's type")
      }
      return try TensorLiteral(literal.elementType, [1], literal.source)
    }
    switch values.elementType.numberKind {
    case .real: return try TensorLiteral.of([Double(operation.float("default_float") ?? -0.0)], values.elementType, [1])
    case .signed, .unsigned:
      return try TensorLiteral.ofWhole([Double(operation.int("default_int64") ?? -1)], values.elementType, [1])
    case nil: return try TensorLiteral(.string, [1], .strings([operation.string("default_string") ?? "_Unused"]))
    }
  }
}
