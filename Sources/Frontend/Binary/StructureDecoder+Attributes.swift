import Formats
import IR

/// Attributes, literals and annotations.
extension StructureDecoder {
  mutating func attributes() throws -> Attributes {
    let count = try reader.count(ofAtLeast: 3)
    try budget.take(count * MemoryCost.attribute)
    var read: [Attribute] = []
    for _ in 0..<count {
      let name = try text()
      let annotations = try annotations()
      read.append(Attribute(name, try attributeValue(), annotations: annotations))
    }
    let attributes = Attributes(read)
    if let twice = zip(attributes.all, attributes.all.dropFirst()).first(where: { $0.name == $1.name }) {
      throw ModelError(.invalidModel, "has attribute '\(twice.0.name.text)' twice in one operation")
    }
    return attributes
  }

  private mutating func attributeValue() throws -> AttributeValue {
    switch try tag(StructureCode.AttributeTag.self) {
    case .int: return .int(try reader.signed())
    case .float: return .float(try float())
    case .string: return .string(try text())
    case .tensor: return .tensor(try literal())
    case .sparseTensor: return .sparseTensor(try sparseLiteral())
    case .type: return .type(try type())
    case .ints: return .ints(try elements { try $0.reader.signed() })
    case .floats: return .floats(try elements(ofAtLeast: 4) { try $0.float() })
    case .strings: return .strings(try textList())
    case .tensors: return .tensors(try elements(ofAtLeast: 3) { try $0.literal() })
    case .sparseTensors: return .sparseTensors(try elements(ofAtLeast: 7) { try $0.sparseLiteral() })
    case .types: return .types(try elements { try $0.type() })
    case .reference:
      let name = try text()
      let kind = try text()
      guard let kind = AttributeKind(rawValue: kind.text) else {
        throw ModelError(.invalidModel, "has an attribute of kind '\(kind.text)', which this build does not know")
      }
      return .reference(name, kind: kind)
    }
  }

  private mutating func float() throws -> Float { Float(bitPattern: try reader.fixed()) }

  private mutating func elements<Element>(
    ofAtLeast bytes: Int = 1, _ read: (inout StructureDecoder) throws -> Element
  ) throws -> [Element] {
    let count = try reader.count(ofAtLeast: bytes)
    try budget.take(count * max(MemoryCost.element, MemoryLayout<Element>.stride))
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try read(&self)) }
    return elements
  }

  // MARK: Literals

  mutating func literal() throws -> TensorLiteral {
    let type = try elementType()
    let dimensions = try elements { try $0.reader.integer() }
    switch try tag(StructureCode.LiteralTag.self) {
    case .empty: return try TensorLiteral(type, dimensions, .bytes(ByteSlice([])))
    case .stored:
      let place = WeightPlace(section: try reader.integer(), offset: try reader.integer())
      guard type != .string else { throw ModelError(.invalidModel, "has texts in a section of weights") }
      return try weights.literal(type, dimensions, at: place)
    case .strings:
      let count = try TensorLiteral(.uint8, dimensions, .splat([0])).elementCount
      guard count <= reader.remaining else { throw ModelError(.invalidModel, "ends too early") }
      try budget.take(count * MemoryCost.element)
      return try TensorLiteral(type, dimensions, .strings((0..<count).map { _ in try text() }))
    }
  }

  private mutating func sparseLiteral() throws -> SparseLiteral {
    let values = try literal()
    let indices = try literal()
    return SparseLiteral(values: values, indices: indices, dimensions: try elements { Int(try $0.reader.signed()) })
  }

  // MARK: Annotations

  mutating func annotations() throws -> Annotations? {
    let presence = try reader.byte()
    guard presence > 0 else { return nil }
    try budget.take(MemoryCost.annotation)
    var annotations = Annotations()
    if presence > 1 { annotations.documentation = try text() }
    annotations.metadata = try elements(ofAtLeast: 2) { .init(key: try $0.text(), value: try $0.text()) }
    for _ in 0..<(try reader.count(ofAtLeast: 3)) {
      try budget.take(MemoryCost.annotation)
      let key = try text()
      annotations[key.text] = try property(depth: 0)
    }
    return annotations
  }

  /// Properties are lists of lists at most, with room for more.
  private static let maximumPropertyDepth = 16

  private mutating func property(depth: Int) throws -> Annotations.Property {
    guard depth <= Self.maximumPropertyDepth else {
      throw ModelError(.invalidModel, "has an annotation of lists nested too deep")
    }
    switch try tag(StructureCode.PropertyTag.self) {
    case .integer: return .integer(try reader.signed())
    case .bytes: return .bytes(try text())
    case .list: return .list(try elements(ofAtLeast: 2) { try $0.property(depth: depth + 1) })
    }
  }
}
