import Formats
import IR

/// A file of Caffe, judged by its first bytes.
package enum CaffeFile {
  /// What a file is written in: layers as a rule in text, weights in binary.
  package enum Form: Sendable {
    case text, binary

    /// - Parameters:
    ///   - prefix: the first bytes of the file.
    ///   - path: tells where the bytes do not.
    package init?(prefix: UnsafeRawBufferPointer, path: String) {
      if path.hasSuffix(".prototxt") || CaffeFile.isText(prefix) {
        self = .text
      } else if path.hasSuffix(".caffemodel") || CaffeFile.isBinary(prefix) {
        self = .binary
      } else {
        return nil
      }
    }
  }

  /// Unpacks a network of either form.
  static func document(_ path: String, _ contents: ByteSlice) throws -> CaffeDocument {
    let isText = contents.withUnsafeBytes { bytes in
      isBinary(bytes) ? false : Form(prefix: bytes, path: path) != .binary
    }
    return try isText ? CaffeDocument(text: contents) : CaffeDocument(binary: contents)
  }

  /// The fields that texts begin with.
  private static let firstFields: Set<String> = [
    "name", "layer", "layers", "input", "input_dim", "input_shape", "force_backward", "state", "debug_info",
  ]

  /// Whether a text begins with a field of a network, comments aside.
  private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    func skipSpace() {
      while let byte = rest.first {
        if byte == UInt8(ascii: "#") {
          rest = rest.drop { $0 != UInt8(ascii: "\n") }
        } else if byte == UInt8(ascii: " ") || (0x09...0x0d).contains(byte) {
          rest = rest.dropFirst()
        } else {
          return
        }
      }
    }
    if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
    skipSpace()
    let name = rest.prefix { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    guard name.count < 32, firstFields.contains(String(decoding: name, as: UTF8.self)) else { return false }
    rest = rest.dropFirst(name.count)
    skipSpace()
    return rest.first.map { ":{<".utf8.contains($0) } ?? false
  }

  /// Whether bytes begin as a binary network: with a name that reads as text, if any, and then what a network has.
  private static func isBinary(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    let isNamed = rest.first == 0x0a
    if isNamed {
      rest = rest.dropFirst()
      var length = 0
      for shift in stride(from: 0, to: 28, by: 7) {
        guard let byte = rest.popFirst() else { return false }
        length |= Int(byte & 0x7f) << shift
        if byte < 0x80 { break }
      }
      guard rest.prefix(length).allSatisfy({ $0 >= 0x20 }) else { return false }
      rest = rest.dropFirst(length)
    }
    // layers, input, input_dim, force_backward, state, debug_info, input_shape; layer, whose number takes two bytes.
    guard let tag = rest.first else { return false }
    let tags: [UInt8] = isNamed ? [0x12, 0x1a, 0x20, 0x28, 0x32, 0x38, 0x42] : [0x12]
    return tags.contains(tag) || rest.starts(with: [0xa2, 0x06])
  }
}
