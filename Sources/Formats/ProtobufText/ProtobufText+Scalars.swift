import CModelProtos
import IR

/// Values that are no messages.
extension ProtobufText {
  mutating func appendScalar(of field: ProtobufCFieldDescriptor) throws {
    switch field.type {
    case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_STRING: try appendText(field)
    case PROTOBUF_C_TYPE_FLOAT:
      let bits = Float(try takeReal(field)).bitPattern
      WireEncoding.appendTag(field.id, .fixed32, to: &wireBytes)
      WireEncoding.append(bits, to: &wireBytes)
    case PROTOBUF_C_TYPE_DOUBLE:
      let bits = try takeReal(field).bitPattern
      WireEncoding.appendTag(field.id, .fixed64, to: &wireBytes)
      WireEncoding.append(bits, to: &wireBytes)
    case PROTOBUF_C_TYPE_BOOL: appendVarint(field, try takeBool(field) ? 1 : 0)
    case PROTOBUF_C_TYPE_ENUM: appendVarint(field, UInt64(bitPattern: Int64(try takeEnumerator(field))))
    case PROTOBUF_C_TYPE_INT32: appendVarint(field, UInt64(bitPattern: Int64(try takeInteger(field) as Int32)))
    case PROTOBUF_C_TYPE_INT64: appendVarint(field, UInt64(bitPattern: try takeInteger(field) as Int64))
    case PROTOBUF_C_TYPE_UINT32: appendVarint(field, UInt64(try takeInteger(field) as UInt32))
    case PROTOBUF_C_TYPE_UINT64: appendVarint(field, try takeInteger(field))
    default: throw lexer.error("'\(String(cString: field.name))' is of a type that mcc does not read as text")
    }
  }

  private mutating func appendVarint(_ field: ProtobufCFieldDescriptor, _ value: UInt64) {
    WireEncoding.appendTag(field.id, .varint, to: &wireBytes)
    WireEncoding.appendVarint(value, to: &wireBytes)
  }

  /// Texts that follow each other are one.
  private mutating func appendText(_ field: ProtobufCFieldDescriptor) throws {
    guard case .string(var content) = lexer.token else { throw wrongValue(field, "a text in quotes") }
    try lexer.advance()
    while case .string(let more) = lexer.token {
      content.append(contentsOf: more)
      try lexer.advance()
    }
    WireEncoding.appendTag(field.id, .lengthDelimited, to: &wireBytes)
    WireEncoding.appendVarint(UInt64(content.count), to: &wireBytes)
    wireBytes.append(contentsOf: content)
  }

  private mutating func takeReal(_ field: ProtobufCFieldDescriptor) throws -> Double {
    let isNegative = try lexer.take("-")
    let value: Double?
    switch lexer.token {
    case .number(let digits):
      // A suffix as in C is allowed.
      let plain = digits.last.map { "fF".contains($0) } == true ? digits.dropLast() : Substring(digits)
      value = plain.hasPrefix("0x") || plain.hasPrefix("0X") ? nil : Double(plain)
    case .identifier(let name):
      value = ["inf": .infinity, "infinity": .infinity, "nan": .nan][name.lowercased()]
    case .string, .symbol, .end: value = nil
    }
    guard let value else { throw wrongValue(field, "a number") }
    try lexer.advance()
    return isNegative ? -value : value
  }

  private mutating func takeInteger<Number: FixedWidthInteger>(_ field: ProtobufCFieldDescriptor) throws -> Number {
    let isNegative = try lexer.take("-")
    guard case .number(let digits) = lexer.token, let number: Number = Self.integer(digits, isNegative: isNegative)
    else {
      throw wrongValue(field, "an integer from \(Number.min) to \(Number.max)")
    }
    try lexer.advance()
    return number
  }

  /// A decimal number, one in base 8 after a 0, or in base 16 after 0x.
  private static func integer<Number: FixedWidthInteger>(_ digits: String, isNegative: Bool) -> Number? {
    let sign = isNegative ? "-" : ""
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") { return Number(sign + digits.dropFirst(2), radix: 16) }
    if digits.hasPrefix("0"), digits.count > 1 { return Number(sign + digits.dropFirst(), radix: 8) }
    return Number(sign + digits, radix: 10)
  }

  private mutating func takeBool(_ field: ProtobufCFieldDescriptor) throws -> Bool {
    let value: Bool? =
      switch lexer.token {
      case .identifier(let name):
        ["true": true, "True": true, "t": true, "false": false, "False": false, "f": false][name]
      case .number(let digits): ["1": true, "0": false][digits]
      case .string, .symbol, .end: nil
      }
    guard let value else { throw wrongValue(field, "true or false") }
    try lexer.advance()
    return value
  }

  private mutating func takeEnumerator(_ field: ProtobufCFieldDescriptor) throws -> Int32 {
    guard let descriptor = field.descriptor?.assumingMemoryBound(to: ProtobufCEnumDescriptor.self) else {
      throw wrongValue(field, "a value of its enumeration")
    }
    if case .identifier(let name) = lexer.token {
      guard let value = protobuf_c_enum_descriptor_get_value_by_name(descriptor, name) else {
        let names = UnsafeBufferPointer(
          start: descriptor.pointee.values_by_name, count: Int(descriptor.pointee.n_value_names)
        ).map { String(cString: $0.name) }
        let known = names.count > 12 ? "" : ", which is one of \(names.joined(separator: ", "))"
        throw lexer.error(
          "'\(String(cString: field.name))' cannot be '\(name.prefix(100))'\(known)\(Suggestion.hint(for: name, among: names))"
        )
      }
      try lexer.advance()
      return value.pointee.value
    }
    if case .string = lexer.token { throw wrongValue(field, "a name without quotes") }
    let number: Int32 = try takeInteger(field)
    guard protobuf_c_enum_descriptor_get_value(descriptor, number) != nil else {
      throw lexer.error("'\(String(cString: field.name))' has no value of number \(number)")
    }
    return number
  }

  private func wrongValue(_ field: ProtobufCFieldDescriptor, _ expected: String) -> ModelError {
    lexer.error("'\(String(cString: field.name))' takes \(expected), not \(lexer.description)")
  }
}
