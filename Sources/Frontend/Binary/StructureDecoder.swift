import Formats
import IR

/// Builds a module from the structure section of a `.mcb` file. Nothing in it is trusted.
struct StructureDecoder {
  var reader: ByteReader
  var budget: MemoryBudget
  let weights: WeightReader
  let module: Module
  /// The values by number; `nil` once the graph that defines them has ended.
  var values: [Value?] = []
  var depth = 0
  private var texts: [ByteString] = []
  private var types: [ValueType] = []
  /// How deep each of them nests.
  private var typeDepths: [Int] = []
  private var definitions: [OpDefinition] = []
  private var resolver: DefinitionResolver

  /// - Throws: `ModelError` at what is no module. The caller is to raise the module and infer its types.
  static func decode(_ file: BinaryFile, _ weights: WeightReader, _ budget: MemoryBudget) throws -> Module {
    let structures = file.table.sections.indices.filter { file.table.sections[$0].kind == .structure }
    guard structures.count == 1 else {
      throw ModelError(.invalidModel, place: "section table", "has \(structures.count) structure sections, not one")
    }
    let place = file.place(structures[0])
    do {
      var budget = budget
      try budget.take(file.table.sections[structures[0]].byteCount)
      let bytes = try contents(file, structures[0], place)
      return try bytes.withUnsafeBytes { bytes in
        var decoder = StructureDecoder(bytes, weights, budget, file.table.vocabulary)
        try decoder.readModule()
        return decoder.module
      }
    } catch let error as ModelError {
      throw error.at(place)
    }
  }

  private static func contents(_ file: BinaryFile, _ index: Int, _ place: String) throws -> ByteSlice {
    let section = file.table.sections[index]
    let stored = try file.stored(index)
    guard section.encoding == .zstd else { return stored }
    let blocks = try ZstdBlocks(section, stored: stored, place: place)
    return ByteSlice(try Buffer(count: section.byteCount) { try blocks.read(from: 0, into: $0) })
  }

  private init(
    _ bytes: UnsafeRawBufferPointer, _ weights: WeightReader, _ budget: MemoryBudget, _ vocabulary: OpsetVersions
  ) {
    reader = ByteReader(bytes)
    self.weights = weights
    self.budget = budget
    module = Module(name: "")
    resolver = DefinitionResolver(vocabulary)
  }

  // MARK: The module

  private mutating func readModule() throws {
    try readTexts()
    try readTypes()
    try readDefinitions()
    module.name = try text()
    module.target = try opsets()
    module.annotations = try annotations()
    try read(into: module.main)
    for _ in 0..<(try reader.count(ofAtLeast: 8)) { try readFunction() }
    guard reader.isAtEnd else { throw ModelError(.invalidModel, "has \(reader.remaining) bytes too many") }
  }

  private mutating func opsets() throws -> OpsetVersions {
    let count = try reader.count(ofAtLeast: 2)
    return OpsetVersions(try (0..<count).map { _ in .init(domain: try text(), version: Int(try reader.signed())) })
  }

  private mutating func readFunction() throws {
    try budget.take(MemoryCost.graph)
    let domain = try text()
    let name = try text()
    let overload = try text()
    let required = try textList()
    let defaults = try attributes()
    let function = Function(domain: domain, name: name, overload: overload, opsets: try opsets())
    function.attributes = required
    function.attributeDefaults = defaults
    function.annotations = try annotations()
    Builder(module, at: .end(of: function.body)).add(function)
    try read(into: function.body)
  }

  // MARK: What is said once

  private mutating func readTexts() throws {
    let count = try reader.count()
    texts.reserveCapacity(count)
    for _ in 0..<count {
      let text = try reader.text()
      try budget.take(MemoryCost.text + text.bytes.count)
      texts.append(text)
    }
  }

  private mutating func readTypes() throws {
    for _ in 0..<(try reader.count()) {
      try budget.take(MemoryCost.type)
      var depth = 0
      types.append(try readType(&depth))
      typeDepths.append(depth)
    }
  }

  /// Far more than any model has.
  private static let maximumTypeDepth = 32

