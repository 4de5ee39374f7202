import Testing

@testable import IR

/// Inference sees what files say before anything else has been checked: it may refuse, but must never trap or take
/// long.
@Suite struct InferenceRobustnessTests {
  /// Operations of each operator that are made at random, always the same.
  private static let attempts = 150

  @Test(arguments: OpCatalog.all.map { OpCatalog.Key($0.domain, $0.name) })
  func survivesAnything(_ key: OpCatalog.Key) throws {
    let definition = try #require(OpCatalog.definition(domain: key.domain, name: key.name))
    var random = HostileChoices(seed: key.name.bytes.reduce(7) { $0 &* 31 &+ UInt64($1) })
    for _ in 0..<Self.attempts {
      let operands = (0..<random.below(definition.operands.count + 2)).map { _ in random.sample() }
      var attributes = Attributes()
      for attribute in definition.attributes where random.below(4) > 0 {
        attributes[attribute.name] = random.attribute(attribute)
      }
      let example = InferenceCase(
        definition, operands, attributes, results: random.below(5), gives: "anything")
      _ = example.infer(operands)
    }
  }
}

/// Picks operands and attributes that a hostile file may have.
private struct HostileChoices {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  private mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  private mutating func number() -> Int {
    pick([.min, .min + 1, -(1 << 32), -2, -1, 0, 1, 2, 3, 4, 5, 1 << 31, 1 << 62, .max - 1, .max])
  }

  private mutating func dimension() -> Dimension {
    switch below(8) {
    case 0: .unknown
    case 1: .symbol("n")
    case 2: .symbol("n") + .symbol("m") * .known(number())
    case 3: .known(max(number(), 0))
    default: .known(below(5))
    }
  }

  private mutating func shape() -> Shape { (0..<below(6)).map { _ in dimension() } }

  mutating func sample() -> Sample {
    switch below(10) {
    case 0: return .absent
    case 1: return .unknown
    case 2: return .unranked(pick(ElementType.allCases))
    case 3: return Sample(type: .sequence(.tensor(.float32, shape())))
    case 4, 5, 6:
      let contents = (0..<below(6)).map { _ in below(3) == 0 ? dimension() : .known(number()) }
      return Sample(type: .tensor(pick([.int64, .int32, .bool]), [.known(contents.count)]), contents: contents)
    default: return Sample(type: .tensor(pick(ElementType.allCases), shape()))
    }
  }

  /// A value of the attribute's kind, seldom of another.
  mutating func attribute(_ definition: AttributeDefinition) -> AttributeValue {
    switch below(12) == 0 ? pick(AttributeKind.allCases) : definition.kind {
    case .int: .int(Int64(number()))
    case .ints: .ints((0..<below(6)).map { _ in Int64(number()) })
    case .float: .float(pick([.nan, .infinity, -1, 0, 0.5]))
    case .floats: .floats((0..<below(6)).map { _ in pick([.nan, .infinity, -.infinity, 1e30, -1, 0, 0.5]) })
    case .string: .string(pick(["", "...", "i,j->ij", "SAME_UPPER", "VALID", "constant", "\u{0}"]))
    case .strings: .strings(["", "a"])
    case .type: .type(.sequence(.unknown))
    default: .int(Int64(number()))
    }
  }
}
