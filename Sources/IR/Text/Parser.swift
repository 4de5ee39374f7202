/// Builds a module from its text: recursive descent, one token ahead, nesting bounded.
struct Parser: TokenReader {
  var lexer: Lexer
  let module: Module
  let diagnostics: Diagnostics?
  var scope = Scope()
  var resources: [ByteString: Resource] = [:]
  /// The operations and where they begin, each after those of its regions: the order in which types are inferred.
  var operations: [(operation: Operation, position: Int)] = []
  var legacyDefinitions: [OpCatalog.Key: [Int: OpDefinition]] = [:]
  var opaqueDefinitions: [OpCatalog.Key: OpDefinition] = [:]

  /// What the operators of the text are, where its vocabulary is an older one.
  var older: (any OlderVocabulary)?

  private let source: ByteSlice
  private let olderVocabularies: (any OlderVocabulary.Type)?

  /// - Parameter bytes: those of `source`.
  private init(
    _ bytes: UnsafeRawBufferPointer, of source: ByteSlice, file: String?, _ diagnostics: Diagnostics?,
    _ older: (any OlderVocabulary.Type)?
  ) throws {
    lexer = try Lexer(bytes, file: file)
    module = Module(name: "")
    self.source = source
    self.diagnostics = diagnostics
    olderVocabularies = older
  }

  static func parse(
    _ source: ByteSlice, file: String?, _ diagnostics: Diagnostics?, _ older: (any OlderVocabulary.Type)?
  ) throws -> Module {
    try source.withUnsafeBytes { bytes in
      var parser = try Parser(bytes, of: source, file: file, diagnostics, older)
      try parser.parseResources()
      try parser.parseModule()
      try parser.inferTypes()
      return parser.module
    }
  }

  /// The range of the text as a slice, so that its pages can be given back once it is read.
  func source(_ range: Range<Int>) -> ByteSlice? { source.slice(offset: range.lowerBound, count: range.count) }

  // MARK: Modules

  private mutating func parseModule() throws {
    try expectWord("module")
    module.name = try parseString("the module's name")
    try expectWord("vocabulary")
    try checkVocabulary()
    try expectWord("target")
    module.target = try parseOpsets()
    module.annotations = try parseAnnotations()
    try expect("{")
    var hasMain = false
    while try !accept("}") {
      let position = lexer.token.start
      if try acceptWord("function") {
        try parseFunction()
      } else if lexer.isWord("graph") {
        guard !hasMain else {
          throw lexer.error(at: position, "a module has one graph, its main one; this is a second")
        }
        hasMain = true
        try parseGraph(into: module.main)
      } else {
        throw expected("'graph', 'function' or '}'")
      }
    }
    guard hasMain else {
      throw expected("a module with a graph; put 'graph @main() -> () { return }' inside it, before this")
    }
    guard lexer.token.kind == .end || lexer.isWord("resource") else {
      throw expected("the end of the text, or a resource")
    }
  }

  /// Refuses operator sets that this build does not have, and older ones where nobody knows how to raise them.
  private mutating func checkVocabulary() throws {
    let start = lexer.token.start
    let known = OpCatalog.vocabulary
    let vocabulary = try parseOpsets()
    for entry in vocabulary.entries {
      guard let newest = known[entry.domain] else {
        throw lexer.error(
          at: start, "this build knows no operators of the vocabulary \"\(entry.domain)\"; a newer mcc may")
      }
      if (1..<newest).contains(entry.version), let olderVocabularies {
        older = olderVocabularies.init(vocabulary)
        continue
      }
      guard entry.version == newest else {
        let remedy = entry.version > newest ? "use a newer mcc" : "this build reads no older text"
        throw lexer.error(
          at: start, "vocabulary \"\(entry.domain)\" = \(entry.version), but this build has \(newest); \(remedy)")
      }
    }
  }

  /// `{"" = 28, ai.onnx.ml = 5}`
  private mutating func parseOpsets() throws -> OpsetVersions {
    var versions = OpsetVersions()
    try parseList("{", "}") { parser in
      let start = parser.lexer.token.start
      let domain = try parser.parseName("a domain")
      guard versions[domain] == nil else {
        throw parser.lexer.error(at: start, "domain \"\(domain)\" has a version already")
      }
      try parser.expect("=")
      versions[domain] = try parser.parseInteger(Int.self, "a version")
    }
    return versions
  }

  /// `function "domain"::Name:overload(...) -> (...) attributes {alpha, beta = 1.0} opsets {"" = 17} { ... }`
  private mutating func parseFunction() throws {
    let domain = try parseString("the function's domain")
    guard try accept(.scope) else { throw expected("'::' and the function's name") }
    let name = try parseName("the function's name")
    let overload = try parseOverload()
    let outer = scope
    scope = Scope()
    defer { scope = outer }
    let signature = lexer
    let function = Function(domain: domain, name: name, overload: overload, opsets: OpsetVersions())
    Builder(module, at: .end(of: function.body)).add(function)
    try parseSignature(of: function.body)
    if try acceptWord("attributes") { try parseFunctionAttributes(of: function) }
    guard lexer.isWord("opsets") else { throw expected("'opsets', the operator sets of the function's body") }
    try lexer.advance()
    function.opsets = try parseOpsets()
    function.annotations = try parseAnnotations()
    try parseBody(of: function.body, signature: signature)
  }

  private mutating func parseFunctionAttributes(of function: Function) throws {
    var defaults: [Attribute] = []
    try parseList("{", "}") { parser in
      let start = parser.lexer.token.start
      let name = try parser.parseName("an attribute's name")
      guard !function.attributes.contains(name), !defaults.contains(where: { $0.name == name }) else {
        throw parser.lexer.error(at: start, "attribute '\(name)' is declared already")
      }
      if try parser.accept("=") {
        defaults.append(try parser.parseAttribute(called: name))
      } else {
        function.attributes.append(name)
      }
    }
    function.attributeDefaults = Attributes(defaults)
  }

  private func inferTypes() throws {
    if let older { return try older.raise(module, diagnostics) }
    for (operation, position) in operations {
      do {
        try operation.inferTypes(diagnostics)
      } catch let error as ModelError {
        throw lexer.error(at: position, [error.place, error.message].compactMap { $0 }.joined(separator: ": "))
      }
    }
  }
}

extension Module {
  /// Reads the textual form, and infers types.
  ///
  /// - Parameters:
  ///   - file: what messages call the text.
  ///   - diagnostics: told where a type in the text contradicts what is inferred.
  ///   - older: how text of an older vocabulary is raised; without it such text is refused.
  /// - Throws: `ModelError` with line and column. The caller is to verify the module.
  package static func parse(
    _ text: ByteSlice, file: String? = nil, diagnostics: Diagnostics? = nil, older: (any OlderVocabulary.Type)? = nil
  ) throws -> Module {
    try Parser.parse(text, file: file, diagnostics, older)
  }

  /// Reads the textual form, and infers types.
  package static func parse(_ text: String, file: String? = nil, diagnostics: Diagnostics? = nil) throws -> Module {
    try parse(ByteSlice(Array(text.utf8)), file: file, diagnostics: diagnostics)
  }
}