  /// The type that is part of another, which nests one deeper.
  private mutating func part(_ depth: inout Int) throws -> ValueType {
    let number = try reader.integer()
    let type = try Self.element(number, of: types, "type")
    depth = typeDepths[number] + 1
    guard depth <= Self.maximumTypeDepth else {
      throw ModelError(.invalidModel, "has types that nest deeper than \(Self.maximumTypeDepth)")
    }
    return type
  }

  private mutating func readType(_ depth: inout Int) throws -> ValueType {
    switch try tag(StructureCode.TypeTag.self) {
    case .unknown: return .unknown
    case .tensor: return .tensor(try readTensorType())
    case .sparseTensor: return .sparseTensor(try readTensorType())
    case .sequence: return .sequence(try part(&depth))
    case .optional: return .optional(try part(&depth))
    case .map:
      let key = try elementType()
      return .map(key: key, value: try part(&depth))
    case .opaque:
      let domain = try text()
      return .opaque(domain: domain, name: try text())
    }
  }

  private mutating func readTensorType() throws -> TensorType {
    let elementType = try elementType()
    let rank = try reader.count()
    guard rank > 0 else { return TensorType(elementType, nil as Shape?) }
    var shape: Shape = []
    for _ in 0..<(rank - 1) {
      try budget.take(MemoryCost.element)
      switch try tag(StructureCode.DimensionTag.self) {
      case .unknown: shape.append(.unknown)
      case .known: shape.append(.known(Int(try reader.signed())))
      case .symbolic: shape.append(Dimension(parsing: try text()))
      }
    }
    return TensorType(elementType, shape)
  }

  private mutating func readDefinitions() throws {
    for _ in 0..<(try reader.count(ofAtLeast: 3)) {
      try budget.take(MemoryCost.operation)
      definitions.append(try readDefinition())
    }
  }

  private mutating func readDefinition() throws -> OpDefinition {
    let form = try tag(StructureCode.DefinitionTag.self)
    let domain = try text()
    let name = try text()
    let unknown = ModelError(
      .invalidModel, "says operator '\(name.text)' of domain '\(domain.text)', which this build does not know")
    switch form {
    case .current:
      let definition = resolver.definition(domain: domain, name: name)
      guard definition.form != .builtin, definition.form != .opaque else { throw unknown }
      return definition
    case .legacy:
      let version = try reader.integer()
      let newest = OpCatalog.definition(domain: domain, name: name) ?? .opaque(domain: domain, name: name)
      return .legacy(newest, version: version)
    case .opaque: return .opaque(domain: domain, name: name)
    case .builtin:
      guard let definition = OpCatalog.builtin.first(where: { $0.domain == domain && $0.name == name }) else {
        throw unknown
      }
      return definition
    }
  }

  // MARK: References

  mutating func text() throws -> ByteString { try Self.element(try reader.integer(), of: texts, "text") }
  mutating func type() throws -> ValueType { try Self.element(try reader.integer(), of: types, "type") }

  mutating func definition() throws -> OpDefinition {
    try Self.element(try reader.integer(), of: definitions, "operator")
  }

  mutating func textList() throws -> [ByteString] {
    let count = try reader.count()
    try budget.take(count * MemoryCost.element)
    return try (0..<count).map { _ in try text() }
  }

  mutating func elementType() throws -> ElementType {
    let name = try text()
    guard let type = ElementType(rawValue: name.text) else {
      throw ModelError(.invalidModel, "has element type '\(name.text)', which this build does not know")
    }
    return type
  }

  mutating func tag<Tag: RawRepresentable<UInt8>>(_: Tag.Type) throws -> Tag {
    let number = try reader.byte()
    guard let tag = Tag(rawValue: number) else {
      throw ModelError(.invalidModel, "says \(number) at byte \(reader.offset - 1), which means nothing there")
    }
    return tag
  }

  private static func element<Element>(_ number: Int, of elements: [Element], _ what: String) throws -> Element {
    guard elements.indices.contains(number) else {
      throw ModelError(.invalidModel, "refers to \(what) \(number), of \(elements.count)")
    }
    return elements[number]
  }
}
