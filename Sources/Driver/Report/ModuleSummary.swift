import IR

/// What a module consists of, in numbers.
package struct ModuleSummary: Sendable {
  /// The constants of one element type.
  package struct Weights: Sendable {
    package let elementType: ElementType
    package var constants = 0
    package var elements = 0
    package var bytes = 0
  }

  /// The operations of one kind.
  package struct Kind: Sendable {
    package let name: String
    package let count: Int
  }

  /// Operations of all graphs, without constants and what is no computation.
  package private(set) var operations = 0
  /// The most frequent first.
  package private(set) var kinds: [Kind] = []
  /// In the order of the element types' declaration.
  package private(set) var weights: [Weights] = []
  /// The elements of constants that are weights rather than shapes, indices, masks or scales.
  package private(set) var parameters = 0
  /// The parameters that are stored in 8-bit integers.
  package private(set) var int8 = 0
  /// The zeros among the parameters; `nil` where they are too many to be counted by the way.
  package private(set) var zeros: Int?
  package let target: OpsetVersions

  package init(of module: Module) {
    target = module.target
    var counts: [String: Int] = [:]
    var weights = ElementType.allCases.map { Weights(elementType: $0) }
    var parameters: [TensorLiteral] = []
    func add(_ literal: TensorLiteral, isParameter: Bool) {
      let index = ElementType.allCases.firstIndex(of: literal.elementType) ?? 0
      weights[index].constants += 1
      weights[index].elements += literal.elementCount
      weights[index].bytes += literal.byteCount
      if isParameter && literal.elementType.holdsParameters { parameters.append(literal) }
    }
    module.forEachGraph { graph in
      for literal in graph.arguments.compactMap(\.defaultLiteral) { add(literal, isParameter: true) }
      for operation in graph.operations {
        if let literal = operation.literal { add(literal, isParameter: !operation.isCode) }
        if operation.definition.form != .builtin { counts[operation.definition.qualifiedName, default: 0] += 1 }
      }
    }
    self.parameters = Self.elements(parameters)
    int8 = Self.elements(parameters.filter { $0.elementType == .int8 || $0.elementType == .uint8 })
    zeros = Self.zeros(parameters)
    self.weights = weights.filter { $0.constants > 0 }
    operations = counts.values.reduce(0, +)
    kinds = counts.map { Kind(name: $0.key, count: $0.value) }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
  }

  private static func zeros(_ literals: [TensorLiteral]) -> Int? {
    guard literals.reduce(0, { $0 + $1.byteCount }) <= ZeroCount.budget else { return nil }
    let counts = literals.map { ZeroCount.count($0) }
    return counts.contains(nil) ? nil : counts.reduce(0) { $0 + ($1 ?? 0) }
  }

  /// The bytes of all constants.
  package var weightBytes: Int { weights.reduce(0) { $0 + $1.bytes } }

  private static func elements(_ literals: [TensorLiteral]) -> Int { literals.reduce(0) { $0 + $1.elementCount } }
}

extension Operation {
  /// Whether a constant only says how another one is to be decoded: a scale, a zero point.
  fileprivate var isCode: Bool {
    guard let value = result(), value.hasUses else { return false }
    return value.uses.allSatisfy { $0.owner.has(.encodedConstant) && $0.index > 0 }
  }
}

extension ElementType {
  /// Whether constants of this type are usually weights, quantized or not.
  var holdsParameters: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1, .int16, .int8, .int4, .int2, .uint16, .uint8, .uint4,
      .uint2, .complex64, .complex128:
      true
    case .int64, .int32, .uint64, .uint32, .bool, .string: false
    }
  }
}
