import IR

/// A value that a pickle says. Nothing of it is executed: what Python would call stays a call.
package struct PickledValue {
  package indirect enum Content {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case text(String)
    case tuple([PickledValue])
    case list([PickledValue])
    case dictionary([(key: PickledValue, value: PickledValue)])
    /// Something of a module of Python's.
    case name(String)
    case call(PickledValue, [PickledValue])
    /// What lies outside of the pickle, as whoever wrote it calls it.
    case reference(PickledValue)
  }

  package let content: Content
  /// How deep values lie in it.
  fileprivate let nesting: Int
  fileprivate let partCount: Int

  fileprivate init(_ content: Content) {
    self.content = content
    let parts: [PickledValue] =
      switch content {
      case .none, .bool, .integer, .float, .text, .name: []
      case .tuple(let parts), .list(let parts): parts
      case .dictionary(let entries): entries.flatMap { [$0.key, $0.value] }
      case .call(let function, let arguments): [function] + arguments
      case .reference(let value): [value]
      }
    nesting = parts.reduce(0) { max($0, $1.nesting + 1) }
    partCount = parts.count
  }
}

/// Reads the few opcodes of pickles that data consists of. Any other is refused by its number.
package struct PickleReader {
  private enum Memory {
    case value(PickledValue)
    /// May have changed since.
    case mutable
  }

  private let bytes: UnsafeRawBufferPointer
  private var at = 0
  private var stack: [PickledValue] = []
  private var marks: [Int] = []
  private var memory: [Int: Memory] = [:]
  private var valueCount = 0
  /// The parts of all values that were made, those of a list that grows each time anew.
  private var partCount = 0

  private static let maximumNesting = 32
  private static let maximumValues = 1 << 20
  private static let maximumParts = 1 << 24

  /// - Throws: `ModelError` where `file` is no pickle, or one of more than data.
  package static func read(_ file: ByteSlice) throws -> PickledValue {
    try file.withUnsafeBytes { bytes in
      var reader = PickleReader(bytes: bytes)
      return try reader.read()
    }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private static func damaged(_ what: String) -> ModelError {
    ModelError(.invalidModel, "is a pickle that \(what)")
  }

  private mutating func read() throws -> PickledValue {
    while true {
      let opcode = try readByte()
      if opcode == UInt8(ascii: ".") { break }
      try execute(opcode)
    }
    guard stack.count == 1, marks.isEmpty, let result = stack.last else { throw Self.damaged("ends in the middle") }
    return result
  }

  // MARK: Numbers and texts

  private mutating func readBytes(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - at else { throw Self.damaged("is cut off") }
    defer { at += count }
    return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
  }

  private mutating func readByte() throws -> UInt8 { try readBytes(1)[0] }

  private mutating func readNumber<T: FixedWidthInteger>(_: T.Type) throws -> Int {
    let value = try readBytes(MemoryLayout<T>.size).loadUnaligned(as: T.self)
    guard let number = Int(exactly: T(littleEndian: value)) else { throw Self.damaged("has a number out of range") }
    return number
  }

  private mutating func readText(_ count: Int) throws -> PickledValue.Content {
    .text(String(decoding: try readBytes(count), as: UTF8.self))
  }

  private mutating func readLine() throws -> String {
    guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else { throw Self.damaged("is cut off") }
    defer { at = end + 1 }
    return String(decoding: bytes[at..<end], as: UTF8.self)
  }

  // MARK: Stack

  private mutating func push(_ content: PickledValue.Content) throws {
    let value = PickledValue(content)
    valueCount += 1
    guard valueCount <= Self.maximumValues else { throw Self.damaged("has more than \(Self.maximumValues) values") }
    partCount += value.partCount
    guard partCount <= Self.maximumParts else { throw Self.damaged("makes its lists in too many steps") }
    guard value.nesting <= Self.maximumNesting else {
      throw Self.damaged("nests values deeper than \(Self.maximumNesting)")
    }
    stack.append(value)
  }

  private mutating func pop() throws -> PickledValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw Self.damaged("takes what is not there")
    }
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickledValue] {
    var values: [PickledValue] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  private mutating func popToMark() throws -> [PickledValue] {
    guard let mark = marks.popLast() else { throw Self.damaged("takes what is not there") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func append(_ values: [PickledValue]) throws {
    guard case .list(let list) = try pop().content else { throw Self.damaged("appends to what is no list") }
    try push(.list(list + values))
  }

  private mutating func set(_ values: [PickledValue]) throws {
    guard case .dictionary(let entries) = try pop().content, values.count.isMultiple(of: 2) else {
      throw Self.damaged("sets an entry of what is no dictionary")
    }
    let added = stride(from: 0, to: values.count, by: 2).map { (key: values[$0], value: values[$0 + 1]) }
    try push(.dictionary(entries + added))
  }

  private mutating func remember(_ place: Int) throws {
    guard let value = stack.last else { throw Self.damaged("keeps what is not there") }
    switch value.content {
    case .list, .dictionary: memory[place] = .mutable
    default: memory[place] = .value(value)
    }
  }

  private mutating func recall(_ place: Int) throws {
    switch memory[place] {
    case .value(let value): try push(value.content)
    case .mutable: throw Self.damaged("has one list or dictionary in two places")
    case nil: throw Self.damaged("takes what it has not kept")
    }
  }

  private mutating func call() throws {
    let (arguments, function) = (try pop(), try pop())
    guard case .tuple(let values) = arguments.content else { throw Self.damaged("calls with no arguments") }
    // A dictionary of another class, made empty.
    if case .name("collections.OrderedDict") = function.content, values.isEmpty { return try push(.dictionary([])) }
    try push(.call(function, values))
  }

  // MARK: Opcodes

  private mutating func execute(_ opcode: UInt8) throws {
    switch opcode {
    case 0x80: _ = try readByte()  // PROTO
    case 0x95: _ = try readBytes(8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "J"): try push(.integer(try readNumber(Int32.self)))
    case UInt8(ascii: "K"): try push(.integer(try readNumber(UInt8.self)))
    case UInt8(ascii: "M"): try push(.integer(try readNumber(UInt16.self)))
    case 0x8A: try readLong()
    case UInt8(ascii: "G"):
      let bits = try readBytes(8).loadUnaligned(as: UInt64.self)
      try push(.float(Double(bitPattern: UInt64(bigEndian: bits))))
    case UInt8(ascii: "X"): try push(try readText(try readNumber(UInt32.self)))
    case 0x8C: try push(try readText(try readNumber(UInt8.self)))
    case 0x8D: try push(try readText(try readNumber(UInt64.self)))
    case UInt8(ascii: "}"): try push(.dictionary([]))
    case UInt8(ascii: "]"): try push(.list([]))
    case UInt8(ascii: ")"): try push(.tuple([]))
    case UInt8(ascii: "t"): try push(.tuple(try popToMark()))
    case 0x85...0x87: try push(.tuple(try pop(Int(opcode) - 0x84)))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"): try set(try pop(2))
    case UInt8(ascii: "u"): try set(try popToMark())
    case UInt8(ascii: "c"): try push(.name("\(try readLine()).\(try readLine())"))
    case 0x93:
      guard
        case (.text(let module), .text(let name)) = try { (values: [PickledValue]) in
          (values[0].content, values[1].content)
        }(pop(2))
      else { throw Self.damaged("names nothing") }
      try push(.name("\(module).\(name)"))
    case UInt8(ascii: "R"): try call()
    case UInt8(ascii: "b"):
      // What is remembered beside the entries of a dictionary is no part of it.
      _ = try pop()
      guard case .dictionary = stack.last?.content else { throw Self.damaged("sets the state of an object") }
    case UInt8(ascii: "Q"): try push(.reference(try pop()))
    case UInt8(ascii: "q"): try remember(try readNumber(UInt8.self))
    case UInt8(ascii: "r"): try remember(try readNumber(UInt32.self))
    case 0x94: try remember(memory.count)
    case UInt8(ascii: "h"): try recall(try readNumber(UInt8.self))
    case UInt8(ascii: "j"): try recall(try readNumber(UInt32.self))
    default: throw Self.damaged("does more than hold data (opcode \(opcode))")
    }
  }

  /// An integer of as many bytes as the first says.
  private mutating func readLong() throws {
    let count = Int(try readByte())
    guard count <= 8 else { throw Self.damaged("has a number out of range") }
    let bytes = try readBytes(count)
    var value = UInt64(0)
    for (index, byte) in bytes.enumerated() { value |= UInt64(byte) << (8 * index) }
    // The sign is that of the last byte.
    let shift = 64 - 8 * count
    try push(.integer(count == 0 ? 0 : Int(truncatingIfNeeded: value << shift) >> shift))
  }
}
