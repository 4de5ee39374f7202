/// The value of a constant tensor: its type and where its bytes come from. Weights are never copied: a literal is a
/// description.
package struct TensorLiteral: Hashable, Sendable {
  package let elementType: ElementType
  package let dimensions: [Int]
  package let source: TensorSource
  /// The product of the dimensions.
  package let elementCount: Int

  /// The largest part of a literal that any reader holds at once: fits a second-level cache beside its results.
  package static let windowBytes = 1 << 20

  /// - Throws: `ModelError` where a dimension is negative, the product overflows, or the source does not have exactly
  ///   the bytes that the type asks for.
  package init(_ elementType: ElementType, _ dimensions: [Int], _ source: TensorSource) throws {
    let count = try Self.elementCount(of: dimensions)
    try Self.check(source, elementType, dimensions, count)
    self.elementType = elementType
    self.dimensions = dimensions
    self.source = source
    self.elementCount = count
  }

  /// The literal whose packed elements are `bytes`.
  package init(_ elementType: ElementType, _ dimensions: [Int], bytes: [UInt8]) throws {
    try self.init(elementType, dimensions, .bytes(ByteSlice(bytes)))
  }

  /// A vector of integers, as shapes and axes are.
  package init(int64s values: [Int]) throws {
    try self.init(.int64, [values.count], bytes: values.map { Int64($0) }.withUnsafeBytes { Array($0) })
  }

  package var type: TensorType { TensorType(elementType, dimensions) }

  /// The bytes of the packed elements; 0 for strings.
  package var byteCount: Int { elementType.byteCount(elements: elementCount) ?? 0 }

  private static func elementCount(of dimensions: [Int]) throws -> Int {
    var count = 1
    for dimension in dimensions {
      guard dimension >= 0 else { throw ModelError(.invalidModel, "dimension \(dimension) is negative") }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw ModelError(.invalidModel, "has more elements than can be counted: \(dimensions)") }
      count = product
    }
    return count
  }

  private static func check(_ source: TensorSource, _ type: ElementType, _ dimensions: [Int], _ count: Int) throws {
    if case .strings(let strings) = source {
      guard type == .string, strings.count == count else {
        throw ModelError(.invalidModel, "needs \(count) strings, the file holds \(strings.count)")
      }
      return
    }
    guard let needed = type.byteCount(elements: count) else {
      throw ModelError(.invalidModel, "has more elements than can be counted: \(dimensions)")
    }
    switch source {
    case .bytes(let slice):
      guard slice.count == needed else {
        throw ModelError(
          .invalidModel, "needs \(needed) bytes for \(type.rawValue)\(dimensions), the file holds \(slice.count) there")
      }
    case .splat(let bytes):
      guard bytes.count == type.byteCount(elements: 1) else {
        throw ModelError(.internalFailure, "a splat of \(type.rawValue) has \(bytes.count) bytes")
      }
    case .elementwise(_, let base):
      guard base.elementCount == count else {
        throw ModelError(.internalFailure, "a transform makes \(count) elements of \(base.elementCount)")
      }
    case .strings, .whole: break
    }
  }
}

// MARK: - Windows

