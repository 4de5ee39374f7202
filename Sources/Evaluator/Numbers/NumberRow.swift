import IR

/// Room for the numbers of a row of elements, which are converted at once: what their type is is asked once a row, not
/// once an element.
final class NumberRow<N: Number> {
  let numbers: UnsafeMutablePointer<N>

  /// Room for rows of up to `length` elements, or for the longest piece of one.
  init(_ length: Int) {
    numbers = .allocate(capacity: max(min(length, Self.longestPiece), 1))
  }

  deinit { numbers.deallocate() }

  /// Longer rows are worked on piece by piece, so that the numbers stay in the processor's nearest cache.
  private static var longestPiece: Int { 512 }

  /// Calls `body` with the pieces of a row of `length` elements.
  static func forEachPiece(of length: Int, _ body: (Range<Int>) throws -> Void) rethrows {
    for start in stride(from: 0, to: length, by: longestPiece) {
      try body(start..<min(start + longestPiece, length))
    }
  }

  /// The number at `index` of the piece at hand.
  subscript(index: Int) -> N {
    get { numbers[index] }
    set { numbers[index] = newValue }
  }

  /// Takes in `count` elements: those at `start`, `start + step` and so on.
  func load(_ bytes: UnsafeRawBufferPointer, from start: Int, step: Int, _ type: ElementType, count: Int) {
    N.loadRow(bytes, from: start, step: step, type, into: UnsafeMutableBufferPointer(start: numbers, count: count))
  }

  /// Sets the `count` elements from `start` on.
  func store(_ bytes: UnsafeMutableRawBufferPointer, from start: Int, _ type: ElementType, count: Int) {
    N.storeRow(UnsafeBufferPointer(start: numbers, count: count), bytes, from: start, type)
  }
}

extension Double {
  static func loadRow(
    _ bytes: UnsafeRawBufferPointer, from start: Int, step: Int, _ type: ElementType,
    into numbers: UnsafeMutableBufferPointer<Double>
  ) {
    if type == .float32 { return load(bytes, start, step, into: numbers) { (x: Float) in Double(x) } }
    for index in numbers.indices { numbers[index] = load(bytes, start + index * step, type) }
  }

  static func storeRow(
    _ numbers: UnsafeBufferPointer<Double>, _ bytes: UnsafeMutableRawBufferPointer, from start: Int, _ type: ElementType
  ) {
    if type == .float32 { return store(numbers, bytes, start) { Float($0) } }
    for index in numbers.indices { store(numbers[index], bytes, start + index, type) }
  }
}

extension Int64 {
  static func loadRow(
    _ bytes: UnsafeRawBufferPointer, from start: Int, step: Int, _ type: ElementType,
    into numbers: UnsafeMutableBufferPointer<Int64>
  ) {
    if type == .int64 { return load(bytes, start, step, into: numbers) { (x: Int64) in x } }
    if type == .int32 { return load(bytes, start, step, into: numbers) { (x: Int32) in Int64(x) } }
    for index in numbers.indices { numbers[index] = load(bytes, start + index * step, type) }
  }

  static func storeRow(
    _ numbers: UnsafeBufferPointer<Int64>, _ bytes: UnsafeMutableRawBufferPointer, from start: Int, _ type: ElementType
  ) {
    if type == .int64 { return store(numbers, bytes, start) { $0 } }
    if type == .int32 { return store(numbers, bytes, start) { Int32(truncatingIfNeeded: $0) } }
    for index in numbers.indices { store(numbers[index], bytes, start + index, type) }
  }
}

extension UInt64 {
  static func loadRow(
    _ bytes: UnsafeRawBufferPointer, from start: Int, step: Int, _ type: ElementType,
    into numbers: UnsafeMutableBufferPointer<UInt64>
  ) {
    if type == .bool { return load(bytes, start, step, into: numbers) { (x: UInt8) in x == 0 ? 0 : 1 } }
    for index in numbers.indices { numbers[index] = load(bytes, start + index * step, type) }
  }

  static func storeRow(
    _ numbers: UnsafeBufferPointer<UInt64>, _ bytes: UnsafeMutableRawBufferPointer, from start: Int, _ type: ElementType
  ) {
    if type == .bool { return store(numbers, bytes, start) { UInt8(truncatingIfNeeded: $0) } }
    for index in numbers.indices { store(numbers[index], bytes, start + index, type) }
  }
}

extension Number {
  @inline(__always)
  fileprivate static func load<Element: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ step: Int, into numbers: UnsafeMutableBufferPointer<Self>,
    _ convert: (Element) -> Self
  ) {
    let size = MemoryLayout<Element>.size
    func number(_ index: Int) -> Self {
      convert(bytes.loadUnaligned(fromByteOffset: index * size, as: Element.self))
    }
    // The usual steps have loops of their own, which work on several elements at once.
    switch step {
    case 0: numbers.update(repeating: number(start))
    case 1: for index in numbers.indices { numbers[index] = number(start + index) }
    default: for index in numbers.indices { numbers[index] = number(start + index * step) }
    }
  }

  @inline(__always)
  fileprivate static func store<Element: BitwiseCopyable>(
    _ numbers: UnsafeBufferPointer<Self>, _ bytes: UnsafeMutableRawBufferPointer, _ start: Int,
    _ convert: (Self) -> Element
  ) {
    let size = MemoryLayout<Element>.size
    for index in numbers.indices {
      bytes.storeBytes(of: convert(numbers[index]), toByteOffset: (start + index) * size, as: Element.self)
    }
  }
}
