import IR

/// Takes elements as others say, or as their places do.
extension Indexing {
  static func choose(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operands = [try invocation.operand(0), try invocation.operand(1), try invocation.operand(2)]
    guard operands[0].elementType == .bool, let width = operands[1].elementType.bitWidth, width <= 64 else {
      throw Refusal(.unsupported, "Where of \(operands[1].elementType.rawValue)")
    }
    guard let choices = Shapes.broadcast(operands[1].dimensions, operands[2].dimensions),
      let dimensions = Shapes.broadcast(operands[0].dimensions, choices)
    else { throw Refusal(.undefined, "the operands do not broadcast") }
    return [
      try invocation.make(operands[1].elementType, dimensions) { output in
        try withBytes(of: operands[...]) { bytes in
          let traversal = Traversal(operands.map { Layout($0.dimensions).broadcast(to: dimensions) })
          switch width {
          case 8: choose(UInt8.self, bytes, traversal, output)
          case 16: choose(UInt16.self, bytes, traversal, output)
          case 32: choose(UInt32.self, bytes, traversal, output)
          case 64: choose(UInt64.self, bytes, traversal, output)
          default: choosePacked(width, bytes, traversal, output)
          }
        }
      }
    ]
  }

  /// Chooses elements of the size of `Element` by the bytes of the first operand.
  private static func choose<Element: FixedWidthInteger & BitwiseCopyable>(
    _: Element.Type, _ bytes: [UnsafeRawBufferPointer], _ traversal: Traversal, _ output: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Element>.size
    let (condition, first, second) = (bytes[0], bytes[1], bytes[2])
    let steps = (traversal.rowSteps[0], traversal.rowSteps[1] * size, traversal.rowSteps[2] * size)
    var position = 0
    traversal.forEachRow { offsets in
      var (asked, inFirst, inSecond) = (offsets[0], offsets[1] * size, offsets[2] * size)
      for _ in 0..<traversal.rowLength {
        let one = first.loadUnaligned(fromByteOffset: inFirst, as: Element.self)
        let other = second.loadUnaligned(fromByteOffset: inSecond, as: Element.self)
        output.storeBytes(of: condition[asked] != 0 ? one : other, toByteOffset: position, as: Element.self)
        position += size
        asked += steps.0
        inFirst += steps.1
        inSecond += steps.2
      }
    }
  }

  /// Chooses elements that share bytes.
  private static func choosePacked(
    _ width: Int, _ bytes: [UnsafeRawBufferPointer], _ traversal: Traversal, _ output: UnsafeMutableRawBufferPointer
  ) {
    let (condition, first, second) = (bytes[0], bytes[1], bytes[2])
    let steps = (traversal.rowSteps[0], traversal.rowSteps[1], traversal.rowSteps[2])
    var position = 0
    traversal.forEachRow { offsets in
      for column in 0..<traversal.rowLength {
        let pattern =
          condition[offsets[0] + column * steps.0] != 0
          ? Bits.load(first, offsets[1] + column * steps.1, width: width)
          : Bits.load(second, offsets[2] + column * steps.2, width: width)
        Bits.store(pattern, output, position, width: width)
        position += 1
      }
    }
  }

  static func compress(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, condition) = (try invocation.operand(0), try invocation.operand(1))
    try invocation.spend(condition.elementCount)
    let flat = try invocation.reshape(data, [data.elementCount])
    let axis = try invocation.operation.int("axis").map { try invocation.axis($0, rank: data.dimensions.count) }
    let kept = try condition.withWindow(0..<condition.elementCount) { bytes in bytes.indices.filter { bytes[$0] != 0 } }
    let source = axis == nil ? flat : data
    guard kept.last ?? -1 < source.dimensions[axis ?? 0] else { throw Refusal(.undefined, "the condition is too long") }
    return [try take(kept, of: source, along: axis ?? 0, invocation)]
  }

  static func trilu(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let given = try invocation.integer(1) ?? 0
    let keepsUpper = invocation.operation.int("upper") ?? 1 != 0
    guard data.dimensions.count >= 2 else {
      throw Refusal(.undefined, "Trilu of a tensor of rank \(data.dimensions.count)")
    }
    let (rows, columns) = (data.dimensions[data.dimensions.count - 2], data.dimensions[data.dimensions.count - 1])
    // A diagonal further out keeps all or nothing as well.
    let diagonal = min(max(given, -rows), columns)
    return [
      try invocation.make(data.elementType, data.dimensions) { output in
        output.initializeMemory(as: UInt8.self, repeating: 0)
        try data.withWindow(0..<data.elementCount) { bytes in
          guard data.elementCount > 0 else { return }
          for row in 0..<data.elementCount / columns {
            let edge = min(max(row % rows + diagonal + (keepsUpper ? 0 : 1), 0), columns)
            let kept = keepsUpper ? edge..<columns : 0..<edge
            let start = row * columns + kept.lowerBound
            try moveBlocks(1, length: kept.count, data.elementType, from: bytes, to: output) { _ in (start, start) }
          }
        }
      }
    ]
  }

  static func nonZero(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    try invocation.spend(data.elementCount)
    guard let kind = data.elementType.numberKind else {
      throw Refusal(.unsupported, "NonZero of \(data.elementType.rawValue)")
    }
    let found = try data.withWindow(0..<data.elementCount) { bytes in
      (0..<data.elementCount).filter { index in
        switch kind {
        case .real: Double.load(bytes, index, data.elementType) != 0
        case .signed, .unsigned: UInt64.load(bytes, index, data.elementType) != 0
        }
      }
    }
    let strides = Layout(data.dimensions).strides
    let rank = data.dimensions.count
    _ = try invocation.admit(.int64, [rank, found.count])
    let positions = (0..<rank).flatMap { axis in found.map { $0 / strides[axis] % data.dimensions[axis] } }
    return [try invocation.make(positions, [rank, found.count])]
  }
}