extension TensorLiteral {
  /// Fills `output` with the bytes of the elements `range`. `range.lowerBound` lies on a byte boundary; `output` has
  /// exactly their bytes.
  package func read(_ range: Range<Int>, into output: UnsafeMutableRawBufferPointer) throws {
    guard let target = output.baseAddress, !range.isEmpty else { return }
    switch source {
    case .bytes(let slice):
      guard let offset = elementType.byteCount(elements: range.lowerBound) else { return }
      slice.withUnsafeBytes {
        output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + output.count]))
      }
    case .splat(let bytes):
      Self.repeatBytes(bytes, elementType, range.count, output)
    case .strings: break
    case .elementwise(let transform, let base):
      try base.withWindow(range) { transform.apply(to: $0, first: range.lowerBound, output: output) }
    case .whole(let evaluation):
      guard let offset = elementType.byteCount(elements: range.lowerBound) else { return }
      target.copyMemory(from: try evaluation.buffer(byteCount: byteCount).base + offset, byteCount: output.count)
    }
  }

  /// Calls `body` with the bytes of the elements `range`, copied only where they must be made first.
  package func withWindow<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
    -> Result
  {
    guard let offset = elementType.byteCount(elements: range.lowerBound),
      let count = elementType.byteCount(elements: range.count)
    else { throw ModelError(.internalFailure, "strings have no windows") }
    switch source {
    case .bytes(let slice):
      return try slice.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    case .whole(let evaluation):
      let buffer = try evaluation.buffer(byteCount: byteCount)
      return try withExtendedLifetime(buffer) {
        try body(UnsafeRawBufferPointer(start: buffer.base + offset, count: count))
      }
    case .splat, .strings, .elementwise: break
    }
    return try withScratch(count) { scratch in
      try read(range, into: scratch)
      return try body(UnsafeRawBufferPointer(scratch))
    }
  }

  /// Calls `body` with one window after the other, in order, and the position of its first element. Pages of mapped
  /// files are given back behind it.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    for range in windows() {
      try withWindow(range) { try body($0, range.lowerBound) }
      giveBackPages(range)
    }
  }

  /// The windows that `forEachWindow` visits: they depend on the type alone, so that work split along them gives the
  /// same result on any number of threads.
  package func windows() -> [Range<Int>] {
    let perWindow = elementsPerWindow
    return stride(from: 0, to: elementCount, by: perWindow).map { $0..<min($0 + perWindow, elementCount) }
  }

  package var elementsPerWindow: Int { Self.windowBytes * 8 / widestElement }

  /// The most bits that an element takes on its way through transforms: a window must hold them too.
  private var widestElement: Int {
    let own = max(elementType.bitWidth ?? 64, 8)
    if case .elementwise(_, let base) = source { return max(own, base.widestElement) }
    return own
  }

  /// Gives back the mapped pages under the elements `range`, through any transforms.
  package func giveBackPages(_ range: Range<Int>) {
    switch source {
    case .bytes(let slice):
      guard let offset = elementType.byteCount(elements: range.lowerBound),
        let count = elementType.byteCount(elements: range.count)
      else { return }
      slice.slice(offset: offset, count: count)?.giveBackPages()
    case .elementwise(_, let base): base.giveBackPages(range)
    case .splat, .strings, .whole: break
    }
  }

  /// All bytes of a literal, made where they must be: for small ones.
  ///
  /// - Throws: `ModelError` (an internal failure) where there are more than a window's.
  package func smallBytes() throws -> [UInt8] {
    guard byteCount <= Self.windowBytes else {
      throw ModelError(.internalFailure, "\(byteCount) bytes are too many to be held at once")
    }
    return try withWindow(0..<elementCount) { Array($0) }
  }

  private func withScratch<Result>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    defer { scratch.deallocate() }
    return try body(UnsafeMutableRawBufferPointer(rebasing: scratch[..<count]))
  }

  private static func repeatBytes(
    _ bytes: [UInt8], _ type: ElementType, _ count: Int, _ output: UnsafeMutableRawBufferPointer
  ) {
    var element = bytes
    if let width = type.bitWidth, width < 8, let first = bytes.first {
      let value = first & UInt8((1 << width) - 1)
      element = [stride(from: 0, to: 8, by: width).reduce(0) { $0 | value << UInt8($1) }]
    }
    var index = 0
    for position in output.indices {
      output[position] = element[index]
      index = index + 1 == element.count ? 0 : index + 1
    }
  }
}

/// A sparse tensor as ONNX has it: values, and where they are. ONNX SparseTensorProto.
package struct SparseLiteral: Hashable, Sendable {
  package let values: TensorLiteral
  package let indices: TensorLiteral
  package let dimensions: [Int]

  package init(values: TensorLiteral, indices: TensorLiteral, dimensions: [Int]) {
    self.values = values
    self.indices = indices
    self.dimensions = dimensions
  }

  package var type: TensorType { TensorType(values.elementType, dimensions) }
}
