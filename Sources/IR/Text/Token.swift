/// One word of the textual form: what it is, and where it lies.
struct Token {
  enum Kind: Hashable {
    case identifier, integer, float, hexadecimal, string
    /// A name with its sigil: `%x`, `#w`, `@main`, `$alpha`.
    case value, resource, graph, reference
    /// A character that stands for itself.
    case punctuation(UInt8)
    /// `->`
    case arrow
    /// `::`
    case scope
    case end
  }

  let kind: Kind
  let start: Int
  let end: Int
}
