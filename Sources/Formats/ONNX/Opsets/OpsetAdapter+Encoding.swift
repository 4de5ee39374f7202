import IR

extension OpsetAdapter {
  static let encodings: [OpsetAdapter] = [labelEncoder]

  /// Before version 2 one list of classes was both table and numbers.
  private static let labelEncoder = OpsetAdapter(
    .labelEncoder, since: 2, formerAttributes: ["classes_strings"],
    lowers: [
      .attribute("keys_int64s"), .attribute("keys_strings"), .attribute("values_int64s"), .attribute("values_strings"),
    ],
    raise: { editor, _ in
      guard case .strings(let classes)? = editor.operation.attributes["classes_strings"],
        let type = editor.operation.operand(0)?.tensorType?.elementType, type == .string || type == .int64
      else { return false }
      let numbers = AttributeValue.ints(classes.indices.map { Int64($0) })
      editor.setAttribute("classes_strings", to: nil)
      editor.setAttribute(
        type == .string ? "keys_strings" : "keys_int64s", to: type == .string ? .strings(classes) : numbers)
      editor.setAttribute(
        type == .string ? "values_int64s" : "values_strings", to: type == .string ? numbers : .strings(classes))
      return true
    },
    lower: { editor, form in
      guard form.version < 2 else { return }
      let pairs: [(strings: ByteString, numbers: ByteString)] = [
        ("keys_strings", "values_int64s"), ("values_strings", "keys_int64s"),
      ]
      for pair in pairs {
        guard case .strings(let classes)? = editor.operation.attributes[pair.strings],
          editor.operation.attributes[pair.numbers] == .ints(classes.indices.map { Int64($0) })
        else { continue }
        editor.setAttribute(pair.strings, to: nil)
        editor.setAttribute(pair.numbers, to: nil)
        return editor.setAttribute("classes_strings", to: .strings(classes))
      }
      throw editor.unsayable("such a table", since: 2)
    })
}
