import CModelProtos
import IR

/// A message in protobuf's text format, translated into the wire format by the descriptors that protobuf-c generated: what reads
/// the one then reads the other.
package struct ProtobufText {
  /// A field that the message's type does not have. It was skipped; whether that matters, the reader of the message knows.
  package struct UnknownField: Sendable {
    /// The field of the outermost message that it lies in, and the how manieth of its elements; `nil` where it lies in none.
    package let outermost: (number: UInt32, index: Int)?
    /// The error to report, with line, column and what was meant.
    package let error: ModelError
  }

  /// The message in the wire format.
  package internal(set) var wireBytes: [UInt8] = []
  /// The first of the fields that are not known.
  package private(set) var unknownFields: [UnknownField] = []

  var lexer: TextLexer
  private let depth: Int
  private var outermost: (number: UInt32, index: Int)?

  private typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>

  /// Only so many unknown fields are remembered: an error needs one.
  private static let maximumUnknownFields = 1_000

  /// - Parameters:
  ///   - root: the type of the message.
  ///   - depth: how many messages may lie in each other.
  /// - Throws: `ModelError` with line and column of what is no text of such a message.
  package static func parse(
    _ text: ByteSlice, _ root: UnsafePointer<ProtobufCMessageDescriptor>, depth: Int
  ) throws -> ProtobufText {
    try text.withUnsafeBytes { bytes in
      var parser = ProtobufText(lexer: try TextLexer(bytes), depth: depth)
      try parser.parseFields(of: root, until: nil, depth: 1)
      return parser
    }
  }

  private init(lexer: TextLexer, depth: Int) {
    self.lexer = lexer
    self.depth = depth
  }

  // MARK: Messages

  /// Reads fields up to the symbol that closes the message, or to the end of the file.
  private mutating func parseFields(of descriptor: Descriptor?, until close: Character?, depth: Int) throws {
    guard depth <= self.depth else {
      throw lexer.error("messages are nested more than \(self.depth) deep, which mcc refuses")
    }
    var counts: [UInt32: Int] = [:]
    while true {
      if let close, try lexer.take(close) { return }
      if lexer.token == .end {
        guard let close else { return }
        throw lexer.error("a message has no end: '\(close)' is missing")
      }
      try parseField(of: descriptor, &counts, depth)
      if lexer.isAt(",") || lexer.isAt(";") { try lexer.advance() }
    }
  }

  private mutating func parseField(of descriptor: Descriptor?, _ counts: inout [UInt32: Int], _ depth: Int) throws {
    let start = lexer.start
    guard case .identifier(let name) = lexer.token else {
      throw lexer.error("expected the name of a field, not \(lexer.description)")
    }
    try lexer.advance()
    guard let descriptor else { return try skipValue(depth) }
    guard let field = Self.field(name, of: descriptor) else {
      noteUnknown(name, descriptor, at: start)
      return try skipValue(depth)
    }
    let index = counts[field.id, default: 0]
    counts[field.id] = index + 1
    if depth == 1 { outermost = (field.id, index) }
    guard field.label == PROTOBUF_C_LABEL_REPEATED else {
      guard index == 0 else { throw lexer.error("'\(name)' is there twice, but there can be one only", at: start) }
      return try parseElement(of: field, depth)
    }
    // What lists start with is no element of any type.
    let hasColon = try lexer.take(":")
    guard try lexer.take("[") else { return try parseElement(of: field, depth, hasColon: hasColon) }
    if try lexer.take("]") { return }
    repeat { try parseElement(of: field, depth, hasColon: true) } while try lexer.take(",")
    guard try lexer.take("]") else { throw lexer.error("expected ',' or ']', not \(lexer.description)") }
  }

  /// A name that protobuf-c has taken is declared with an underscore at its end.
  private static func field(_ name: String, of descriptor: Descriptor) -> ProtobufCFieldDescriptor? {
    let field =
      protobuf_c_message_descriptor_get_field_by_name(descriptor, name)
      ?? protobuf_c_message_descriptor_get_field_by_name(descriptor, name + "_")
    return field?.pointee
  }

  private mutating func parseElement(
    of field: ProtobufCFieldDescriptor, _ depth: Int, hasColon: Bool = false
  ) throws {
    let hasColon = try lexer.take(":") || hasColon
    guard field.type == PROTOBUF_C_TYPE_MESSAGE else {
      guard hasColon else { throw lexer.error("expected ':', not \(lexer.description)") }
      return try appendScalar(of: field)
    }
    let close = try openMessage()
    let child = field.descriptor?.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
    WireEncoding.appendTag(field.id, .lengthDelimited, to: &wireBytes)
    let length = WireEncoding.beginDelimited(&wireBytes)
    try parseFields(of: child, until: close, depth: depth + 1)
    WireEncoding.endDelimited(length, &wireBytes)
  }

  /// Moves past what opens a message, and returns what closes it.
  private mutating func openMessage() throws -> Character {
    if try lexer.take("{") { return "}" }
    if try lexer.take("<") { return ">" }
    throw lexer.error("expected '{', not \(lexer.description)")
  }

  // MARK: Unknown fields

  private mutating func noteUnknown(_ name: String, _ descriptor: Descriptor, at start: Int) {
    guard unknownFields.count < Self.maximumUnknownFields else { return }
    let fields = UnsafeBufferPointer(start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
    let hint = Suggestion.hint(for: name, among: fields.map { String(cString: $0.name) })
    let type = String(cString: descriptor.pointee.short_name)
    unknownFields.append(
      UnknownField(
        outermost: outermost, error: lexer.error("\(type) has no field '\(name.prefix(100))'\(hint)", at: start)))
  }

  private mutating func skipValue(_ depth: Int) throws {
    let hasColon = try lexer.take(":")
    if lexer.isAt("{") || lexer.isAt("<") {
      return try parseFields(of: nil, until: openMessage(), depth: depth + 1)
    }
    guard hasColon else { throw lexer.error("expected ':' or '{', not \(lexer.description)") }
    guard try lexer.take("[") else { return try skipScalar() }
    if try lexer.take("]") { return }
    repeat {
      if lexer.isAt("{") || lexer.isAt("<") {
        try parseFields(of: nil, until: openMessage(), depth: depth + 1)
      } else {
        try skipScalar()
      }
    } while try lexer.take(",")
    guard try lexer.take("]") else { throw lexer.error("expected ',' or ']', not \(lexer.description)") }
  }

  private mutating func skipScalar() throws {
    _ = try lexer.take("-")
    switch lexer.token {
    case .identifier, .number: try lexer.advance()
    case .string: while case .string = lexer.token { try lexer.advance() }
    case .symbol, .end: throw lexer.error("expected a value, not \(lexer.description)")
    }
  }
}
