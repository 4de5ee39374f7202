/// The literals that are printed behind the module, each once however often it is used.
struct ResourceTable {
  private(set) var entries: [(name: ByteString, literal: TensorLiteral)] = []
  private var names: [TensorLiteral: ByteString] = [:]
  private var used: Set<ByteString> = []

  /// The name under which `literal` is printed: `root`, or `root_2` ... where another literal has that.
  mutating func name(for literal: TensorLiteral, root: ByteString) -> ByteString {
    if let name = names[literal] { return name }
    var name = root
    var counter = 1
    while !used.insert(name).inserted {
      counter += 1
      name = ByteString(root.bytes + Array("_\(counter)".utf8))
    }
    names[literal] = name
    entries.append((name, literal))
    return name
  }
}
