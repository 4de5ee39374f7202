import IR

extension Checkpoint {
  /// The key under which a part of a variable is stored: numbers and names written so that their bytes sort as they do.
  ///
  /// - Parameter slice: the extents of the whole variable, and what the part takes of each axis, as the model's graph says
  ///   them: `10 4 0,5:-`.
  /// - Returns: `nil` where `slice` says no such thing.
  package static func key(of name: ByteString, slice: ByteString) -> ByteString? {
    guard let last = slice.bytes.split(separator: UInt8(ascii: " ")).last else { return nil }
    let ranges = last.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard ranges.count <= maximumRank else { return nil }
    var key = [0] + escaped(name.bytes) + (ranges.isEmpty ? [0] : [1, UInt8(ranges.count)])
    for range in ranges {
      if range.elementsEqual([UInt8(ascii: "-")]) {
        key += ordered(0) + ordered(-1)
        continue
      }
      let bounds = range.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
        Int64(String(decoding: $0, as: UTF8.self))
      }
      guard bounds.count == 2, let start = bounds[0], let length = bounds[1], start >= 0, length >= 0 else {
        return nil
      }
      key += ordered(start) + ordered(length)
    }
    return ByteString(key)
  }

  private static let maximumRank = 254

  /// A name with its end marked, where the bytes that mark it are told apart.
  private static func escaped(_ name: some Sequence<UInt8>) -> [UInt8] {
    name.flatMap { byte -> [UInt8] in
      switch byte {
      case 0x00: [0x00, 0xff]
      case 0xff: [0xff, 0x00]
      default: [byte]
      }
    } + [0x00, 0x01]
  }

  /// A number in as few bytes as hold it, which begin with as many ones as there are bytes, all inverted for negative ones.
  private static func ordered(_ number: Int64) -> [UInt8] {
    let magnitude = UInt64(bitPattern: number < 0 ? ~number : number)
    let count = (64 - magnitude.leadingZeroBitCount) / 7 + 1
    let sign: UInt8 = number < 0 ? 0xff : 0
    let digits = withUnsafeBytes(of: number.bigEndian) { [sign, sign] + $0 }
    var bytes = Array(digits.suffix(count))
    bytes[0] ^= UInt8(truncatingIfNeeded: 0xff00 >> min(count, 8))
    if count > 8 { bytes[1] ^= UInt8(truncatingIfNeeded: 0xff00 >> (count - 8)) }
    return bytes
  }
}
