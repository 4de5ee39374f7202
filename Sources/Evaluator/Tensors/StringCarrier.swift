import IR

/// Moves strings by moving their numbers: a kernel that only moves elements never sees a string.
enum StringCarrier {
  private static let carrier = ElementType.uint32

  /// Runs `body`, which compares elements, with each string operand replaced by numbers: the same for the same strings.
  static func numbered(_ invocation: Invocation, _ body: Kernel.Body) throws -> [TensorLiteral?] {
    var numbers: [ByteString: UInt32] = [:]
    let operands = try invocation.operands.map { operand -> TensorLiteral? in
      guard let operand, case .strings(let strings) = operand.source else { return operand }
      try invocation.spend(strings.count)
      let bytes = strings.flatMap { string -> [UInt8] in
        let number = numbers[string] ?? UInt32(numbers.count)
        numbers[string] = number
        return number.littleEndianBytes
      }
      return try TensorLiteral(carrier, operand.dimensions, bytes: bytes)
    }
    return try body(Invocation(invocation.operation, operands: operands, budget: invocation.budget))
  }

  /// Runs `body` with each string operand replaced by the numbers of its strings, and gives the results their strings
  /// back.
  static func run(_ invocation: Invocation, _ body: Kernel.Body) throws -> [TensorLiteral?] {
    guard invocation.operands.contains(where: { $0?.elementType == .string }) else { return try body(invocation) }
    // Number 0 is what a kernel fills with where it has no element.
    var strings: [ByteString] = [""]
    let operands = try invocation.operands.map { operand -> TensorLiteral? in
      guard let operand, case .strings(let own) = operand.source else { return operand }
      try invocation.spend(strings.count + own.count)
      let numbers = own.indices.map { UInt32(strings.count + $0) }
      strings += own
      return try TensorLiteral(carrier, operand.dimensions, bytes: numbers.flatMap { $0.littleEndianBytes })
    }
    return try body(Invocation(invocation.operation, operands: operands, budget: invocation.budget)).map { result in
      guard let result, result.elementType == carrier else { return result }
      let moved = try result.withWindow(0..<result.elementCount) { bytes in
        (0..<result.elementCount).map { strings[Int(UInt64.load(bytes, $0, carrier))] }
      }
      return try TensorLiteral(.string, result.dimensions, .strings(moved))
    }
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
