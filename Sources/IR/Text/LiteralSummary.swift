import CXXHash

/// What stands for a large literal where its elements are left out: enough to see that it changed, and how.
package struct LiteralSummary: Hashable, Sendable {
  package let byteCount: Int
  /// XXH3 of the packed bytes; of strings, each with its length before it.
  package let hash: UInt64
  /// How many elements are 0, of either sign; `nil` for strings.
  package let zeroCount: Int?

  /// - Throws: `ModelError` where the literal's bytes cannot be made.
  package init(of literal: TensorLiteral) throws {
    guard let state = XXH3_createState(), XXH3_64bits_reset(state) == XXH_OK else {
      throw ModelError(.outOfMemory, "no memory for a hash")
    }
    defer { XXH3_freeState(state) }
    if case .strings(let strings) = literal.source {
      for string in strings {
        withUnsafeBytes(of: UInt64(string.bytes.count).littleEndian) {
          _ = XXH3_64bits_update(state, $0.baseAddress, $0.count)
        }
        string.bytes.withUnsafeBytes { _ = XXH3_64bits_update(state, $0.baseAddress, $0.count) }
      }
      byteCount = strings.reduce(0) { $0 + $1.bytes.count }
      zeroCount = nil
    } else {
      var zeros = 0
      try literal.forEachWindow { window, first in
        XXH3_64bits_update(state, window.baseAddress, window.count)
        zeros += Self.zeros(literal.elementType, min(literal.elementsPerWindow, literal.elementCount - first), window)
      }
      byteCount = literal.byteCount
      zeroCount = zeros
    }
    hash = XXH3_64bits_digest(state)
  }

  private static func zeros(_ type: ElementType, _ count: Int, _ window: UnsafeRawBufferPointer) -> Int {
    switch type {
    case .float64: zeros(window, UInt64.max >> 1)
    case .float32: zeros(window, UInt32.max >> 1)
    case .int64, .uint64: zeros(window, UInt64.max)
    case .int32, .uint32: zeros(window, UInt32.max)
    case .int16, .uint16: zeros(window, UInt16.max)
    case .int8, .uint8, .bool: zeros(window, UInt8.max)
    case .float16, .bfloat16: zeros(window, UInt16.max >> 1)
    case .complex64:
      pairs(count) { zeros(UnsafeRawBufferPointer(rebasing: window[$0 * 8..<$0 * 8 + 8]), UInt32.max >> 1) }
    case .complex128:
      pairs(count) { zeros(UnsafeRawBufferPointer(rebasing: window[$0 * 16..<$0 * 16 + 16]), UInt64.max >> 1) }
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3, .float6e3m2,
      .float4e2m1:
      smallFloatZeros(type, count, window)
    case .int4, .int2, .uint4, .uint2: (0..<count).count { ElementBits.load(type, window, $0) == 0 }
    case .string: 0
    }
  }

  private static func zeros<Bits: FixedWidthInteger>(_ window: UnsafeRawBufferPointer, _ mask: Bits) -> Int {
    let size = MemoryLayout<Bits>.size
    var zeros = 0
    for index in 0..<window.count / size
    where window.loadUnaligned(fromByteOffset: index * size, as: Bits.self) & mask == 0 {
      zeros += 1
    }
    return zeros
  }

  /// How many pairs consist of two zeros.
  private static func pairs(_ count: Int, _ zerosOfPair: (Int) -> Int) -> Int {
    (0..<count).count { zerosOfPair($0) == 2 }
  }

  private static func smallFloatZeros(_ type: ElementType, _ count: Int, _ window: UnsafeRawBufferPointer) -> Int {
    guard let format = FloatFormat(type) else { return 0 }
    let isZero = (0..<256).map { format.decode(UInt16($0)) == 0 }
    return (0..<count).count { isZero[Int(ElementBits.load(type, window, $0))] }
  }
}
