import IR
import Testing

@Suite struct VerifierTests {
  // MARK: One operation

  /// An operation that the verifier accepts.
  @Test(arguments: [
    "%y = Conv(%x, %w) : f32[1, 4, 6, 6]",
    "%y = Conv(%x, %w, _) {__note = 1, group = 1}",
    "%y = Clip(%x, _, _)",
    "%y = Concat(%x, %x) {axis = 0}",
    "_, %y = LSTM(%q, %q, %q)",
    "%y = Softmax@11(%x) {anything = 1}",
    "%y = \"com.example\"::Foo(%x, _, %k) {a = 1}",
    "%y = Loop(_, _) {body = graph @b(%n: i64[], %d: bool[]) -> (d: bool[], z: f32[1, 3, 8, 8]) { return %d, %x }}",
  ]) func accepts(_ operation: String) throws {
    try module(operation).verify()
  }

  /// An operation that it refuses, and what it says.
  @Test(arguments: [
    ("%y = Conv(%x)", "has no operand 'W'"),
    ("%y = Conv(_, %w)", "has no operand 'X'"),
    ("%y = Relu(%x, %x)", "has 2 operands, but takes 1 at most"),
    ("%y, %z = Relu(%x)", "has 2 results, but gives 1 at most"),
    ("%y = Concat() {axis = 0}", "has 0 operands 'inputs', but needs 1"),
    ("%y = Concat(%x, _) {axis = 0}", "has an absent operand among 'inputs'"),
    ("%y, %j, _ = TopK(%x, %k)", "has 3 results"),
    ("_, %y = TopK(%x, %k)", "has no result 'Values'"),
    ("%y, _ = TopK(%x, %k)", "has no result 'Indices'"),
    ("%y = Conv(%x, %w) {dilation = [1, 1]}", "attribute 'dilation' is not known"),
    ("%y = Conv(%x, %w) {group = 1.0}", "attribute 'group' is of kind float, not int"),
    ("%y = MaxPool(%x)", "has no attribute 'kernel_shape', which it needs"),
    ("%y = Loop(_, _)", "has no 'body'"),
    ("%y = If(%c) {then_branch = graph @t() -> (y: f32[1, 3, 8, 8]) { return %x }}", "else_branch"),
    ("%y = Relu(%x) {body = graph @t() -> () { return }}", "a graph 'body' is not known"),
    ("%y = Conv(%i, %i)", "operand 'X' is i64[1, 1, 2], which the operator does not take"),
    ("%y = Conv(%x, %k)", "rank"),
    ("%y = Gemm(%m, %h)", "operand 'B' is of f16, but 'A' of f32, and both must agree"),
    ("%y = Concat(%m, %h) {axis = 0}", "agree"),
    ("%y = Relu(%s)", "operand 'X' is seq<f32[1]>, which the operator does not take"),
    ("%y = Transpose(%x) {perm = [0, 1]}", "perm"),
    ("%y = constant operation {value_int = 1, value_ints = [1]}", "a constant has one value, but 2 are written"),
  ]) func refuses(_ operation: String, _ message: String) throws {
    let error = #expect(throws: ModelError.self) { try module(operation).verify() }
    #expect(error?.message.contains(message) == true, "\(error.map(String.init(describing:)) ?? "")")
  }

