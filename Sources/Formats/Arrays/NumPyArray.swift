import IR

/// NumPy's file format for one array: a header in Python's words, then the elements.
package enum NumPyArray {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static let descriptions: [(String, ElementType)] = [
    ("<f4", .float32), ("<f8", .float64), ("<f2", .float16), ("<V2", .bfloat16), ("|V2", .bfloat16), ("<i8", .int64),
    ("<i4", .int32), ("<i2", .int16), ("|i1", .int8), ("<i1", .int8), ("<u8", .uint64), ("<u4", .uint32),
    ("<u2", .uint16), ("|u1", .uint8), ("<u1", .uint8), ("|b1", .bool), ("<c8", .complex64), ("<c16", .complex128),
  ]

  package static func recognizes(_ file: ByteSlice) -> Bool { file.withUnsafeBytes { $0.starts(with: magic) } }

  // MARK: Reading

  /// The array in `file`. Numbers stay where they are.
  ///
  /// - Throws: `ModelError` where it is no array of numbers or texts, or is damaged.
  package static func read(_ file: ByteSlice) throws -> TensorLiteral {
    let (header, start) = try header(of: file)
    guard let data = file.slice(offset: start, count: file.count - start), let description = field("descr", in: header),
      let order = field("fortran_order", in: header), let dimensions = field("shape", in: header).flatMap(shape)
    else { throw damaged }
    guard order == "False" || dimensions.count < 2 else {
      throw ModelError(.invalidModel, "its elements are in Fortran's order; save numpy.ascontiguousarray of it")
    }
    let name = String(description.drop { $0 == "'" || $0 == "\"" }.prefix { $0 != "'" && $0 != "\"" })
    if let type = descriptions.first(where: { $0.0 == name })?.1 {
      return try TensorLiteral(type, dimensions, .bytes(data))
    }
    if name.hasPrefix("<U"), let width = Int(name.dropFirst(2)), width >= 0, width < 1 << 20 {
      return try texts(data, width, dimensions)
    }
    throw ModelError(.invalidModel, "its elements are '\(name)', which is no element type of ONNX")
  }

  private static let damaged = ModelError(.invalidModel, "is no .npy file, or a damaged one")

  private static func header(of file: ByteSlice) throws -> (text: Substring, end: Int) {
    try file.withUnsafeBytes { bytes in
      guard bytes.starts(with: magic), bytes.count >= 12 else { throw damaged }
      let isShort = bytes[6] == 1
      let start = isShort ? 10 : 12
      let length =
        isShort
        ? Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
        : Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      guard length <= bytes.count - start, length <= 1 << 16 else { throw damaged }
      return (String(decoding: bytes[start..<start + length], as: UTF8.self)[...], start + length)
    }
  }

  /// What a field of the header says: up to the comma that ends it, parentheses counted.
  private static func field(_ name: String, in header: Substring) -> Substring? {
    let key = "'\(name)':"
    guard let position = header.indices.first(where: { header[$0...].hasPrefix(key) }) else { return nil }
    var depth = 0
    let rest = header[position...].dropFirst(key.count).drop { $0 == " " }
    return rest.prefix { character in
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      return depth > 0 || (character != "," && character != "}")
    }
  }

  private static func shape(_ text: Substring) -> [Int]? {
    guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == parts.count ? numbers : nil
  }

  private static func texts(_ data: ByteSlice, _ width: Int, _ dimensions: [Int]) throws -> TensorLiteral {
    let size = 4 * width
    let strings = data.withUnsafeBytes { bytes -> [ByteString] in
      guard size > 0 else { return Array(repeating: "", count: max(dimensions.reduce(1, &*), 0)) }
      return stride(from: 0, to: bytes.count - size + 1, by: size).map { start in
        var text = String.UnicodeScalarView()
        for place in 0..<width {
          let value = bytes.loadUnaligned(fromByteOffset: start + 4 * place, as: UInt32.self)
          if value != 0, let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        return ByteString(String(text))
      }
    }
    return try TensorLiteral(.string, dimensions, .strings(strings))
  }

  // MARK: Writing

  /// The bytes that stand before the elements of `literal`; `nil` where NumPy has no such elements.
  package static func header(for literal: TensorLiteral) -> [UInt8]? {
    guard let description = descriptions.first(where: { $0.1 == literal.elementType })?.0 else { return nil }
    let sizes = literal.dimensions.map(String.init).joined(separator: ", ") + (literal.dimensions.count == 1 ? "," : "")
    var text = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The elements begin at a multiple of 64 bytes.
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = text.utf8.count
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
  }
}
