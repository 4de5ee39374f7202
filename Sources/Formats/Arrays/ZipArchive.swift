import CZlib
import IR

/// The files in a zip archive, such as NumPy's `.npz`: stored or deflated, up to 4 GiB.
package struct ZipArchive {
  private struct Entry {
    let name: String
    let isDeflated: Bool
    let compressed: ByteSlice
    let byteCount: Int
  }

  private let entries: [Entry]

  package var names: [String] { entries.map(\.name) }

  package static func recognizes(_ file: ByteSlice) -> Bool {
    file.withUnsafeBytes { $0.starts(with: [0x50, 0x4B, 0x03, 0x04]) }
  }

  /// - Throws: `ModelError` where the archive is damaged, or made in a way that is not read here.
  package init(_ file: ByteSlice) throws {
    entries = try file.withUnsafeBytes { try Self.directory(of: file, $0) }
  }

  /// The file called `name`, inflated where it must be; `nil` where there is none.
  ///
  /// - Throws: `ModelError` where it is damaged, or larger than the archive explains.
  package func contents(of name: String) throws -> ByteSlice? {
    guard let entry = entries.first(where: { $0.name == name }) else { return nil }
    guard entry.isDeflated else { return entry.compressed }
    // Deflate makes at most 1032 bytes of one.
    guard entry.byteCount <= entry.compressed.count * 1040 else { throw Self.damaged("'\(name)' says a wrong size") }
    let buffer = try Buffer.made(count: entry.byteCount) { output in
      try entry.compressed.withUnsafeBytes { try Self.inflate($0, into: output, name) }
    }
    return ByteSlice(buffer)
  }

  private static func damaged(_ what: String) -> ModelError {
    ModelError(.invalidModel, "is a damaged zip archive: \(what)")
  }

  // MARK: Reading

  private static func directory(of file: ByteSlice, _ bytes: UnsafeRawBufferPointer) throws -> [Entry] {
    func number<T: FixedWidthInteger>(_ at: Int, as: T.Type) throws -> Int {
      guard at >= 0, at <= bytes.count - MemoryLayout<T>.size else { throw damaged("it ends too early") }
      return Int(bytes.loadUnaligned(fromByteOffset: at, as: T.self))
    }
    let last = bytes.count - 22
    guard last >= 0,
      let end = try stride(from: last, through: max(last - 0xFFFF, 0), by: -1).first(where: {
        try number($0, as: UInt32.self) == 0x0605_4B50
      })
    else { throw damaged("it has no directory") }
    var at = try number(end + 16, as: UInt32.self)
    var entries: [Entry] = []
    for _ in 0..<(try number(end + 10, as: UInt16.self)) {
      guard try number(at, as: UInt32.self) == 0x0201_4B50 else { throw damaged("its directory is cut off") }
      let nameLength = try number(at + 28, as: UInt16.self)
      let (method, flags) = (try number(at + 10, as: UInt16.self), try number(at + 8, as: UInt16.self))
      let (compressed, full) = (try number(at + 20, as: UInt32.self), try number(at + 24, as: UInt32.self))
      let header = try number(at + 42, as: UInt32.self)
      guard nameLength <= bytes.count - at - 46 else { throw damaged("a name is cut off") }
      let name = String(decoding: bytes[at + 46..<at + 46 + nameLength], as: UTF8.self)
      guard flags & 1 == 0, method == 0 || method == 8, compressed != 0xFFFF_FFFF, full != 0xFFFF_FFFF,
        header != 0xFFFF_FFFF
      else { throw ModelError(.invalidModel, "'\(name)' is encrypted, compressed in another way, or over 4 GiB") }
      let start = header + 30 + (try number(header + 26, as: UInt16.self)) + (try number(header + 28, as: UInt16.self))
      guard try number(header, as: UInt32.self) == 0x0403_4B50, method == 8 || compressed == full,
        let data = file.slice(offset: start, count: compressed)
      else { throw damaged("'\(name)' is not where it should be") }
      entries.append(Entry(name: name, isDeflated: method == 8, compressed: data, byteCount: full))
      at += 46 + nameLength + (try number(at + 30, as: UInt16.self)) + (try number(at + 32, as: UInt16.self))
    }
    return entries
  }

  private static func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ name: String
  ) throws {
    var stream = z_stream()
    // Sizes are below 4 GiB; a negative window means deflate without a header.
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = UInt32(truncatingIfNeeded: input.count)
    stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.avail_out = UInt32(truncatingIfNeeded: output.count)
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ModelError(.outOfMemory, "no memory to inflate '\(name)'")
    }
    defer { inflateEnd(&stream) }
    guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END, stream.avail_out == 0 else {
      throw damaged("'\(name)' cannot be inflated")
    }
  }
}
