import Formats
import IR

/// Encodes a module, all but its weights, as the structure section of a `.mcb` file.
///
/// Texts, types and operators are collected and said once; everything else refers to them by number. Values are numbered
/// in the order in which they are defined.
struct StructureEncoder {
  var body = ByteWriter()
  let weights: WeightIndex
  private var texts = Interned<ByteString>()
  private var types = Interned<ValueType>()
  private var definitions = Interned<ObjectIdentifier>()
  private var typeBytes = ByteWriter()
  private var definitionBytes = ByteWriter()
  private var values: [Value: Int] = [:]

  /// Numbers things in the order in which they are first asked for.
  private struct Interned<Element: Hashable> {
    private var numbers: [Element: Int] = [:]
    private(set) var elements: [Element] = []

    /// - Returns: the number, and whether it is new.
    mutating func number(_ element: Element) -> (number: Int, isNew: Bool) {
      if let number = numbers[element] { return (number, false) }
      numbers[element] = elements.count
      elements.append(element)
      return (elements.count - 1, true)
    }
  }

  private init(_ weights: WeightIndex) {
    self.weights = weights
  }

  /// - Parameter weights: where each literal is.
  /// - Throws: `ModelError` where an operation uses what is defined after it.
  static func encode(_ module: Module, _ weights: WeightIndex) throws -> [UInt8] {
    var encoder = StructureEncoder(weights)
    try encoder.write(module)
    return encoder.finished()
  }

  /// The collected texts, types and operators, then what refers to them.
  private func finished() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(count: texts.elements.count)
    for text in texts.elements { writer.append(text: text) }
    writer.append(count: types.elements.count)
    writer.append(typeBytes.bytes)
    writer.append(count: definitions.elements.count)
    writer.append(definitionBytes.bytes)
    writer.append(body.bytes)
    return writer.bytes
  }

  // MARK: The module

  private mutating func write(_ module: Module) throws {
    write(module.name)
    write(module.target)
    write(module.annotations)
    try write(module.main)
    body.append(count: module.functions.count)
    for function in module.functions { try write(function) }
  }

  private mutating func write(_ versions: OpsetVersions) {
    body.append(count: versions.entries.count)
    for entry in versions.entries {
      write(entry.domain)
      body.append(signed: Int64(entry.version))
    }
  }

  private mutating func write(_ function: Function) throws {
    write(function.domain)
    write(function.name)
    write(function.overload)
    write(function.attributes)
    try write(function.attributeDefaults)
    write(function.opsets)
    write(function.annotations)
    try write(function.body)
  }

  // MARK: Texts, types, operators

  mutating func write(_ text: ByteString) { body.append(count: texts.number(text).number) }

  mutating func write(_ texts: [ByteString]) {
    body.append(count: texts.count)
    for text in texts { write(text) }
  }

  mutating func write(_ type: ValueType) { body.append(count: number(of: type)) }

  /// Types that are part of a type have smaller numbers.
  private mutating func number(of type: ValueType) -> Int {
    var parts: [Int] = []
    switch type {
    case .sequence(let element), .optional(let element), .map(_, let element): parts = [number(of: element)]
    case .unknown, .tensor, .sparseTensor, .opaque: break
    }
    let (number, isNew) = types.number(type)
    if isNew { describe(type, parts) }
    return number
  }

  private mutating func describe(_ type: ValueType, _ parts: [Int]) {
    switch type {
    case .unknown: tag(.unknown)
    case .tensor(let tensor):
      tag(.tensor)
      describe(tensor)
    case .sparseTensor(let tensor):
      tag(.sparseTensor)
      describe(tensor)
    case .sequence: tag(.sequence)
    case .optional: tag(.optional)
    case .map(let key, _):
      tag(.map)
      describe(key)
    case .opaque(let domain, let name):
      tag(.opaque)
      typeBytes.append(count: texts.number(domain).number)
      typeBytes.append(count: texts.number(name).number)
    }
    for part in parts { typeBytes.append(count: part) }
  }

  private mutating func tag(_ tag: StructureCode.TypeTag) { typeBytes.append(byte: tag.rawValue) }

  private mutating func describe(_ type: ElementType) {
    typeBytes.append(count: texts.number(ByteString(type.rawValue)).number)
  }

  /// The element type; the rank plus 1, or 0 where it is unknown; the dimensions.
  private mutating func describe(_ type: TensorType) {
    describe(type.elementType)
    guard let shape = type.shape else { return typeBytes.append(count: 0) }
    typeBytes.append(count: shape.count + 1)
    for dimension in shape {
      switch dimension {
      case .unknown: typeBytes.append(byte: StructureCode.DimensionTag.unknown.rawValue)
      case .known(let value):
        typeBytes.append(byte: StructureCode.DimensionTag.known.rawValue)
        typeBytes.append(signed: Int64(value))
      case .symbolic:
        typeBytes.append(byte: StructureCode.DimensionTag.symbolic.rawValue)
        typeBytes.append(count: texts.number(dimension.parameter ?? "").number)
      }
    }
  }

  mutating func write(_ definition: OpDefinition) {
    let (number, isNew) = definitions.number(ObjectIdentifier(definition))
    body.append(count: number)
    guard isNew else { return }
    let tag: StructureCode.DefinitionTag =
      switch definition.form {
      case .declared: .current
      case .legacy: .legacy
      case .opaque: .opaque
      case .builtin: .builtin
      }
    definitionBytes.append(byte: tag.rawValue)
    definitionBytes.append(count: texts.number(definition.domain).number)
    definitionBytes.append(count: texts.number(definition.name).number)
    if case .legacy(let version) = definition.form { definitionBytes.append(count: version) }
  }

  // MARK: Values

  /// Gives a value that is defined here its number.
  mutating func define(_ value: Value) { values[value] = values.count }

  /// The number of a value plus 1, or 0 for an absent one.
  mutating func write(_ operand: Value?) throws {
    guard let operand else { return body.append(count: 0) }
    guard let number = values[operand] else {
      throw ModelError(.internalFailure, "uses \(operand), which is defined after it")
    }
    body.append(count: number + 1)
  }
}
