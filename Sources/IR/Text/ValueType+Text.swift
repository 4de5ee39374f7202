extension TensorType: CustomStringConvertible {
  /// `f32[batch, 3]`, `f32[]`, `f32[*]`.
  package var description: String { TextBuffer.string { write(to: &$0) } }

  func write(to text: inout TextBuffer) {
    text.write(elementType.rawValue)
    text.write("[")
    if let shape {
      text.writeList(shape) { $1.write(to: &$0) }
    } else {
      text.write("*")
    }
    text.write("]")
  }
}

extension ValueType: CustomStringConvertible {
  /// `f32[batch, 3]`, `seq<f32[*]>`, `optional<i64[]>`, `map<i64, f32[]>`, `sparse<f32[2]>`, `opaque<"domain",
  /// "name">`, `?`.
  package var description: String { TextBuffer.string { write(to: &$0) } }

  func write(to text: inout TextBuffer) {
    switch self {
    case .tensor(let type): type.write(to: &text)
    case .sparseTensor(let type): writeWrapper("sparse", to: &text) { type.write(to: &$0) }
    case .sequence(let element): writeWrapper("seq", to: &text) { element.write(to: &$0) }
    case .optional(let element): writeWrapper("optional", to: &text) { element.write(to: &$0) }
    case .map(let key, let value):
      writeWrapper("map", to: &text) {
        $0.write(key.rawValue)
        $0.write(", ")
        value.write(to: &$0)
      }
    case .opaque(let domain, let name):
      writeWrapper("opaque", to: &text) {
        $0.writeQuoted(domain)
        $0.write(", ")
        $0.writeQuoted(name)
      }
    case .unknown: text.write("?")
    }
  }

  private func writeWrapper(_ name: String, to text: inout TextBuffer, _ writeContent: (inout TextBuffer) -> Void) {
    text.write(name)
    text.write("<")
    writeContent(&text)
    text.write(">")
  }
}

extension TextBuffer {
  /// What `write` writes, as a string.
  static func string(_ write: (inout TextBuffer) -> Void) -> String {
    var text = TextBuffer()
    write(&text)
    return String(decoding: text.bytes, as: UTF8.self)
  }
}
