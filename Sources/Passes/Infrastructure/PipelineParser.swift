import IR

/// Parses what `-passes=` and `-pipeline=` take.
///
///     pipeline = element {"," element}
///     element  = name [options] ["(" pipeline ")"]
///     options  = "{" key "=" value {separator key "=" value} "}"       separator: a space or ":"
///
/// Values are bare or "quoted"; a repeated key makes a list. White space, newlines and `#` comments may stand between tokens.
package struct PipelineParser {
  /// What names in a pipeline can stand for.
  package struct Vocabulary: Sendable {
    package var passes: [any Pass.Type]
    package var combinators: [any Combinator.Type]
    package var shipped: [ShippedPipeline]

    package init(
      passes: [any Pass.Type] = PassRegistry.all, combinators: [any Combinator.Type] = PassRegistry.combinators,
      shipped: [ShippedPipeline] = ShippedPipeline.all
    ) {
      self.passes = passes
      self.combinators = combinators
      self.shipped = shipped
    }

    var names: [String] { passes.map { $0.name } + combinators.map { $0.name } + shipped.map(\.name) }
  }

  /// Deeper than anybody nests; keeps recursion short.
  private static let maximumDepth = 32

  private(set) var scanner: PipelineScanner
  private let vocabulary: Vocabulary
  /// The shipped pipelines that are being parsed around this one.
  private let path: [String]
  private var depth = 0

  private init(_ text: [UInt8], _ vocabulary: Vocabulary, path: [String]) {
    scanner = PipelineScanner(text)
    self.vocabulary = vocabulary
    self.path = path
  }

  /// The pipeline that `text` says.
  package static func parse(
    _ text: some Sequence<UInt8>, _ vocabulary: Vocabulary = Vocabulary()
  ) throws(PipelineError) -> Pipeline {
    try parse(Array(text), vocabulary, path: [])
  }

  private static func parse(
    _ text: [UInt8], _ vocabulary: Vocabulary, path: [String]
  ) throws(PipelineError) -> Pipeline {
    var parser = PipelineParser(text, vocabulary, path: path)
    let pipeline = try parser.pipeline()
    guard parser.scanner.current == nil else { throw parser.unexpected() }
    return pipeline
  }

  // MARK: Grammar

  private mutating func pipeline() throws(PipelineError) -> Pipeline {
    var elements: [Pipeline.Element] = []
    repeat { elements.append(try element()) } while scanner.take(",")
    return Pipeline(elements)
  }

  private mutating func element() throws(PipelineError) -> Pipeline.Element {
    scanner.skipBlanks()
    let (name, range) = scanner.word(PipelineSyntax.isName)
    guard !name.isEmpty else { throw missingName() }
    if let pass = vocabulary.passes.first(where: { $0.name == name }) { return try application(of: pass) }
    if let combinator = vocabulary.combinators.first(where: { $0.name == name }) {
      return try combination(of: combinator, at: range)
    }
    if let shipped = vocabulary.shipped.first(where: { $0.name == name }) {
      return try expansion(of: shipped, at: range)
    }
    throw scanner.error(
      "unknown pass '\(name)'\(Suggestion.hint(for: name, among: vocabulary.names))", at: range,
      hint: "mcc -print-passes lists what there is")
  }

  private mutating func application(of pass: (some Pass).Type) throws(PipelineError) -> Pipeline.Element {
    let configured = try configured(pass)
    scanner.skipBlanks()
    let parenthesis = scanner.here
    guard !scanner.take("(") else {
      let combinators = vocabulary.combinators.map { $0.name }.joined(separator: " and ")
      throw scanner.error("pass '\(pass.name)' takes no pipeline; \(combinators) do", at: parenthesis)
    }
    return .pass(configured)
  }

  private mutating func combination(
    of combinator: (some Combinator).Type, at range: Range<Int>
  ) throws(PipelineError) -> Pipeline.Element {
    let configured = try configured(combinator)
    scanner.skipBlanks()
    let opening = scanner.here
    guard scanner.take("(") else {
      throw scanner.error("'\(combinator.name)' needs a pipeline: \(combinator.name)(...)", at: range)
    }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw scanner.error("pipelines nest more than \(Self.maximumDepth) deep", at: opening)
    }
    let pipeline = try pipeline()
    guard scanner.take(")") else {
      guard scanner.current == nil else { throw unexpected() }
      throw scanner.error("the '(' is never closed", at: opening, hint: Self.quotingHint)
    }
    return .combinator(configured, pipeline)
  }

  private mutating func expansion(
    of shipped: ShippedPipeline, at range: Range<Int>
  ) throws(PipelineError) -> Pipeline.Element {
    scanner.skipBlanks()
    let following = scanner.here
    guard !scanner.take("{"), !scanner.take("(") else {
      throw scanner.error("'\(shipped.name)' is a pipeline and takes nothing", at: following)
    }
    let path = path + [shipped.name]
    guard !self.path.contains(shipped.name) else {
      throw scanner.error("the pipeline includes itself: \(path.joined(separator: " > "))", at: range)
    }
    return .shipped(name: shipped.name, try Self.parse(shipped.text, vocabulary, path: path))
  }

  // MARK: Options

  /// The pass or combinator with the options that follow its name.
  private mutating func configured<Element: Configurable>(_ type: Element.Type) throws(PipelineError) -> Element {
    var element = Element()
    scanner.skipBlanks()
    let opening = scanner.here
    guard scanner.take("{") else { return element }
    var seen: Set<String> = []
    repeat { try option(of: &element, &seen, opening) } while try anotherOption(opening)
    do {
      try element.validate()
    } catch {
      throw scanner.error("\(Element.name): \(error.message)", at: opening.lowerBound..<scanner.position)
    }
    return element
  }

  private mutating func option<Element: Configurable>(
    of element: inout Element, _ seen: inout Set<String>, _ opening: Range<Int>
  ) throws(PipelineError) {
    scanner.skipBlanks()
    let (key, keyRange) = scanner.word(PipelineSyntax.isName)
    guard !key.isEmpty else { throw scanner.current == nil ? unclosed(opening) : missingKey(of: Element.self) }
    guard let option = Element.options.first(where: { $0.name == key }) else {
      throw unknownOption(key, of: Element.self, at: keyRange)
    }
    guard seen.insert(key).inserted || option.isList else {
      throw scanner.error("\(Element.name): '\(key)' is given twice", at: keyRange)
    }
    guard scanner.take("=") else {
      throw scanner.error("'\(key)' needs a value: \(key)=\(option.values)", at: keyRange)
    }
    let (text, range) = try value(of: option)
    do {
      try option.parse(text, &element)
    } catch {
      throw scanner.error("\(Element.name): \(key): \(error.message)", at: range)
    }
  }

  private mutating func value<Owner>(
    of option: PassOption<Owner>
  ) throws(PipelineError) -> (text: String, range: Range<Int>) {
    scanner.skipBlanks()
    if scanner.current == PipelineSyntax.quote { return try scanner.quoted() }
    let (text, range) = scanner.word(PipelineSyntax.isBare)
    guard !text.isEmpty else {
      throw scanner.error("'\(option.name)' needs a value: \(option.name)=\(option.values)", at: scanner.here)
    }
    return (text, range)
  }

  /// Whether another option follows; else the options are closed.
  private mutating func anotherOption(_ opening: Range<Int>) throws(PipelineError) -> Bool {
    let end = scanner.position
    scanner.skipBlanks()
    if scanner.take("}") { return false }
    if scanner.take(":") { return true }
    guard scanner.current != nil else { throw unclosed(opening) }
    if scanner.position > end, scanner.current.map(PipelineSyntax.isName) ?? false { return true }
    if scanner.current == UInt8(ascii: ",") {
      throw scanner.error("options are separated by ':' or a space", at: scanner.here)
    }
    throw unexpected()
  }
}
