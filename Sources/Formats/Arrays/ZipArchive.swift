import CZlib
import IR

/// The files in a zip archive, such as NumPy's `.npz` and PyTorch's `.pt2`: stored or deflated, in ZIP64 or not.
package struct ZipArchive {
  private struct Entry {
    let name: String
    let isDeflated: Bool
    let compressed: ByteSlice
    let byteCount: Int
    /// What of the archive it takes, its header included.
    let extent: Range<Int>
  }

  private let entries: [Entry]
  private let positions: [String: Int]

  package var names: [String] { entries.map(\.name) }

  package static func recognizes(_ file: ByteSlice) -> Bool {
    file.withUnsafeBytes { recognizes(prefix: $0) }
  }

  package static func recognizes(prefix: UnsafeRawBufferPointer) -> Bool {
    prefix.starts(with: [0x50, 0x4B, 0x03, 0x04])
  }

  /// - Throws: `ModelError` where the archive is damaged, made in a way that is not read here, or made to mislead: two
  ///   files of one name or in one place, a name that leads out of the archive.
  package init(_ file: ByteSlice) throws {
    let entries = try file.withUnsafeBytes { try Self.directory(of: file, $0) }
    positions = try Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in
      throw Self.damaged("it has '\(entries[first].name)' twice")
    }
    self.entries = entries
    try checkExtents()
  }

  /// The file called `name`, inflated where it must be; `nil` where there is none.
  ///
  /// - Throws: `ModelError` where it is damaged, or larger than the archive explains.
  package func contents(of name: String) throws -> ByteSlice? {
    guard let entry = positions[name].map({ entries[$0] }) else { return nil }
    guard entry.isDeflated else { return entry.compressed }
    // Deflate makes at most 1032 bytes of one.
    guard entry.byteCount <= entry.compressed.count * 1040 else { throw Self.damaged("'\(name)' says a wrong size") }
    let buffer = try Buffer.made(count: entry.byteCount) { output in
      try entry.compressed.withUnsafeBytes { try Self.inflate($0, into: output, name) }
    }
    return ByteSlice(buffer)
  }

  /// How many bytes the file called `name` has once it is inflated.
  package func byteCount(of name: String) -> Int? { positions[name].map { entries[$0].byteCount } }

  private func checkExtents() throws {
    for entry in entries where entry.name.split(separator: "/").contains("..") || entry.name.hasPrefix("/") {
      throw Self.damaged("the name '\(entry.name)' leads out of it")
    }
    let extents = entries.map(\.extent).sorted { $0.lowerBound < $1.lowerBound }
    for (one, next) in zip(extents, extents.dropFirst()) where one.upperBound > next.lowerBound {
      throw Self.damaged("two of its files overlap")
    }
  }

  private static func damaged(_ what: String) -> ModelError {
    ModelError(.invalidModel, "is a damaged zip archive: \(what)")
  }

  // MARK: Reading

  /// Reads numbers of an archive, wherever its directory says that they are.
  private struct Fields {
    let bytes: UnsafeRawBufferPointer

    func number<T: FixedWidthInteger>(_ at: Int, as: T.Type) throws -> Int {
      guard at >= 0, at <= bytes.count - MemoryLayout<T>.size,
        let value = Int(exactly: bytes.loadUnaligned(fromByteOffset: at, as: T.self))
      else { throw damaged("it ends too early") }
      return value
    }

    /// Where the directory begins, and how many entries it has.
    func directory() throws -> (start: Int, count: Int) {
      let last = bytes.count - 22
      guard last >= 0,
        let end = try stride(from: last, through: max(last - 0xFFFF, 0), by: -1).first(where: {
          try number($0, as: UInt32.self) == 0x0605_4B50
        })
      else { throw damaged("it has no directory") }
      let locator = end - 20
      if locator >= 0, try number(locator, as: UInt32.self) == 0x0706_4B50 {
        let record = try number(locator + 8, as: UInt64.self)
        guard try number(record, as: UInt32.self) == 0x0606_4B50 else { throw damaged("it has no directory") }
        return (try number(record + 48, as: UInt64.self), try number(record + 32, as: UInt64.self))
      }
      return (try number(end + 16, as: UInt32.self), try number(end + 10, as: UInt16.self))
    }

    /// The 64-bit numbers that stand for those of `short` which 32 bits cannot hold, from the extra field at `range`.
    func extended(_ short: [Int], in range: Range<Int>) throws -> [Int] {
      guard short.contains(0xFFFF_FFFF) else { return short }
      var at = range.lowerBound
      while at + 4 <= range.upperBound {
        let (kind, size) = (try number(at, as: UInt16.self), try number(at + 2, as: UInt16.self))
        if kind == 1 {
          var next = at + 4
          return try short.map { value in
            guard value == 0xFFFF_FFFF else { return value }
            guard next + 8 <= min(at + 4 + size, range.upperBound) else { throw damaged("a size is cut off") }
            defer { next += 8 }
            return try number(next, as: UInt64.self)
          }
        }
        at += 4 + size
      }
      return short
    }
  }

  private static func directory(of file: ByteSlice, _ bytes: UnsafeRawBufferPointer) throws -> [Entry] {
    let fields = Fields(bytes: bytes)
    var (at, count) = try fields.directory()
    var entries: [Entry] = []
    while count > 0 {
      guard try fields.number(at, as: UInt32.self) == 0x0201_4B50 else { throw damaged("its directory is cut off") }
      let nameLength = try fields.number(at + 28, as: UInt16.self)
      let extraLength = try fields.number(at + 30, as: UInt16.self)
      let commentLength = try fields.number(at + 32, as: UInt16.self)
      guard nameLength + extraLength <= bytes.count - at - 46 else { throw damaged("a name is cut off") }
      entries.append(try entry(of: file, fields, at, nameLength, extraLength))
      at += 46 + nameLength + extraLength + commentLength
      count -= 1
    }
    return entries
  }

  /// The entry that the directory has at `at`.
  private static func entry(
    of file: ByteSlice, _ fields: Fields, _ at: Int, _ nameLength: Int, _ extraLength: Int
  ) throws -> Entry {
    let names = at + 46
    let name = String(decoding: fields.bytes[names..<names + nameLength], as: UTF8.self)
    let (method, flags) = (try fields.number(at + 10, as: UInt16.self), try fields.number(at + 8, as: UInt16.self))
    guard flags & 1 == 0, method == 0 || method == 8 else {
      throw ModelError(.invalidModel, "'\(name)' is encrypted, or compressed in another way")
    }
    // The order of these is that of the extra field.
    let sizes = try fields.extended(
      [24, 20, 42].map { try fields.number(at + $0, as: UInt32.self) },
      in: names + nameLength..<names + nameLength + extraLength)
    let (full, compressed, header) = (sizes[0], sizes[1], sizes[2])
    guard try fields.number(header, as: UInt32.self) == 0x0403_4B50, method == 8 || compressed == full else {
      throw damaged("'\(name)' is not where it should be")
    }
    let nameAndExtra = try fields.number(header + 26, as: UInt16.self) + fields.number(header + 28, as: UInt16.self)
    let start = header + 30 + nameAndExtra
    guard let data = file.slice(offset: start, count: compressed) else {
      throw damaged("'\(name)' is not where it should be")
    }
    return Entry(
      name: name, isDeflated: method == 8, compressed: data, byteCount: full, extent: header..<start + compressed)
  }

  private static func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ name: String
  ) throws {
    var stream = z_stream()
    // A negative window means deflate without a header.
    stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    guard let inputCount = UInt32(exactly: input.count), let outputCount = UInt32(exactly: output.count) else {
      throw ModelError(.invalidModel, "'\(name)' is compressed, and over 4 GiB")
    }
    stream.avail_in = inputCount
    stream.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.avail_out = outputCount
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ModelError(.outOfMemory, "no memory to inflate '\(name)'")
    }
    defer { inflateEnd(&stream) }
    guard CZlib.inflate(&stream, Z_FINISH) == Z_STREAM_END, stream.avail_out == 0 else {
      throw damaged("'\(name)' cannot be inflated")
    }
  }
}
