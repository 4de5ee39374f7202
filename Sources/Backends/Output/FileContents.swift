import IR

/// Comparison of files by what is in them.
enum FileContents {
  /// Whether both are regular files with the same bytes. What cannot be read is not equal.
  static func areEqual(_ first: String, _ second: String) -> Bool {
    guard let a = try? MappedFile(path: first), let b = try? MappedFile(path: second), a.count == b.count else {
      return false
    }
    let size = TensorLiteral.windowBytes
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 64)
    defer { scratch.deallocate() }
    for offset in stride(from: 0, to: a.count, by: size) {
      let count = min(size, a.count - offset)
      let left = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
      let right = UnsafeMutableRawBufferPointer(rebasing: scratch[size..<size + count])
      guard (try? a.read(at: offset, into: left)) != nil, (try? b.read(at: offset, into: right)) != nil,
        UnsafeRawBufferPointer(left).isSame(as: UnsafeRawBufferPointer(right))
      else { return false }
    }
    return true
  }
}
