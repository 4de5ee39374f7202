import Formats

extension Argument {
  /// Reads the one member of the object that a union is in the schema.
  init(_ reader: inout JSONReader) throws {
    self = .none
    try reader.readObject { reader, key in
      if let read = Self.kinds[key] {
        self = try read(&reader)
      } else {
        self = .other(key)
        try reader.skip()
      }
    }
  }

  private static let kinds: [String: @Sendable (inout JSONReader) throws -> Argument] = [
    "as_none": {
      try $0.skip()
      return .none
    },
    "as_tensor": { .tensor(try readName(&$0)) },
    "as_tensors": { .tensors(try $0.readArray { try readName(&$0) }) },
    "as_optional_tensor": {
      if case .tensor(let name)? = try readOptional(&$0) { .tensor(name) } else { .none }
    },
    "as_optional_tensors": {
      .tensors(
        try $0.readArray { if case .tensor(let name)? = try readOptional(&$0) { name } else { nil } })
    },
    "as_int": { .integer(.number(try $0.readInt())) },
    "as_ints": { .integers(try $0.readArray { .number(try $0.readInt()) }) },
    "as_sym_int": { .integer(try readInteger(&$0)) },
    "as_sym_ints": { .integers(try $0.readArray { try readInteger(&$0) }) },
    "as_float": { .float(try $0.readDouble()) },
    "as_floats": { .floats(try $0.readArray { try $0.readDouble() }) },
    "as_sym_float": {
      try readSymbol(&$0, "as_float", name: { .symbolicFloat($0) }, value: { .float(try $0.readDouble()) })
    },
    "as_bool": { .bool(try $0.readBool()) },
    "as_bools": { .bools(try $0.readArray { try $0.readBool() }) },
    "as_sym_bool": { try readSymbol(&$0, "as_bool", name: { .symbolicBool($0) }, value: { .bool(try $0.readBool()) }) },
    // An operator is known by its name.
    "as_string": { .string(try $0.readString()) }, "as_operator": { .string(try $0.readString()) },
    "as_scalar_type": { .elementType(try $0.readInt()) },
    "as_memory_format": skipped, "as_layout": skipped, "as_device": skipped,
    "as_graph": { reader in
      var graph = ProgramGraph()
      try reader.readObject { reader, key in
        if key == "graph" { graph = try ProgramGraph(&reader) } else { try reader.skip() }
      }
      return .graph(graph)
    },
    "as_complex": { reader in
      var (real, imaginary) = (0.0, 0.0)
      try reader.readObject { reader, key in
        if key == "real" { real = try reader.readDouble() } else { imaginary = try reader.readDouble() }
      }
      return .complex(real: real, imaginary: imaginary)
    },
  ]

  private static let skipped: @Sendable (inout JSONReader) throws -> Argument = {
    try $0.skip()
    return .placement
  }

  private static func readName(_ reader: inout JSONReader) throws -> String {
    var name = ""
    try reader.readObject { reader, key in
      if key == "name" { name = try reader.readString() } else { try reader.skip() }
    }
    return name
  }

  private static func readOptional(_ reader: inout JSONReader) throws -> Argument? {
    var result: Argument?
    try reader.readObject { reader, key in
      if key == "as_tensor" { result = .tensor(try readName(&reader)) } else { try reader.skip() }
    }
    return result
  }

  private static func readInteger(_ reader: inout JSONReader) throws -> Integer {
    var result = Integer.number(0)
    try reader.readObject { reader, key in
      result = key == "as_name" ? .name(try reader.readString()) : .number(try reader.readInt())
    }
    return result
  }

  private static func readSymbol(
    _ reader: inout JSONReader, _ valueKey: String, name: (String) -> Argument,
    value: (inout JSONReader) throws -> Argument
  ) throws -> Argument {
    var result = Argument.none
    try reader.readObject { reader, key in
      if key == "as_name" {
        result = name(try reader.readString())
      } else if key == valueKey {
        result = try value(&reader)
      } else {
        try reader.skip()
      }
    }
    return result
  }

  /// What the program calls it, where it has a name.
  var name: String? {
    switch self {
    case .tensor(let name), .integer(.name(let name)), .symbolicFloat(let name), .symbolicBool(let name): name
    case .tensors(let names): names.first ?? nil
    case .none, .integer, .integers, .float, .floats, .bool, .bools, .string, .elementType, .graph, .complex,
      .placement,
      .other:
      nil
    }
  }
}
