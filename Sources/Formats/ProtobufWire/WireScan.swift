import IR

/// A message made small: what libprotobuf-c is to unpack, and what was taken out of it.
struct ScannedMessage {
  /// The same message, each payload replaced by its index in `payloads`: 8 bytes, or one number of the field's type.
  var message: [UInt8] = []
  /// The payloads; lists of numbers are packed.
  var payloads: [ByteSlice] = []
  /// The fields of role `.extracted`, without tag and length, in order.
  var extracted: [ByteSlice] = []
  /// What of the limit on memory is left for unpacking.
  var remainingMemory: Int
}

/// Checks a message of protobuf's wire format and makes it small enough to be unpacked, without touching the pages of its payloads.
///
/// libprotobuf-c recurses as deep as a message says, allocates what its counts say, and copies every payload: here depth and memory are bounded
/// before it sees the message. A message that occurs twice where one is expected is merged, as protobuf says, by joining the two.
struct WireScan {
  /// What a message may cost.
  struct Limits {
    /// How many messages lie in each other.
    var depth: Int
    /// The type whose nesting is bounded apart, and how many of it lie in each other.
    var nested: (message: String, depth: Int)
    /// What scanning, unpacking and translating may take together.
    var memory: Int
  }

  let source: ByteSlice
  let bytes: UnsafeRawBufferPointer
  var copy: WireCopy
  var result: ScannedMessage
  private let schema: WireSchema
  private let limits: Limits
  /// The pages before this are given back.
  private var givenBack = 0

  /// - Throws: `ModelError` with the offset of what is damaged or goes beyond the limits.
  static func scan(_ source: ByteSlice, _ schema: WireSchema, _ limits: Limits) throws -> ScannedMessage {
    try source.withUnsafeBytes { bytes in
      var scan = WireScan(
        source: source, bytes: bytes, copy: WireCopy(bytes), result: ScannedMessage(remainingMemory: limits.memory),
        schema: schema, limits: limits)
      try scan.rewriteMessage(0, 0..<bytes.count, [], Depth())
      scan.copy.jump(from: bytes.count, to: bytes.count)
      scan.result.message = scan.copy.message
      return scan.result
    }
  }

  struct Depth {
    fileprivate var messages = 0
    fileprivate var nested = 0
  }

  /// Rewrites a message that the file holds in one piece, or in more that are to be merged.
  private mutating func rewriteMessage(_ type: Int, _ first: Range<Int>, _ more: [Range<Int>], _ outer: Depth) throws {
    let message = schema.messages[type]
    let depth = try enter(message, first, outer)
    try charge(message.cost, at: first)
    var merged = message.hasSingularMessages ? try pieces(message, first, more) : nil
    try rewriteFields(message, first, &merged, depth)
    var end = first.upperBound
    for range in more {
      copy.jump(from: end, to: range.lowerBound)
      try rewriteFields(message, range, &merged, depth)
      end = range.upperBound
    }
  }

  private func enter(_ message: WireSchema.Message, _ range: Range<Int>, _ outer: Depth) throws -> Depth {
    var depth = outer
    depth.messages += 1
    if message.name == limits.nested.message { depth.nested += 1 }
    guard depth.nested <= limits.nested.depth else {
      throw ModelError(
        .invalidModel, place: place(range),
        "\(limits.nested.message)s are nested more than \(limits.nested.depth) deep, which mcc refuses")
    }
    guard depth.messages <= limits.depth else {
      throw ModelError(
        .invalidModel, place: place(range), "messages are nested more than \(limits.depth) deep, which mcc refuses")
    }
    return depth
  }

