import IR

/// Reads JSON from front to back, straight into what the caller wants of it: what is skipped takes no memory, and what
/// is kept is charged to an allowance.
///
/// Foundation's decoder first makes a map of the whole text, many times its size where a hostile text is all brackets.
/// Beside JSON's own numbers, `NaN` and `Infinity` are read, as Python writes them.
package struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var nesting = 0
  private var allowance: Int

  /// Real files nest a few dozen levels deep, and each takes several frames of the stack.
  private static let maximumNesting = 200

  /// Calls `body` with a reader of `text`, which must be one JSON value that `body` reads as a whole.
  ///
  /// - Parameter allowance: about how many bytes may be kept of it.
  /// - Throws: `ModelError` that says where the text is no JSON, or not what `body` expects.
  package static func read<Result>(
    _ text: ByteSlice, allowance: Int, _ body: (inout JSONReader) throws -> Result
  ) throws -> Result {
    try text.withUnsafeBytes { bytes in
      var reader = JSONReader(bytes: bytes, allowance: allowance)
      let result = try body(&reader)
      guard reader.next() == nil else { throw reader.error("there is more after its end") }
      return result
    }
  }

  private init(bytes: UnsafeRawBufferPointer, allowance: Int) {
    self.bytes = bytes
    self.allowance = allowance
  }

  package func error(_ what: String) -> ModelError {
    ModelError(.invalidModel, place: "byte \(position)", "is not the JSON that is expected: \(what)")
  }

  // MARK: Containers

  /// Reads an object: `member` reads or skips the value of each key.
  package mutating func readObject(_ member: (inout JSONReader, String) throws -> Void) throws {
    try readList("{", "}") { reader in
      let key = try reader.readString()
      try reader.expect(":")
      try member(&reader, key)
    }
  }

  /// Reads an object whose values are all of one kind.
  package mutating func readDictionary<Element>(
    _ element: (inout JSONReader) throws -> Element
  ) throws -> [String: Element] {
    var result: [String: Element] = [:]
    try readObject { reader, key in
      try reader.charge(MemoryLayout<(String, Element)>.stride * 2)
      result[key] = try element(&reader)
    }
    return result
  }

  package mutating func readArray<Element>(
    _ element: (inout JSONReader) throws -> Element
  ) throws -> [Element] {
    var result: [Element] = []
    try readList("[", "]") { reader in
      try reader.charge(MemoryLayout<Element>.stride * 2)
      result.append(try element(&reader))
    }
    return result
  }

  private mutating func readList(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ item: (inout JSONReader) throws -> Void
  ) throws {
    try expect(opening)
    guard nesting < Self.maximumNesting else { throw error("it nests too deep") }
    nesting += 1
    defer { nesting -= 1 }
    if accept(closing) { return }
    repeat { try item(&self) } while accept(",")
    try expect(closing)
  }

  private mutating func charge(_ count: Int) throws {
    guard count <= allowance else { throw error("it says more than a file of its size should") }
    allowance -= count
  }

  // MARK: Scalars

  /// Whether `null` came next, which is then read.
  package mutating func acceptNull() -> Bool { acceptWord("null") }

  package mutating func readBool() throws -> Bool {
    if acceptWord("true") { return true }
    guard acceptWord("false") else { throw error("a truth value is missing") }
    return false
  }

  package mutating func readInt() throws -> Int {
    guard let value = Int(numberText()) else { throw error("a number of 64 bits is missing") }
    return value
  }

  /// Reads a number, which may stand in quotes where JSON has no word for it.
  package mutating func readDouble() throws -> Double {
    let text = next() == UInt8(ascii: "\"") ? try readString() : numberText()
    switch text {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default: break
    }
    guard let value = Double(text) else { throw error("a number is missing") }
    return value
  }

  private mutating func numberText() -> String {
    _ = next()
    let start = position
    while position < bytes.count, Self.isOfNumbers(bytes[position]) { position += 1 }
    // No number that is one has more digits than this.
    return String(decoding: bytes[start..<min(position, start + 400)], as: UTF8.self)
  }

  private static func isOfNumbers(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  package mutating func readString() throws -> String {
    let (range, hasEscapes) = try stringRange()
    try charge(range.count + 16)
    if !hasEscapes { return String(decoding: bytes[range], as: UTF8.self) }
    return String(decoding: try unescaped(range), as: UTF8.self)
  }

  /// The bytes between the quotes.
  private mutating func stringRange() throws -> (Range<Int>, hasEscapes: Bool) {
    try expect("\"")
    let start = position
    var hasEscapes = false
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return (start..<position - 1, hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        position += 2
      default: position += 1
      }
    }
    position = bytes.count
    throw error("a text does not end")
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "b"): 0x08,
    UInt8(ascii: "f"): 0x0C, UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F,
  ]

  private func unescaped(_ range: Range<Int>) throws -> [UInt8] {
    var result: [UInt8] = []
    var units: [UInt16] = []
    var at = range.lowerBound
    func flush() {
      guard !units.isEmpty else { return }
      result += Array(String(decoding: units, as: UTF16.self).utf8)
      units = []
    }
    while at < range.upperBound {
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < range.upperBound else {
        flush()
        result.append(bytes[at])
        at += 1
        continue
      }
      if bytes[at + 1] == UInt8(ascii: "u") {
        let digits = String(
          decoding: bytes[min(at + 2, range.upperBound)..<min(at + 6, range.upperBound)], as: UTF8.self)
        guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else { throw error("an escape is damaged") }
        units.append(unit)
        at += 6
      } else {
        flush()
        guard let byte = Self.escapes[bytes[at + 1]] else { throw error("an escape is damaged") }
        result.append(byte)
        at += 2
      }
    }
    flush()
    return result
  }

  // MARK: What nobody wants

  /// Skips a value of any kind, however deep.
  package mutating func skip() throws {
    var depth = 0
    repeat {
      guard let byte = next() else { throw error("a value is missing") }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        position += 1
      case UInt8(ascii: "\""): _ = try stringRange()
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard depth > 0 else { throw error("a value is missing") }
        position += 1
      default:
        guard Self.isOfNumbers(byte) else { throw error("a value is missing") }
        while position < bytes.count, Self.isOfNumbers(bytes[position]) { position += 1 }
      }
    } while depth > 0
    guard depth == 0 else { throw error("a value is missing") }
  }

  // MARK: Tokens

  /// The next byte that is no white space, not consumed.
  private mutating func next() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return bytes[position]
      }
    }
    return nil
  }

  private mutating func accept(_ token: Unicode.Scalar) -> Bool {
    guard next() == UInt8(ascii: token) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ token: Unicode.Scalar) throws {
    guard accept(token) else { throw error("'\(token)' is missing") }
  }

  private mutating func acceptWord(_ word: StaticString) -> Bool {
    guard next() != nil else { return false }
    let length = word.utf8CodeUnitCount
    guard length <= bytes.count - position else { return false }
    let matches = word.withUTF8Buffer { bytes[position..<position + length].elementsEqual($0) }
    if matches { position += length }
    return matches
  }
}
