/// Where an operation comes from: its name in the source model, and the passes that made it.
package struct Location: Hashable, Sendable {
  /// The name that the source gave the operation; empty where it gave none.
  package var name: ByteString
  /// The passes that built or rewrote it, oldest first.
  package var passes: [String]

  package init(name: ByteString = "", passes: [String] = []) {
    self.name = name
    self.passes = passes
  }

  /// The same place, rewritten by `pass`.
  package func rewritten(by pass: String) -> Location {
    passes.last == pass ? self : Location(name: name, passes: passes + [pass])
  }
}
