extension Parser {
  /// `graph @name(%x: f32[2]) -> (y: f32[2]) { ... }`
  mutating func parseGraph(into graph: Graph) throws {
    try expectWord("graph")
    guard lexer.token.kind == .graph else { throw expected("the graph's name, as @main") }
    guard scope.depth <= TextSyntax.maximumGraphDepth else {
      throw lexer.error(at: lexer.token.start, "graphs nest deeper than \(TextSyntax.maximumGraphDepth)")
    }
    graph.name = try takeName()
    let signature = lexer
    try parseSignature(of: graph)
    try parseBody(of: graph, signature: signature)
  }

  /// `(%x: f32[2]) -> (y: f32[2])`. The arguments become known when the body begins.
  mutating func parseSignature(of graph: Graph) throws {
    let builder = Builder(module, at: .end(of: graph))
    try parseList("(", ")") { parser in
      guard parser.lexer.token.kind == .value else { throw parser.expected("an argument, as %x") }
      let name = try parser.takeValueName()
      try parser.expect(":")
      let argument = builder.addArgument(to: graph, name: name, type: try parser.parseType())
      if let declared = try parser.parseDeclaration(of: argument.type) { argument.declaredType = declared }
      if try parser.accept("=") { argument.defaultLiteral = try parser.parseLiteral() }
      argument.annotations = try parser.parseAnnotations()
    }
    guard try accept(.arrow) else { throw expected("'->' and the outputs") }
    try parseList("(", ")") { parser in
      let name = try parser.parseName("an output's name")
      try parser.expect(":")
      let type = try parser.parseType()
      builder.addOutput(to: graph, Graph.Output(name: name, type: type, annotations: try parser.parseAnnotations()))
    }
    graph.annotations = try parseAnnotations()
  }

  /// The operations between braces, the last of which is `return`.
  ///
  /// - Parameter signature: where the arguments begin, for messages.
  mutating func parseBody(of graph: Graph, signature: Lexer) throws {
    scope.enterGraph()
    defer { scope.leaveGraph() }
    for argument in graph.arguments { try define(argument, at: signature.token.start) }
    try expect("{")
    while !lexer.isWord("return") {
      guard !isNext("}"), lexer.token.kind != .end else {
        throw expected("an operation, or 'return' with the graph's outputs")
      }
      try parseOperation(in: graph)
    }
    try parseReturn(in: graph)
    guard try accept("}") else { throw expected("'}', since 'return' ends a graph") }
  }

  /// `return %a, %b`
  private mutating func parseReturn(in graph: Graph) throws {
    let position = lexer.token.start
    try expectWord("return")
    var operands: [Value?] = []
    if lexer.token.kind == .value || lexer.isWord("_") {
      repeat { operands.append(try parseOperand()) } while try accept(",")
    }
    guard operands.count == graph.outputs.count else {
      throw lexer.error(
        at: position, "the signature has \(graph.outputs.count) outputs, but \(operands.count) are returned")
    }
    let annotations = try parseAnnotations()
    let operation = Builder(module, at: .end(of: graph)).insert(
      .return, operands: operands, results: [], location: try parseLocation())
    operation.annotations = annotations
  }

  // MARK: Values

  /// `%x`, or `_` for an absent one.
  mutating func parseOperand() throws -> Value? {
    if try acceptWord("_") { return nil }
    guard lexer.token.kind == .value else { throw expected("a value, as %x, or '_'") }
    guard let value = scope[lexer.name] else {
      throw lexer.error(at: lexer.token.start, "\(lexer.found) is used before anything defines it")
    }
    try lexer.advance()
    return value
  }

  /// The name of a value that is defined here.
  mutating func takeValueName() throws -> ByteString {
    let start = lexer.token.start
    let name = try takeName()
    guard !name.isEmpty else { throw lexer.error(at: start, "a value needs a name") }
    return name
  }

  mutating func define(_ value: Value, at position: Int) throws {
    guard scope.define(value) else { throw lexer.error(at: position, "\(value) is defined already") }
  }

  // MARK: What may follow

  /// ` declared`, ` declared(f32[?])`: the type that the source wrote down; `nil` where it wrote none.
  mutating func parseDeclaration(of type: ValueType) throws -> ValueType? {
    guard try acceptWord("declared") else { return nil }
    guard try accept("(") else { return type }
    let declared = try parseType()
    try expect(")")
    return declared
  }

  /// ` loc("name", pass, pass)`
  mutating func parseLocation() throws -> Location {
    guard try acceptWord("loc") else { return Location() }
    try expect("(")
    var location = Location(name: try parseString("the operation's name in its source"))
    while try accept(",") { location.passes.append(try parseName("the name of a pass").text) }
    try expect(")")
    return location
  }
}
