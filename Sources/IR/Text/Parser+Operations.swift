extension Parser {
  /// `%a, _ = Op(%x, _) {axis = 1} : f32[2]`
  mutating func parseOperation(in graph: Graph) throws {
    let position = lexer.token.start
    let results = try parseResultNames()
    if lexer.isWord("constant") { return try parseConstant(in: graph, results, position) }
    let definition = try parseDefinition()
    let overload = try parseOverload()
    var operands: [Value?] = []
    try parseList("(", ")") { operands.append(try $0.parseOperand()) }
    let (attributes, regions) = try parseAttributesAndRegions()
    let annotations = try parseAnnotations()
    let operation = Builder(module, at: .end(of: graph)).insert(
      definition, operands: operands, results: results.map { $0.map { .init($0.name) } }, attributes: attributes,
      regions: regions)
    operation.overload = overload
    operation.annotations = annotations
    try finish(operation, results, position)
  }

  /// A result's name and where it stands.
  struct ResultName {
    let name: ByteString
    let position: Int
  }

  /// `%a, _ = `; nothing where the operation has no results.
  private mutating func parseResultNames() throws -> [ResultName?] {
    guard lexer.token.kind == .value || lexer.isWord("_") else { return [] }
    var names: [ResultName?] = []
    repeat {
      let position = lexer.token.start
      if try acceptWord("_") {
        names.append(nil)
      } else {
        guard lexer.token.kind == .value else { throw expected("a result, as %x, or '_'") }
        names.append(ResultName(name: try takeValueName(), position: position))
      }
    } while try accept(",")
    guard try accept("=") else { throw expected("'=' and an operation") }
    return names
  }

  /// Reads the types and the location of an operation, and makes its results known.
  private mutating func finish(_ operation: Operation, _ results: [ResultName?], _ position: Int) throws {
    if try accept(":") {
      for (index, result) in operation.presentResults.enumerated() {
        if index > 0, try !accept(",") { throw expected("',' and the type of \(result)") }
        result.type = try parseType()
        result.declaredType = try parseDeclaration(of: result.type)
        result.annotations = try parseAnnotations()
      }
      if isNext(",") { throw lexer.error(at: lexer.token.start, "more types than results") }
    }
    operation.location = try parseLocation()
    try note(operation, results, position)
  }

  private mutating func note(_ operation: Operation, _ results: [ResultName?], _ position: Int) throws {
    for (value, name) in zip(operation.results, results) {
      if let value, let name { try define(value, at: name.position) }
    }
    operations.append((operation, position))
  }

  // MARK: Operators

  /// `Conv`, `"com.microsoft"::FusedConv`, `Softmax@11`; `Relu@?` is not what this build knows under the name.
  private mutating func parseDefinition() throws -> OpDefinition {
    let position = lexer.token.start
    var name = try parseName("an operation")
    var domain: ByteString = ""
    if try accept(.scope) {
      domain = name
      name = try parseName("an operator's name")
    }
    let key = OpCatalog.Key(domain, name)
    if lexer.token.kind == .graph {
      guard let version = Int(lexer.name.text), version > 0 else { throw expected("an opset version after '@'") }
      try lexer.advance()
      return legacyDefinition(key, version)
    }
    if try accept("@") {
      try expect("?")
      return opaqueDefinition(key)
    }
    let definition =
      older?.definition(domain: domain, name: name) ?? OpCatalog.definition(domain: domain, name: name)
      ?? opaqueDefinition(key)
    guard definition !== OpDefinition.return, definition !== OpDefinition.constant else {
      throw lexer.error(
        at: position, "'\(name)' is a word of the language; an operator of that name is written \"\(name)\"@?")
    }
    return definition
  }

  private mutating func opaqueDefinition(_ key: OpCatalog.Key) -> OpDefinition {
    if let known = opaqueDefinitions[key] { return known }
    let definition = OpDefinition.opaque(domain: key.domain, name: key.name)
    opaqueDefinitions[key] = definition
    return definition
  }

  private mutating func legacyDefinition(_ key: OpCatalog.Key, _ version: Int) -> OpDefinition {
    if let known = legacyDefinitions[key]?[version] { return known }
    let newest = OpCatalog.definition(domain: key.domain, name: key.name) ?? opaqueDefinition(key)
    let definition = OpDefinition.legacy(newest, version: version)
    legacyDefinitions[key, default: [:]][version] = definition
    return definition
  }

  // MARK: Constants

  /// `constant [1.0] : f32[1]`, `constant input 3 #w : f32[64]`, `constant operation {value_ints = [1, 2]} : i64[2]`
  private mutating func parseConstant(in graph: Graph, _ results: [ResultName?], _ position: Int) throws {
    try expectWord("constant")
    guard results.count == 1, let result = results[0] else {
      throw lexer.error(at: position, "a constant has one result")
    }
    let annotations = try parseAnnotations()
    let form = try parseConstantForm()
    let hasAttributes = isNext("{")
    let (attributes, regions) =
      hasAttributes ? try parseAttributesAndRegions() : (["value": .tensor(try parseLiteral())], [])
    let operation = Builder(module, at: .end(of: graph)).insert(
      .constant, operands: [], results: [.init(result.name)], attributes: attributes, regions: regions)
    operation.constantForm = form
    operation.annotations = annotations
    if hasAttributes { return try finish(operation, results, position) }
    guard let literal = operation.literal, let value = operation.result() else { return }
    value.type = .tensor(literal.type)
    value.declaredType = try parseDeclaration(of: value.type)
    value.annotations = try parseAnnotations()
    operation.location = try parseLocation()
    try note(operation, results, position)
  }

  private mutating func parseConstantForm() throws -> Operation.ConstantForm {
    if try acceptWord("operation") { return .operation }
    guard try acceptWord("input") else { return .initializer(slot: nil) }
    return .initializer(slot: try parseInteger(Int.self, "the constant's place among the inputs"))
  }
}