  private mutating func rewriteFields(
    _ message: WireSchema.Message, _ range: Range<Int>, _ merged: inout [UInt32: [Range<Int>]]?, _ depth: Depth
  ) throws {
    var cursor = WireCursor(bytes, range, message: message.name)
    var count = 0
    while !cursor.isAtEnd {
      let start = cursor.offset
      let (number, type) = try cursor.readTag()
      let content = try cursor.skip(type)
      count += 1
      if count > Self.freeFields { try charge(Self.fieldOverhead, at: content) }
      guard let field = message.field(number) else {
        try charge(content.count, at: content)
        continue
      }
      guard case .message(let child) = field.kind, type == .lengthDelimited else {
        let more = try rewrite(field, number, type, start..<content.upperBound, content, &cursor)
        count += more
        if more > 0, count > Self.freeFields { try charge(more * Self.fieldOverhead, at: content) }
        continue
      }
      var pieces: [Range<Int>] = []
      if merged != nil, !field.isRepeated {
        // Written where the first piece is; the others are skipped.
        guard let all = merged?.removeValue(forKey: number) else {
          copy.replace(start..<content.upperBound)
          continue
        }
        if all != [content] { pieces = all }
      }
      try charge(field.elementCost, at: content)
      if field.role == .extracted {
        try extract(child, content, from: start, depth)
      } else {
        try rewriteMessages(child, pieces, number, start..<content.upperBound, content, depth)
      }
    }
  }

  /// Rewrites the message of a field, which the file holds in one piece, its content, or in those of `pieces`.
  private mutating func rewriteMessages(
    _ type: Int, _ pieces: [Range<Int>], _ number: UInt32, _ whole: Range<Int>, _ content: Range<Int>, _ depth: Depth
  ) throws {
    copy.enter(number, start: whole.lowerBound, content: content.lowerBound)
    guard let first = pieces.first, let last = pieces.last else {
      try rewriteMessage(type, content, [], depth)
      return copy.leave(end: content.upperBound)
    }
    copy.jump(from: content.lowerBound, to: first.lowerBound)
    try rewriteMessage(type, first, Array(pieces.dropFirst()), depth)
    copy.leave(end: last.upperBound)
    copy.jump(from: last.upperBound, to: whole.upperBound)
  }

  /// Checks a message, and takes it out.
  private mutating func extract(_ type: Int, _ content: Range<Int>, from start: Int, _ depth: Depth) throws {
    copy.jump(from: start, to: content.lowerBound)
    let mark = (copy.message.count, result.payloads.count)
    try rewriteMessage(type, content, [], depth)
    copy.drop(from: mark.0)
    result.payloads.removeSubrange(mark.1...)
    copy.jump(from: start, to: content.upperBound)
    result.extracted.append(try slice(content))
  }

  /// Where fields that hold one message may have to be merged: the pieces of each. A message that another member of its oneof
  /// replaces is not among them.
  private func pieces(
    _ message: WireSchema.Message, _ first: Range<Int>, _ more: [Range<Int>]
  ) throws -> [UInt32: [Range<Int>]]? {
    var found: [(number: UInt32, oneof: UInt32?, range: Range<Int>)] = []
    for range in [first] + more {
      var cursor = WireCursor(bytes, range, message: message.name)
      while !cursor.isAtEnd {
        let (number, type) = try cursor.readTag()
        let content = try cursor.skip(type)
        guard let field = message.field(number), case .message = field.kind, !field.isRepeated else { continue }
        found.append((number, field.oneof, content))
      }
    }
    guard found.count > 1 else { return nil }
    var pieces: [UInt32: [Range<Int>]] = [:]
    for (index, field) in found.enumerated() {
      if let oneof = field.oneof, let other = found[..<index].last(where: { $0.oneof == oneof }),
        other.number != field.number
      {
        pieces[other.number] = nil
      }
      pieces[field.number, default: []].append(field.range)
    }
    return pieces
  }

  // MARK: Limits

  /// What libprotobuf-c notes of each field while it unpacks a message, at most, and for how many fields it has room on the stack.
  private static let fieldOverhead = 96
  private static let freeFields = 16

  /// Counts memory that the message will cost.
  mutating func charge(_ count: Int, at range: Range<Int>) throws {
    guard count <= result.remainingMemory else {
      throw ModelError(
        .invalidModel, place: place(range),
        "unpacking it would take more than \(limits.memory) bytes, far more than such a file can need; it is refused")
    }
    result.remainingMemory -= count
  }

  /// As many bytes are passed before their pages are given back: a fault may map more than what is read.
  private static let windowBytes = 4 << 20

  /// Keeps the resident set to a window: what lies before `end` is not looked at again.
  mutating func giveBackPages(before end: Int) {
    guard end - givenBack >= Self.windowBytes else { return }
    source.slice(offset: givenBack, count: end - givenBack)?.giveBackPages()
    givenBack = end
  }

  func place(_ range: Range<Int>) -> String { "offset \(range.lowerBound)" }
}
