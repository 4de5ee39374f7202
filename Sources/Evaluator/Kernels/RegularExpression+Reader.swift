import IR

extension RegularExpression {
  /// What a pattern says, character by character.
  struct Reader {
    let characters: [UInt32]
    var position = 0

    init(_ characters: [UInt32]) { self.characters = characters }

    var isAtEnd: Bool { position == characters.count }

    static func malformed(_ what: String) -> Refusal { Refusal(.undefined, "the pattern has \(what)") }

    private var next: UInt32? { isAtEnd ? nil : characters[position] }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == character.value else { return false }
      position += 1
      return true
    }

    private mutating func take() throws -> UInt32 {
      guard let next else { throw Self.malformed("no end") }
      position += 1
      return next
    }

    mutating func choice(depth: Int) throws -> Node {
      guard depth < RegularExpression.deepest else { throw Refusal(.overBudget, "the pattern is nested too deeply") }
      var choices = [try sequence(depth: depth)]
      while take("|") { choices.append(try sequence(depth: depth)) }
      return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence(depth: Int) throws -> Node {
      var nodes: [Node] = []
      while let next, next != code("|"), next != code(")") {
        nodes.append(try repetition(of: atom(depth: depth)))
      }
      return nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repetition(of node: Node) throws -> Node {
      var node = node
      while true {
        if take("*") {
          node = .repeated(node, least: 0, most: nil)
        } else if take("+") {
          node = .repeated(node, least: 1, most: nil)
        } else if take("?") {
          node = .repeated(node, least: 0, most: 1)
        } else if let bounds = bounds() {
          guard bounds.least <= 1000, bounds.most ?? 0 <= 1000, bounds.most ?? .max >= bounds.least else {
            throw Self.malformed("a repetition that is not possible")
          }
          node = .repeated(node, least: bounds.least, most: bounds.most)
        } else {
          return node
        }
        // Whether as few or as many as possible does not matter to a full match.
        _ = take("?")
      }
    }

    /// `{2}`, `{2,}` or `{2,3}`; anything else after a brace is a brace.
    private mutating func bounds() -> (least: Int, most: Int?)? {
      let start = position
      guard take("{"), let least = number() else {
        position = start
        return nil
      }
      if take("}") { return (least, least) }
      if take(",") {
        let most = number()
        if take("}") { return (least, most) }
      }
      position = start
      return nil
    }

    private mutating func number() -> Int? {
      var value: Int?
      while let next, (48...57).contains(next), value ?? 0 < 1 << 20 {
        value = (value ?? 0) * 10 + Int(next - 48)
        position += 1
      }
      return value
    }

    private mutating func atom(depth: Int) throws -> Node {
      let character = try take()
      switch Unicode.Scalar(character) {
      case "(":
        if take("?") {
          guard take(":") else { throw Refusal(.unsupported, "the pattern has flags or names") }
        }
        let node = try choice(depth: depth + 1)
        guard take(")") else { throw Self.malformed("an unmatched '('") }
        return node
      case "[": return .character(try set())
      case ".": return .character(CharacterClass(ranges: [10...10], isNegated: true))
      case "^": return .start
      case "$": return .end
      case "\\": return try escape()
      case "*", "+", "?": throw Self.malformed("nothing to repeat")
      default: return .character(CharacterClass(ranges: [character...character]))
      }
    }

    private mutating func escape() throws -> Node {
      if take("A") { return .start }
      if take("z") { return .end }
      if take("b") { return .boundary(isNegated: false) }
      if take("B") { return .boundary(isNegated: true) }
      return .character(try escapedClass())
    }

    private mutating func escapedClass() throws -> CharacterClass {
      let character = try take()
      let digits: [ClosedRange<UInt32>] = [48...57]
      let words = RegularExpression.wordRanges
      let spaces: [ClosedRange<UInt32>] = [9...10, 12...13, 32...32]
      switch Unicode.Scalar(character) {
      case "d": return CharacterClass(ranges: digits)
      case "D": return CharacterClass(ranges: digits, isNegated: true)
      case "w": return CharacterClass(ranges: words)
      case "W": return CharacterClass(ranges: words, isNegated: true)
      case "s": return CharacterClass(ranges: spaces)
      case "S": return CharacterClass(ranges: spaces, isNegated: true)
      case "n": return CharacterClass(ranges: [10...10])
      case "t": return CharacterClass(ranges: [9...9])
      case "r": return CharacterClass(ranges: [13...13])
      case "f": return CharacterClass(ranges: [12...12])
      case "v": return CharacterClass(ranges: [11...11])
      default:
        guard character == code("_") || !RegularExpression.isWord(character) else {
          throw Refusal(.unsupported, "the pattern has an escape that is not known here")
        }
        return CharacterClass(ranges: [character...character])
      }
    }

    private mutating func set() throws -> CharacterClass {
      var set = CharacterClass(ranges: [], isNegated: take("^"))
      var isFirst = true
      while isFirst || next != code("]") {
        isFirst = false
        if next == code("["), position + 1 < characters.count, characters[position + 1] == code(":") {
          throw Refusal(.unsupported, "the pattern has a named class")
        }
        var low = try take()
        if low == code("\\") {
          let escaped = try escapedClass()
          guard !escaped.isNegated else { throw Refusal(.unsupported, "the pattern has a negated class in a class") }
          guard escaped.ranges.count == 1, escaped.ranges[0].count == 1 else {
            set.ranges += escaped.ranges
            continue
          }
          low = escaped.ranges[0].lowerBound
        }
        var high = low
        if next == code("-"), position + 1 < characters.count, characters[position + 1] != code("]") {
          position += 1
          high = try take()
          if high == code("\\") { high = try escapedClass().ranges.first?.lowerBound ?? high }
        }
        guard low <= high else { throw Self.malformed("a range that is not possible") }
        set.ranges.append(low...high)
      }
      position += 1
      return set
    }
  }
}

/// The number of a character.
private func code(_ scalar: Unicode.Scalar) -> UInt32 { scalar.value }
