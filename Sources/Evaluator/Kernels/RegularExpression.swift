import IR

/// RegexFullMatch: expressions as RE2 has them, by a set of states that moves along the text. Time is linear in the text;
/// nothing ever backtracks.
enum RegularExpressions {
  static let kernels: [Kernel] = [
    Kernel(.regexFullMatch) { invocation in
      let x = try invocation.operand(0)
      guard let strings = try invocation.strings(0), let pattern = invocation.operation.string("pattern") else {
        throw Refusal(.unsupported, "there is no pattern")
      }
      let expression = try RegularExpression(pattern)
      return [
        try invocation.make(.bool, x.dimensions) { output in
          for (index, string) in strings.enumerated() {
            try invocation.spend(string.bytes.count + 1, times: expression.stateCount)
            UInt64.store(expression.matches(string) ? 1 : 0, output, index, .bool)
          }
        }
      ]
    }
  ]
}

/// A regular expression as a machine.
struct RegularExpression {
  /// A character that is, or is not, in one of some ranges.
  struct CharacterClass {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    func contains(_ character: UInt32) -> Bool { ranges.contains { $0.contains(character) } != isNegated }
  }

  private enum State {
    case character(CharacterClass, next: Int)
    case fork(Int, Int)
    case start(next: Int)
    case end(next: Int)
    case boundary(isNegated: Bool, next: Int)
    case match
  }

  /// What was read, before it is put among the states.
  indirect enum Node {
    case empty, start, end
    case boundary(isNegated: Bool)
    case character(CharacterClass)
    case sequence([Node])
    case choice([Node])
    case repeated(Node, least: Int, most: Int?)
  }

  private var states: [State] = [.match]
  private var entry = 0

  var stateCount: Int { states.count }

  /// More states than these are no expression that anyone wrote.
  private static let mostStates = 1 << 14
  static let deepest = 200

  /// - Throws: `Refusal` where the pattern is malformed, or says what is not understood here.
  init(_ pattern: ByteString) throws {
    var reader = Reader(Array(pattern.text.unicodeScalars.map(\.value)))
    let node = try reader.choice(depth: 0)
    guard reader.isAtEnd else { throw Reader.malformed("an unmatched ')'") }
    entry = try add(node, before: 0)
  }

  private mutating func append(_ state: State) throws -> Int {
    guard states.count < Self.mostStates else { throw Refusal(.overBudget, "the pattern is too long") }
    states.append(state)
    return states.count - 1
  }

  /// The state from which `node` leads to the state `next`.
  private mutating func add(_ node: Node, before next: Int) throws -> Int {
    switch node {
    case .empty: return next
    case .start: return try append(.start(next: next))
    case .end: return try append(.end(next: next))
    case .boundary(let isNegated): return try append(.boundary(isNegated: isNegated, next: next))
    case .character(let set): return try append(.character(set, next: next))
    case .sequence(let nodes): return try nodes.reversed().reduce(next) { try add($1, before: $0) }
    case .choice(let nodes):
      let entries = try nodes.map { try add($0, before: next) }
      return try entries.dropLast().reversed().reduce(entries[entries.count - 1]) { try append(.fork($1, $0)) }
    case .repeated(let node, let least, let most):
      var entry = next
      if let most {
        for _ in 0..<(most - least) { entry = try append(.fork(add(node, before: entry), next)) }
      } else {
        let loop = try append(.match)
        states[loop] = .fork(try add(node, before: loop), next)
        entry = loop
      }
      for _ in 0..<least { entry = try add(node, before: entry) }
      return entry
    }
  }

  /// Whether the whole of `text` is matched.
  func matches(_ text: ByteString) -> Bool {
    let characters = text.text.unicodeScalars.map(\.value)
    var active: [Int] = []
    var marks = [Int](repeating: -1, count: states.count)
    func follow(_ state: Int, at position: Int, into list: inout [Int]) {
      var stack = [state]
      while let state = stack.popLast() {
        guard marks[state] != position else { continue }
        marks[state] = position
        switch states[state] {
        case .fork(let first, let second): stack += [second, first]
        case .start(let next): if position == 0 { stack.append(next) }
        case .end(let next): if position == characters.count { stack.append(next) }
        case .boundary(let isNegated, let next):
          let before = position > 0 && Self.isWord(characters[position - 1])
          let after = position < characters.count && Self.isWord(characters[position])
          if (before != after) != isNegated { stack.append(next) }
        case .character, .match: list.append(state)
        }
      }
    }
    follow(entry, at: 0, into: &active)
    for (position, character) in characters.enumerated() {
      var following: [Int] = []
      for state in active {
        guard case .character(let set, let next) = states[state], set.contains(character) else { continue }
        follow(next, at: position + 1, into: &following)
      }
      active = following
    }
    return active.contains { if case .match = states[$0] { true } else { false } }
  }

  static let wordRanges: [ClosedRange<UInt32>] = [48...57, 65...90, 95...95, 97...122]

  static func isWord(_ character: UInt32) -> Bool { wordRanges.contains { $0.contains(character) } }
}