  private func module(_ operation: String) throws -> Module {
    try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @g(%x: f32[1, 3, 8, 8], %w: f32[4, 3, 3, 3], %k: i64[1], %i: i64[1, 1, 2], %m: f32[2, 2], %h: f16[2, 2], %c: bool[], %q: f32[*],
          %s: seq<f32[1]>) -> (y: ?) {
          \(operation)
          return %y
        }
      }
      """)
  }

  // MARK: Graphs

  /// `%x` goes through as many Relus as there are names, and the last is returned.
  private func chain(_ names: ByteString..., outputs: [Graph.Output]? = nil) -> Module {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    var value = builder.addArgument(to: module.main, name: "x", type: .tensor(.float32, [.known(2)]))
    for name in names {
      value =
        builder.insert(.relu, operands: [value], results: [.init(name, .tensor(.float32, [.known(2)]))]).result()
        ?? value
    }
    for output in outputs ?? [.init(name: "y", type: .tensor(.float32, [.known(2)]))] {
      builder.addOutput(to: module.main, output)
    }
    builder.insertReturn([value])
    return module
  }

  private func message(_ module: Module) -> String? {
    do {
      try module.verify()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func acceptsAChain() {
    #expect(message(chain("a", "b")) == nil)
  }

  @Test func refusesNamesThatAreEmptyOrTaken() {
    #expect(message(chain("")) == "node '' (Relu): error: defines a value without a name")
    #expect(message(chain("a", "a")) == "value 'a': error: is defined twice")
    #expect(message(chain("x")) == "value 'x': error: is defined twice")
  }

  @Test func refusesAReturnThatDoesNotFitTheSignature() {
    #expect(message(chain("a", outputs: [])) == "graph 'm': error: returns 1 values, but has 0 outputs")
    let half = Graph.Output(name: "y", type: .tensor(.float16, nil))
    #expect(
      message(chain("a", outputs: [half])) == "graph 'm': error: its output 'y' is declared as f16[*], but %a is f32[2]"
    )
    let module = Module(name: "m")
    #expect(message(module) == "graph 'm': error: returns nothing")
  }

  @Test func refusesTwoOutputsOfOneName() throws {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    let x = builder.addArgument(to: module.main, name: "x", type: .unknown)
    for _ in 0..<2 { builder.addOutput(to: module.main, .init(name: "y", type: .unknown)) }
    builder.insertReturn([x, x])
    #expect(message(module) == "graph 'm': error: has two outputs called 'y'")
  }

  @Test func refusesUseBeforeDefinition() throws {
    let module = chain("a", "b")
    let operations = Array(module.main.operations)
    Rewriter(module, pass: "test").move(operations[1], before: operations[0])
    #expect(message(module) == "node 'b' (Relu): error: uses %a before it is defined")
  }

  @Test func refusesValuesOfOtherGraphs() throws {
    let module = chain("a")
    let other = chain("b")
    let first = try #require(module.main.first)
    let rewriter = Rewriter(module, pass: "test")
    rewriter.setOperand(0, of: first, to: other.main.arguments[0])
    #expect(message(module) == "node 'a' (Relu): error: uses %x, which is not visible here")
    rewriter.setOperand(0, of: first, to: module.main.arguments[0])
  }

  @Test func refusesOperationsAfterTheReturn() throws {
    let module = chain("a")
    let terminator = try #require(module.main.terminator)
    Builder(module, at: .after(terminator)).insert(.relu, operands: [module.main.arguments[0]], results: [.init("b")])
    #expect(message(module) == "node 'b' (Relu): error: comes after the return of graph 'm'")
  }

  @Test func refusesStaleTypes() throws {
    let module = chain("a", "b")
    let builder = Builder(module, at: .end(of: module.main))
    let wide = builder.addArgument(to: module.main, name: "w", type: .tensor(.float32, [.known(3)]))
    let last = try #require(module.main.first?.next)
    Rewriter(module, pass: "test").setOperand(0, of: last, to: wide)
    #expect(message(module) == "node 'b' (Relu): error: %b is f32[2], but the operator gives f32[3]")
  }

  @Test func valuesOfRegionsAreNotVisibleOutside() throws {
    let text = { (then: String, after: String) in
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @g(%c: bool[], %x: f32[2]) -> (y: ?) {
          %y = If(%c) {
            else_branch = graph @e() -> (e: ?) { %e = Neg(%x) return %e },
            then_branch = graph @t() -> (t: ?) { \(then) }
          }
          \(after)
          return %y
        }
      }
      """
    }
    try Module.parse(text("%e = Relu(%x) return %e", "")).verify()
    // A branch that could not run is its author's business.
    try Module.parse(text("%e = Transpose(%x) {perm = [0, 1]} return %e", "")).verify()
    #expect(throws: ModelError.self) { try Module.parse(text("%x = Relu(%c) return %x", "")).verify() }
    #expect(throws: ModelError.self) { try Module.parse(text("%t = Relu(%x) return %t", "%z = Relu(%t)")).verify() }
  }

  @Test func boundsNesting() throws {
    func nested(_ depth: Int) -> Module {
      let module = Module(name: "m")
      func fill(_ graph: Graph, _ depth: Int) -> Value {
        let builder = Builder(module, at: .end(of: graph))
        var results: [Value] = []
        if depth > 0 {
          let regions = ["else_branch", "then_branch"].map { name in
            Operation.Region(name: ByteString(name), graph: Graph(name: ByteString("\(name)\(depth)")))
          }
          // A region belongs to its operation before it is filled: what is inside asks the module for names.
          let condition = module.main.arguments[0]
          let operation = builder.insert(
            .if, operands: [condition], results: [.init(ByteString("r\(depth)"))], regions: regions)
          _ = fill(regions[0].graph, depth - 1)
          let inner = Builder(module, at: .end(of: regions[1].graph))
          inner.addOutput(to: regions[1].graph, .init(name: "o", type: .unknown))
          inner.insertReturn([condition])
          results = operation.presentResults
        }
        let value = results.first ?? module.main.arguments[0]
        builder.addOutput(to: graph, .init(name: "o", type: .unknown))
        builder.insertReturn([value])
        return value
      }
      Builder(module, at: .end(of: module.main)).addArgument(to: module.main, name: "c", type: .tensor(.bool, []))
      _ = fill(module.main, depth)
      return module
    }
    #expect(message(nested(Module.maximumNesting)) == nil)
    #expect(message(nested(Module.maximumNesting + 1))?.contains("lies in more than 32 others") == true)
  }

  // MARK: Functions

  @Test(
    arguments: [
      (["a": ["b", "b"], "b": ["c"], "c": []], nil),
      (["a": ["a"]], "function 'f::a': error: calls itself"),
      (["a": ["b"], "b": ["c"], "c": ["b"]], "function 'f::"),
      (["a": ["d"], "b": ["c"], "c": ["b", "a"], "d": []], "function 'f::"),
    ] as [([String: [String]], String?)]) func functions(_ calls: [String: [String]], _ expected: String?) throws
  {
    let found = message(try module(calling: calls))
    #expect(expected == nil ? found == nil : found?.hasPrefix(expected ?? "") == true, "\(found ?? "")")
    #expect(expected == nil || found?.hasSuffix("calls itself") == true)
    #expect(found?.contains("f::d") != true, "d calls nothing")
  }

  @Test func manyCallsInARowCostNoStack() throws {
    let module = Module(name: "m")
    Builder(module, at: .end(of: module.main)).insertReturn([])
    for index in 0..<20_000 {
      let function = Function(domain: "f", name: ByteString("\(index)"), overload: "", opsets: OpsetVersions())
      let builder = Builder(module, at: .end(of: function.body))
      builder.add(function)
      builder.insert(.opaque(domain: "f", name: ByteString("\(index + 1)")), operands: [], results: [])
      builder.insertReturn([])
    }
    #expect(message(module) == nil)
  }

  @Test func refusesFunctionsOfOneName() throws {
    let module = try module(calling: ["a": []])
    Builder(module, at: .end(of: module.main)).add(
      Function(domain: "f", name: "a", overload: "", opsets: OpsetVersions()))
    #expect(message(module) == "function 'f::a': error: is defined twice")
  }

  @Test func refusesCallsWithTooManyOperands() throws {
    let module = try module(calling: ["a": []])
    let call = try #require(module.main.first)
    let x = module.main.arguments[0]
    Rewriter(module, pass: "test").setOperands(of: call, to: [x, x])
    #expect(message(module)?.contains("passes 2 operands") == true)
  }

  private func module(calling calls: [String: [String]]) throws -> Module {
    let functions = calls.sorted { $0.key < $1.key }.map { name, callees in
      let body = callees.enumerated().map { "%v\($0.offset) = \"f\"::\($0.element)(%x)" }
      return """
        function "f"::\(name)(%x: ?) -> (y: ?) opsets {"" = 28} {
          \(body.joined(separator: "\n"))
          %y = Relu(%x)
          return %y
        }
        """
    }
    return try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @g(%x: f32[2]) -> (y: ?) {
          %y = "f"::a(%x)
          return %y
        }
        \(functions.joined(separator: "\n"))
      }
      """)
  }
}
