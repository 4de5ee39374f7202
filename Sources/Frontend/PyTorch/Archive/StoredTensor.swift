import IR

/// A tensor as it lies in a file.
struct StoredTensor {
  let type: ElementType
  let sizes: [Int]
  let strides: [Int]
  /// Where the first element is, counted in elements.
  let offset: Int
  /// The bytes that this tensor, and others perhaps, lies in.
  let storage: ByteSlice
  /// The storage's name in the archive.
  let path: String

  /// The elements in order: those of the file where they lie so.
  ///
  /// - Throws: `ModelError` where they do not lie inside the storage.
  func literal() throws -> TensorLiteral {
    if type.isComplex { return try asPairs().literal() }
    guard (sizes + strides + [offset]).allSatisfy({ $0 >= 0 }) else {
      throw ModelError(.invalidModel, "has a size, stride or offset that is no number")
    }
    guard sizes.count == strides.count else { throw ModelError(.invalidModel, "has a stride too many or too few") }
    let layout = StridedCopy(sizes: sizes, strides: strides, width: (type.bitWidth ?? 8) / 8)
    let (start, overflow) = offset.multipliedReportingOverflow(by: layout.width)
    guard !overflow, let extent = layout.extent, let bytes = storage.slice(offset: start, count: extent) else {
      throw ModelError(.invalidModel, "does not lie inside the \(storage.count) bytes of '\(path)'")
    }
    if layout.isContiguous { return try TensorLiteral(type, sizes, .bytes(bytes)) }
    // An extent that is repeated by a stride of 0 could be of any size.
    guard layout.elementCount * layout.width <= 16 * storage.count else {
      throw ModelError(.invalidModel, "repeats the few bytes of '\(path)' to \(sizes)")
    }
    let elements = try TensorLiteral(type, [extent / layout.width], .bytes(bytes))
    return try TensorLiteral(type, sizes, .whole(WholeEvaluation(layout, of: [elements])))
  }

  /// Complex numbers as real ones, in pairs along a last axis more.
  private func asPairs() throws -> StoredTensor {
    func doubled(_ number: Int) throws -> Int {
      let (result, overflow) = number.multipliedReportingOverflow(by: 2)
      guard !overflow else { throw ModelError(.invalidModel, "does not lie inside '\(path)'") }
      return result
    }
    return StoredTensor(
      type: type.ofParts, sizes: sizes + [2], strides: try strides.map(doubled) + [1], offset: try doubled(offset),
      storage: storage, path: path)
  }
}
