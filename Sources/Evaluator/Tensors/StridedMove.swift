import IR

/// Elements of one or more literals copied from one layout to another: transposition, slices, concatenation,
/// repetition.
///
/// A value, so that a large result is made only when it is written.
struct StridedMove: WholeTransform {
  /// One literal's part of the move.
  struct Part: Hashable, Sendable {
    let source: Layout
    let target: Layout
  }

  let elementType: ElementType
  /// One part for each input. Together they fill the output, unless `background` does.
  let parts: [Part]
  /// The element that fills what no part covers.
  var background: [UInt8]?

  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
    if let background { Self.fill(output, with: background) }
    guard let width = elementType.bitWidth else { return }
    for (part, input) in zip(parts, inputs) {
      try input.withWindow(0..<input.elementCount) { bytes in
        Self.copy(part, from: bytes, to: output, width: width)
      }
      input.giveBackPages(0..<input.elementCount)
    }
  }

  private static func copy(
    _ part: Part, from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, width: Int
  ) {
    switch width {
    case 8: copyElements(part, from: input, to: output, as: UInt8.self)
    case 16: copyElements(part, from: input, to: output, as: UInt16.self)
    case 32: copyElements(part, from: input, to: output, as: UInt32.self)
    case 64: copyElements(part, from: input, to: output, as: UInt64.self)
    case 128: copyElements(part, from: input, to: output, as: SIMD2<UInt64>.self)
    default:
      let traversal = Traversal([part.source, part.target])
      traversal.forEachRow { offsets in
        for position in 0..<traversal.rowLength {
          let pattern = Bits.load(input, offsets[0] + position * traversal.rowSteps[0], width: width)
          Bits.store(pattern, output, offsets[1] + position * traversal.rowSteps[1], width: width)
        }
      }
    }
  }

  private static func copyElements<Pattern: BitwiseCopyable>(
    _ part: Part, from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, as: Pattern.Type
  ) {
    guard let source = input.baseAddress, let target = output.baseAddress else { return }
    let size = MemoryLayout<Pattern>.size
    let traversal = Traversal([part.source, part.target])
    let length = traversal.rowLength
    let sourceStep = traversal.rowSteps[0] * size
    let targetStep = traversal.rowSteps[1] * size
    traversal.forEachRow { offsets in
      var from = source + offsets[0] * size
      var to = target + offsets[1] * size
      if sourceStep == size, targetStep == size {
        to.copyMemory(from: from, byteCount: length * size)
        return
      }
      for _ in 0..<length {
        to.storeBytes(of: from.loadUnaligned(as: Pattern.self), as: Pattern.self)
        from += sourceStep
        to += targetStep
      }
    }
  }

  static func fill(_ output: UnsafeMutableRawBufferPointer, with element: [UInt8]) {
    guard element.contains(where: { $0 != 0 }) else {
      output.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    var index = 0
    for position in output.indices {
      output[position] = element[index]
      index = index + 1 == element.count ? 0 : index + 1
    }
  }
}
