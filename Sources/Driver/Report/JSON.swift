/// A value of JSON; `text` is one line.
indirect enum JSON {
  case null
  case integer(Int)
  case number(Double)
  case string(String)
  case list([JSON])
  case object(Members)

  /// The members of an object, in order.
  struct Members: ExpressibleByDictionaryLiteral {
    let all: [(key: String, value: JSON)]

    init(_ all: [(key: String, value: JSON)]) {
      self.all = all
    }

    init(dictionaryLiteral members: (String, JSON)...) {
      all = members.map { (key: $0.0, value: $0.1) }
    }
  }

  var text: String {
    switch self {
    case .null: "null"
    case .integer(let value): String(value)
    case .number(let value): value.isFinite ? String(value) : "null"
    case .string(let text): Self.quoted(text)
    case .list(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    case .object(let members):
      "{\(members.all.map { "\(Self.quoted($0.key)): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }

  /// The text, or `null`.
  static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }

  /// The integer, or `null`.
  static func optional(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\0"..<" ", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
