/// Writes bytes as base64 in lines, from pieces of any size.
struct Base64Writer {
  /// Bytes a line: a multiple of 3, so that only the last line is padded.
  private static let bytesPerLine = 90
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private var line: [UInt8] = []

  /// Writes the lines that `bytes` completes.
  mutating func write(_ bytes: UnsafeRawBufferPointer, to text: inout TextBuffer) {
    var rest = bytes[...]
    if !line.isEmpty {
      let missing = rest.prefix(Self.bytesPerLine - line.count)
      line.append(contentsOf: missing)
      rest = rest.dropFirst(missing.count)
      guard line.count == Self.bytesPerLine else { return }
      line.withUnsafeBytes { Self.writeLines($0, to: &text) }
      line.removeAll()
    }
    let whole = rest.count / Self.bytesPerLine * Self.bytesPerLine
    Self.writeLines(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)), to: &text)
    line.append(contentsOf: rest.dropFirst(whole))
  }

  /// Writes what is left: the last, shorter line.
  mutating func finish(to text: inout TextBuffer) {
    guard !line.isEmpty else { return }
    let padding = (3 - line.count % 3) % 3
    line.append(contentsOf: repeatElement(0, count: padding))
    text.append(count: line.count / 3 * 4 + 1) { output in
      line.withUnsafeBytes { Self.encode($0, into: output) }
      for index in output.indices.dropLast().suffix(padding) { output[index] = UInt8(ascii: "=") }
      output[output.count - 1] = UInt8(ascii: "\n")
    }
    line.removeAll()
  }

  /// Writes whole lines.
  private static func writeLines(_ bytes: UnsafeRawBufferPointer, to text: inout TextBuffer) {
    let lineLength = bytesPerLine / 3 * 4 + 1
    text.append(count: bytes.count / bytesPerLine * lineLength) { output in
      for line in 0..<bytes.count / bytesPerLine {
        let target = UnsafeMutableBufferPointer(rebasing: output[line * lineLength..<(line + 1) * lineLength])
        encode(UnsafeRawBufferPointer(rebasing: bytes[line * bytesPerLine..<(line + 1) * bytesPerLine]), into: target)
        target[lineLength - 1] = UInt8(ascii: "\n")
      }
    }
  }

  private static func encode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>) {
    alphabet.withUnsafeBufferPointer { alphabet in
      for group in 0..<bytes.count / 3 {
        let bits = Int(bytes[group * 3]) << 16 | Int(bytes[group * 3 + 1]) << 8 | Int(bytes[group * 3 + 2])
        output[group * 4] = alphabet[bits >> 18]
        output[group * 4 + 1] = alphabet[bits >> 12 & 63]
        output[group * 4 + 2] = alphabet[bits >> 6 & 63]
        output[group * 4 + 3] = alphabet[bits & 63]
      }
    }
  }
}
