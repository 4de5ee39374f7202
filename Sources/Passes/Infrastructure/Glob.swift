import IR

/// A pattern for names: `*` any bytes, `?` one byte, `[a-z]` one of these, `[!a-z]` one of any others, all else itself.
///
/// Names are bytes, so a pattern matches bytes; `*` also matches `/` and `.`, which exporters nest names with.
package struct Glob: Hashable, Sendable {
  private enum Token: Hashable, Sendable {
    case byte(UInt8)
    case any
    case anyNumber
    case oneOf([ClosedRange<UInt8>], negated: Bool)

    func matches(_ byte: UInt8) -> Bool {
      switch self {
      case .byte(let own): own == byte
      case .any, .anyNumber: true
      case .oneOf(let ranges, let negated): ranges.contains { $0.contains(byte) } != negated
      }
    }
  }

  package let text: String
  private let tokens: [Token]

  /// - Throws: where a `[` is not closed, or a range runs backwards.
  package init(_ text: String) throws(OptionError) {
    self.text = text
    var rest = Array(text.utf8)[...]
    var tokens: [Token] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "*"): tokens.append(.anyNumber)
      case UInt8(ascii: "?"): tokens.append(.any)
      case UInt8(ascii: "["): tokens.append(try Self.set(&rest, in: text))
      default: tokens.append(.byte(byte))
      }
    }
    self.tokens = tokens
  }

  /// Whether the whole of `name` matches. Takes time in proportion to both lengths' product at most.
  package func matches(_ name: ByteString) -> Bool {
    let bytes = name.bytes
    var token = 0
    var position = 0
    var retry: (token: Int, position: Int)?
    while position < bytes.count {
      if token < tokens.count, tokens[token] == .anyNumber {
        retry = (token, position)
        token += 1
      } else if token < tokens.count, tokens[token].matches(bytes[position]) {
        token += 1
        position += 1
      } else if let last = retry {
        retry = (last.token, last.position + 1)
        token = last.token + 1
        position = last.position + 1
      } else {
        return false
      }
    }
    return tokens[token...].allSatisfy { $0 == .anyNumber }
  }

  /// What follows a `[`, up to its `]`. A `]` that comes first is one of the set.
  private static func set(_ rest: inout ArraySlice<UInt8>, in text: String) throws(OptionError) -> Token {
    let negated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
    if negated { rest.removeFirst() }
    var ranges: [ClosedRange<UInt8>] = []
    while let low = rest.popFirst() {
      if low == UInt8(ascii: "]"), !ranges.isEmpty { return .oneOf(ranges, negated: negated) }
      let isRange = rest.first == UInt8(ascii: "-") && rest.dropFirst().first.map { $0 != UInt8(ascii: "]") } ?? false
      guard isRange else {
        ranges.append(low...low)
        continue
      }
      let high = rest[rest.startIndex + 1]
      guard low <= high else { throw OptionError("'\(text)': a range in [...] runs backwards") }
      ranges.append(low...high)
      rest = rest.dropFirst(2)
    }
    throw OptionError("'\(text)': the '[' is never closed; write [[] for the character itself")
  }
}

extension Glob: OptionValue {
  package static var placeholder: String { "<glob>" }

  package init(optionText text: String) throws(OptionError) {
    try self.init(text)
  }

  package var optionText: String { text }
}
