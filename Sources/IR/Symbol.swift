/// A name for an extent that is not known: the same number, >= 0, wherever it occurs in a module.
///
/// The name alone tells symbols apart. What else is known of the number is an assumption of the run that made it
/// (`Rewriter.bind`), which no file has a place for.
package struct Symbol: Sendable {
  package let name: ByteString
  /// The numbers that it may be.
  package let range: ClosedRange<Int>

  /// What any extent may be.
  package static let extents = 0...Int.max

  package init(_ name: ByteString, in range: ClosedRange<Int> = extents) {
    self.name = name
    self.range = range
  }
}

extension Symbol: Hashable {
  package static func == (a: Symbol, b: Symbol) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
