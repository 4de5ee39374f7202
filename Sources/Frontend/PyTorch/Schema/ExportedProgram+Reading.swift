import Formats
import IR

extension ExportedProgram {
  /// The schema's versions that this reads.
  static let major = 8

  /// Reads `models/<name>.json`.
  ///
  /// - Throws: `ModelError` where it is no program of a schema that is known.
  init(_ text: ByteSlice, allowance: Int) throws {
    self.init()
    try JSONReader.read(text, allowance: allowance) { reader in
      try reader.readObject { reader, key in
        switch key {
        case "graph_module": try readModule(&reader)
        case "range_constraints": ranges = try reader.readDictionary { try Self.readRange(&$0) }
        case "schema_version":
          try reader.readObject { if $1 == "major" { schemaVersion = try $0.readInt() } else { try $0.skip() } }
        case "torch_version": torchVersion = try reader.readString()
        default: try reader.skip()
        }
      }
    }
    guard schemaVersion == Self.major else {
      throw ModelError(
        .invalidModel,
        "is an exported program of schema \(schemaVersion); mcc reads schema \(Self.major): save it again with PyTorch 2.8 or later"
      )
    }
  }

  private mutating func readModule(_ reader: inout JSONReader) throws {
    try reader.readObject { reader, key in
      switch key {
      case "graph": graph = try ProgramGraph(&reader)
      case "signature":
        try reader.readObject { reader, key in
          switch key {
          case "input_specs": inputs = try reader.readArray { try InputSpecification(&$0) }
          case "output_specs": outputs = try reader.readArray { try OutputSpecification(&$0) }
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
  }

  private static func readRange(_ reader: inout JSONReader) throws -> ClosedRange<Int> {
    var (low, high) = (0, Int.max)
    try reader.readObject { reader, key in
      guard !reader.acceptNull() else { return }
      switch key {
      case "min_val": low = try reader.readInt()
      case "max_val": high = try reader.readInt()
      default: try reader.skip()
      }
    }
    low = max(low, 0)
    return low...max(low, high)
  }
}

extension ProgramGraph {
  init(_ reader: inout JSONReader) throws {
    try reader.readObject { reader, key in
      switch key {
      case "inputs": inputs = try reader.readArray { try Argument(&$0) }
      case "outputs": outputs = try reader.readArray { try Argument(&$0) }
      case "nodes": nodes = try reader.readArray { try Node(&$0) }
      case "tensor_values": tensors = try reader.readDictionary { try TensorDescription(&$0) }
      default: try reader.skip()
      }
    }
  }
}

extension Node {
  init(_ reader: inout JSONReader) throws {
    try reader.readObject { reader, key in
      switch key {
      case "target": target = try reader.readString()
      case "name": name = reader.acceptNull() ? "" : try reader.readString()
      case "inputs":
        inputs = try reader.readArray { reader in
          var input = Input()
          try reader.readObject { reader, key in
            switch key {
            case "name": input.name = try reader.readString()
            case "arg": input.argument = try Argument(&reader)
            default: try reader.skip()
            }
          }
          return input
        }
      case "outputs": outputs = try reader.readArray { try Argument(&$0) }
      default: try reader.skip()
      }
    }
    if name.isEmpty { name = outputs.first?.name ?? target }
  }
}

extension TensorDescription {
  init(_ reader: inout JSONReader) throws {
    try reader.readObject { reader, key in
      switch key {
      case "dtype": elementType = try reader.readInt()
      case "sizes": sizes = try reader.readArray { try Size(&$0) }
      case "strides": strides = try reader.readArray { try Size(&$0) }
      case "storage_offset": storageOffset = try Size(&reader)
      case "layout": isStrided = try reader.readInt() == 7
      default: try reader.skip()
      }
    }
  }
}

extension TensorDescription.Size {
  init(_ reader: inout JSONReader) throws {
    self = .number(0)
    try reader.readObject { reader, key in
      switch key {
      case "as_int": self = .number(try reader.readInt())
      case "as_expr":
        try reader.readObject { reader, key in
          if key == "expr_str" { self = .expression(try reader.readString()) } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
  }
}
