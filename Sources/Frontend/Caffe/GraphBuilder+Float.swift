import IR

extension GraphBuilder {
  /// A number, which applies to each element.
  func constant(_ value: Float) throws -> Value {
    try constant(TensorLiteral(.float32, [], bytes: withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }))
  }

  /// `value` reshaped to `shape`, of whose extents one may be no number.
  func reshape(_ value: Value, to shape: Shape) throws -> Value {
    guard shape.count(where: { $0.value == nil }) <= 1 else {
      throw ModelError(.invalidModel, "needs to know more of the extents \(shape)")
    }
    if value.tensorType?.shape == shape { return value }
    return try self(.reshape, value, constant(shape.map { $0.value ?? -1 }))
  }
}

extension TensorLiteral {
  /// A vector of floats.
  init(floats values: [Float], _ dimensions: [Int]? = nil) throws {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 4)
    for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    try self.init(.float32, dimensions ?? [values.count], bytes: bytes)
  }

  /// The elements of a literal of floats.
  func floats() throws -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(elementCount)
    try forEachWindow { window, _ in
      for offset in stride(from: 0, to: window.count, by: 4) {
        values.append(
          Float(bitPattern: UInt32(littleEndian: window.loadUnaligned(fromByteOffset: offset, as: UInt32.self))))
      }
    }
    return values
  }
}
