/// Decodes base64 of a known length from pieces of any size, white space ignored.
struct Base64Reader {
  private let byteCount: Int
  private(set) var written = 0
  /// The characters of a group of four that are not decoded yet, six bits each.
  private var pending: UInt32 = 0
  private var pendingCount = 0
  private var paddingCount = 0

  init(byteCount: Int) {
    self.byteCount = byteCount
  }

  var isComplete: Bool { written == byteCount && pendingCount == 0 && paddingCount == expectedPadding }

  private var expectedPadding: Int { (3 - byteCount % 3) % 3 }

  private static let blank: UInt8 = 0xfe
  private static let padding: UInt8 = 0xfd
  private static let invalid: UInt8 = 0xff

  /// What each character stands for.
  private static let values: [UInt8] = (0..<256).map { byte in
    switch UInt8(byte) {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt8(byte) - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(byte) - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    case UInt8(ascii: "="): padding
    case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): blank
    default: invalid
    }
  }

  /// Decodes `text` behind what was decoded before.
  ///
  /// - Parameter output: all `byteCount` bytes.
  /// - Returns: the position of a character that does not belong there; `nil` where all do.
  mutating func read(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
    Self.values.withUnsafeBufferPointer { values in
      var position = 0
      while position < text.count {
        if pendingCount == 0 { position = readGroups(text, from: position, into: output, values) }
        guard position < text.count else { break }
        guard readCharacter(values[Int(text[position])], into: output) else { return position }
        position += 1
      }
      return nil
    }
  }

  /// Decodes whole groups for as long as nothing else comes between, and returns the position after them.
  private mutating func readGroups(
    _ text: UnsafeRawBufferPointer, from start: Int, into output: UnsafeMutableRawBufferPointer,
    _ values: UnsafeBufferPointer<UInt8>
  ) -> Int {
    let groups = paddingCount > 0 ? 0 : min((text.count - start) / 4, (byteCount - written) / 3)
    var position = start
    var target = written
    for _ in 0..<groups {
      let a = values[Int(text[position])]
      let b = values[Int(text[position + 1])]
      let c = values[Int(text[position + 2])]
      let d = values[Int(text[position + 3])]
      guard (a | b | c | d) < 64 else { break }
      output[target] = a << 2 | b >> 4
      output[target + 1] = b << 4 | c >> 2
      output[target + 2] = c << 6 | d
      position += 4
      target += 3
    }
    written = target
    return position
  }

  /// Takes one character; `false` where it is not allowed there.
  private mutating func readCharacter(_ value: UInt8, into output: UnsafeMutableRawBufferPointer) -> Bool {
    if value == Self.blank { return true }
    if value == Self.padding {
      paddingCount += 1
      guard paddingCount <= expectedPadding, byteCount - written == 3 - expectedPadding || paddingCount > 1 else {
        return false
      }
      if paddingCount == expectedPadding { return finish(into: output) }
      return true
    }
    guard value < 64, paddingCount == 0 else { return false }
    pending = pending << 6 | UInt32(value)
    pendingCount += 1
    guard pendingCount == 4 else { return true }
    guard byteCount - written >= 3 else { return false }
    output[written] = UInt8(truncatingIfNeeded: pending >> 16)
    output[written + 1] = UInt8(truncatingIfNeeded: pending >> 8)
    output[written + 2] = UInt8(truncatingIfNeeded: pending)
    written += 3
    pending = 0
    pendingCount = 0
    return true
  }

  /// Decodes the last, padded group.
  private mutating func finish(into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard pendingCount == 4 - expectedPadding else { return false }
    let bits = pending << UInt32(6 * expectedPadding)
    for index in 0..<3 - expectedPadding {
      output[written + index] = UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * index))
    }
    written = byteCount
    pendingCount = 0
    return true
  }
}
