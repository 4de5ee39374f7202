import Formats
import IR

/// Attributes, literals and annotations.
extension StructureEncoder {
  mutating func write(_ attributes: Attributes) throws {
    body.append(count: attributes.all.count)
    for attribute in attributes.all {
      write(attribute.name)
      write(attribute.annotations)
      try write(attribute.value)
    }
  }

  private mutating func write(_ value: AttributeValue) throws {
    body.append(byte: value.tag.rawValue)
    switch value {
    case .int(let value): body.append(signed: value)
    case .float(let value): body.appendFixed(value.bitPattern)
    case .string(let value): write(value)
    case .tensor(let literal): try write(literal)
    case .sparseTensor(let literal): try write(literal)
    case .type(let type): write(type)
    case .ints(let values):
      body.append(count: values.count)
      for value in values { body.append(signed: value) }
    case .floats(let values):
      body.append(count: values.count)
      for value in values { body.appendFixed(value.bitPattern) }
    case .strings(let values): write(values)
    case .tensors(let literals):
      body.append(count: literals.count)
      for literal in literals { try write(literal) }
    case .sparseTensors(let literals):
      body.append(count: literals.count)
      for literal in literals { try write(literal) }
    case .types(let types):
      body.append(count: types.count)
      for type in types { write(type) }
    case .reference(let name, let kind):
      write(name)
      write(ByteString(kind.rawValue))
    }
  }

  // MARK: Literals

  mutating func write(_ literal: TensorLiteral) throws {
    write(ByteString(literal.elementType.rawValue))
    body.append(count: literal.dimensions.count)
    for dimension in literal.dimensions { body.append(count: dimension) }
    if case .strings(let strings) = literal.source {
      body.append(byte: StructureCode.LiteralTag.strings.rawValue)
      for string in strings { write(string) }
    } else if literal.byteCount == 0 {
      body.append(byte: StructureCode.LiteralTag.empty.rawValue)
    } else {
      let place = try weights.place(of: literal)
      body.append(byte: StructureCode.LiteralTag.stored.rawValue)
      body.append(count: place.section)
      body.append(count: place.offset)
    }
  }

  private mutating func write(_ literal: SparseLiteral) throws {
    try write(literal.values)
    try write(literal.indices)
    body.append(count: literal.dimensions.count)
    for dimension in literal.dimensions { body.append(signed: Int64(dimension)) }
  }

  // MARK: Annotations

  /// 0 for none; else 1, and 1 more where there is documentation.
  mutating func write(_ annotations: Annotations?) {
    guard let annotations else { return body.append(byte: 0) }
    body.append(byte: annotations.documentation == nil ? 1 : 2)
    if let documentation = annotations.documentation { write(documentation) }
    body.append(count: annotations.metadata.count)
    for entry in annotations.metadata {
      write(entry.key)
      write(entry.value)
    }
    let properties = annotations.sortedProperties
    body.append(count: properties.count)
    for (key, value) in properties {
      write(ByteString(key))
      write(value)
    }
  }

  private mutating func write(_ property: Annotations.Property) {
    switch property {
    case .integer(let value):
      body.append(byte: StructureCode.PropertyTag.integer.rawValue)
      body.append(signed: value)
    case .bytes(let bytes):
      body.append(byte: StructureCode.PropertyTag.bytes.rawValue)
      write(bytes)
    case .list(let elements):
      body.append(byte: StructureCode.PropertyTag.list.rawValue)
      body.append(count: elements.count)
      for element in elements { write(element) }
    }
  }
}

extension AttributeValue {
  fileprivate var tag: StructureCode.AttributeTag {
    switch self {
    case .reference: .reference
    case .float: .float
    case .int: .int
    case .string: .string
    case .tensor: .tensor
    case .floats: .floats
    case .ints: .ints
    case .strings: .strings
    case .tensors: .tensors
    case .sparseTensor: .sparseTensor
    case .sparseTensors: .sparseTensors
    case .type: .type
    case .types: .types
    }
  }
}
