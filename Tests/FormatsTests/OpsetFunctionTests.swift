import Formats
import IR
import Testing

/// Functions, regions and constants are raised and lowered with the module.
@Suite struct OpsetFunctionTests {
  private func module(target: Int, function opset: Int, _ body: String, main: String = "%y = \"f\"::F(%x)") throws
    -> Module
  {
    try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = \(target), f = 1} {
        graph @g(%x: f32[1, 3], %c: bool[]) -> (y: ?) {
          \(main)
          return %y
        }
        function "f"::F(%a: ?) -> (b: ?) attributes {axes} opsets {"" = \(opset)} {
          \(body)
          return %b
        }
      }
      """)
  }

  private func text(_ module: Module) throws -> String { try module.text(.elided) }

  @Test func constantsInFunctionsAreOperations() throws {
    let original = try module(target: 11, function: 11, "%b = Squeeze@11(%a) {axes = [0]} : ?")
    let raised = try module(target: 11, function: 11, "%b = Squeeze@11(%a) {axes = [0]} : ?")
    try Opsets.raise(raised)
    #expect(try text(raised).contains("%b_axes = constant operation [0] : i64[1]"))
    let copy = raised.clone()
    try Opsets.lower(copy, to: raised.target)
    #expect(try copy.difference(from: original) == nil)
  }

  @Test func attributesOfTheFunctionStay() throws {
    let module = try module(target: 11, function: 11, "%b = Squeeze@11(%a) {axes = ints $axes} : ?")
    try Opsets.raise(module)
    #expect(try text(module).contains("%b = Squeeze@11(%a) {axes = ints $axes}"))
    #expect(throws: ModelError.self) { try Opsets.lower(module.clone(), to: .init([.init(domain: "", version: 13)])) }
    try Opsets.lower(module.clone(), to: .init([.init(domain: "", version: 12)]))
  }

  @Test(arguments: [
    // The function's own opset stays where its operators mean the same.
    (17, 16, "%b = Relu(%a) : ?", 16), (13, 16, "%b = Relu(%a) : ?", 13), (21, 11, "%b = Relu(%a) : ?", 21),
    (17, 17, "%b = Relu(%a) : ?", 17),
  ]) func functionsImportWhatTheyNeed(_ target: Int, _ opset: Int, _ body: String, _ expected: Int) throws {
    let module = try module(target: target, function: opset, body)
    try Opsets.raise(module)
    let copy = module.clone()
    try Opsets.lower(copy, to: module.target)
    #expect(copy.functions.first?.opsets[""] == expected)
    #expect(module.functions.first?.opsets[""] == opset)
  }

  @Test func regionsAreRaisedWithTheTypesThatReachThem() throws {
    let branches = { (squeeze: String) in
      """
      %y = If(%c) {
        else_branch = graph @e() -> (e: ?) { \(squeeze) return %e },
        then_branch = graph @t() -> (t: ?) { %t = Softmax@11(%x) : f32[1, 3] return %t }
      } : ?
      """
    }
    let module = try module(
      target: 11, function: 11, "%b = Relu(%a) : ?", main: branches("%e = ReduceSum@11(%x) {axes = [0]} : f32[1, 3]"))
    try Opsets.raise(module)
    let raised = try text(module)
    #expect(raised.contains("%t = Softmax(%x)"))
    #expect(raised.contains("%e = ReduceSum(%x, %e_axes)"))
    #expect(raised.contains("%y = If(%c)"))
  }

  @Test func oldModelsAreWrittenAtSeven() throws {
    let module = try module(target: 6, function: 6, "%b = Relu(%a) : ?", main: "%y = Dropout@6(%x) {is_test = 1} : ?")
    let diagnostics = Diagnostics()
    try Opsets.raise(module, diagnostics)
    #expect(module.target[""] == 7)
    #expect(diagnostics.all.map(\.message) == ["is of opset 6, and will be written in opset 7"])
    #expect(try text(module).contains("%y = Dropout(%x)"))
  }

  @Test(arguments: [
    ("%y = Add@6(%x, %x) {axis = 0, broadcast = 1} : ?", "%y = Add(%x, %x)"),
    ("%k = constant [1.0] : f32[1] %y = Add@6(%x, %k) {axis = 0, broadcast = 1} : ?", "%y = Add@6(%x, %k)"),
    ("%y = Relu@1(%x) {consumed_inputs = [0]} : ?", "%y = Relu(%x)"),
    ("%y = Relu@1(%x) {mystery = [0]} : ?", "%y = Relu@1(%x)"),
    ("%y = Cast@1(%x) {to = \"INT64\"} : ?", "%y = Cast(%x) {to = 7}"),
    ("%y = Reshape@1(%x) {shape = [3]} : ?", "%y_shape = constant [3] : i64[1]"),
    ("%y = Concat@1(%x) : ?", "%y = Concat(%x) {axis = 1}"),
    ("%y = Tile@1(%x, %x, %x) : ?", "%y = Tile@1(%x, %x, %x)"),
  ]) func theFirstOpsets(_ written: String, _ raised: String) throws {
    let module = try module(target: 6, function: 6, "%b = Relu(%a) : ?", main: written)
    try Opsets.raise(module)
    #expect(try text(module).contains(raised))
  }

  @Test(arguments: [5, 0, -1, 29, .max]) func otherOpsetsAreNotWritten(_ opset: Int) throws {
    let module = try module(target: 17, function: 17, "%b = Relu(%a) : ?")
    let target = OpsetVersions([.init(domain: "", version: opset)])
    #expect(throws: ModelError.self) { try Opsets.lower(module.clone(), to: target) }
  }

  /// Files have types that their opset does not list, and runtimes that take them.
  @Test func typesOfTheFileAreItsOwn() throws {
    for (source, isWritten) in [(12, true), (14, false)] {
      let module = try module(
        target: 12, function: 12, "%b = Relu(%a) : ?", main: "%i = Cast(%x) {to = 6} %y = Relu(%i)")
      var annotations = Annotations()
      annotations[ONNXProperty.sourceOpset] = .integer(Int64(source))
      module.annotations = annotations
      let copy = module.clone()
      guard isWritten else {
        #expect(throws: ModelError.self) { try Opsets.lower(copy, to: module.target) }
        continue
      }
      try Opsets.lower(copy, to: module.target)
      // What a pass made has to fit.
      let relu = try #require(module.main.operations.first { $0.is(.relu) })
      relu.location = relu.location.rewritten(by: "test")
      #expect(throws: ModelError.self) { try Opsets.lower(module.clone(), to: module.target) }
    }
  }

  @Test func otherDomainsPassThrough() throws {
    let module = try module(
      target: 17, function: 17, "%b = Relu(%a) : ?", main: "%y = \"com.microsoft\"::FusedConv(%x) {a = 1} : ?")
    let copy = module.clone()
    try Opsets.lower(copy, to: module.target)
    #expect(try copy.difference(from: module) == nil)
  }

  // MARK: Resolving definitions

  @Test(arguments: [
    (17, "Relu", "Relu"), (11, "Softmax", "Softmax@11"), (7, "Softmax", "Softmax@1"), (9, "Upsample", "Upsample@9"),
    (11, "Upsample", "Upsample@10"), (12, "Squeeze", "Squeeze@11"), (13, "Squeeze", "Squeeze"),
    (9, "Scatter", "Scatter@9"),
    (6, "Relu", "Relu"), (5, "Relu", "Relu@1"), (17, "Gelu", "Gelu"), (17, "Nonesuch", "Nonesuch"),
  ]) func formsOfOpsets(_ opset: Int, _ name: String, _ form: String) {
    var resolver = DefinitionResolver(OpsetVersions([.init(domain: "", version: opset)]))
    let definition = resolver.definition(domain: "", name: ByteString(name))
    #expect(definition.qualifiedName == form)
    #expect(resolver.definition(domain: "", name: ByteString(name)) === definition)
  }
}
