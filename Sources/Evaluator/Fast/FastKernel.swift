import IR

/// Kernels for running models: single precision, vectors and all processors. Their bits may depend on the processor,
/// which is why nothing is folded by them.
enum FastKernels {
  /// Computes an operation, or says `nil` where it is not one of those that the kernel is for.
  typealias Body = @Sendable (Invocation, _ threads: Int) throws -> [TensorLiteral?]?

  private static let byDefinition: [ObjectIdentifier: Body] = Dictionary(
    (FastConvolution.kernels + FastContraction.kernels + FastElementwise.kernels
      + FastNormalization.kernels
      + FastPooling.kernels).map { (ObjectIdentifier($0.0), $0.1) },
    uniquingKeysWith: { first, _ in first })

  static func kernel(of definition: OpDefinition) -> Body? {
    byDefinition[ObjectIdentifier(definition)]
  }
}

/// Single-precision elements that several threads read.
struct Floats: @unchecked Sendable {
  let base: UnsafePointer<Float>

  init(_ base: UnsafePointer<Float>) {
    self.base = base
  }
}

/// Single-precision elements of which each thread writes its own.
struct MutableFloats: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>

  init(_ base: UnsafeMutablePointer<Float>) {
    self.base = base
  }
}

extension Invocation {
  /// Whether all of these operands are there, and of single precision.
  func areFloats(_ indices: some Sequence<Int>) -> Bool {
    indices.allSatisfy { self[optional: $0]?.elementType == .float32 }
  }

  /// Calls `body` with the elements of `literals`, copied where they do not lie as numbers do.
  func withFloats<Result>(_ literals: [TensorLiteral], _ body: ([Floats]) throws -> Result) throws
    -> Result
  {
    try withBytes(of: literals[...]) { bytes in
      var copies: [UnsafeMutableRawPointer] = []
      defer { for copy in copies { copy.deallocate() } }
      let alignment = MemoryLayout<Float>.alignment
      let floats = bytes.map { bytes -> Floats in
        if let base = bytes.baseAddress, Int(bitPattern: base).isMultiple(of: alignment) {
          return Floats(base.assumingMemoryBound(to: Float.self))
        }
        let copy = UnsafeMutableRawPointer.allocate(
          byteCount: max(bytes.count, 1), alignment: alignment)
        if let base = bytes.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) }
        copies.append(copy)
        return Floats(copy.assumingMemoryBound(to: Float.self))
      }
      return try body(floats)
    }
  }

  /// A result of single precision whose elements `fill` sets, all of them.
  func makeFloats(_ dimensions: [Int], _ fill: (MutableFloats) throws -> Void) throws
    -> TensorLiteral
  {
    try make(.float32, dimensions) { output in
      guard let base = output.baseAddress, !output.isEmpty else { return }
      try fill(MutableFloats(base.assumingMemoryBound(to: Float.self)))
    }
  }

  /// Less work than this is not worth a thread.
  private static let chunk = 1 << 16

  /// Calls `body` with parts of `0..<count`, of which each item costs `cost` elements, on all threads.
  func forEachPart(_ count: Int, cost: Int, threads: Int, _ body: @Sendable (Range<Int>) -> Void)
    throws
  {
    let part = max(Self.chunk / max(cost, 1), 1)
    try Parallel.forEach((count + part - 1) / part, threads: threads) { index in
      body(index * part..<min((index + 1) * part, count))
    }
  }
}
