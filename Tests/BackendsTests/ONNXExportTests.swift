import Backends
import Formats
import Frontend
import IR
import Testing

/// What the ONNX exporter makes of modules that no ONNX file says in so many words.
@Suite struct ONNXExportTests {
  let folder = TemporaryFolder()

  /// Writes a module as ONNX and reads it again.
  private func written(_ body: String, target: Int = 17, annotations: String = "") throws -> Module {
    let text = """
      module "m" vocabulary {"" = 28} target {"" = \(target)} \(annotations) {
        \(body)
      }
      """
    let path = folder.path("model.onnx")
    _ = try ONNXExporter().write(
      try Module.parse(text), to: .file(path), options: ExportOptions(), diagnostics: Diagnostics())
    return try Module.read(ModelPath(path), diagnostics: Diagnostics())
  }

  /// The main graph as its elided text.
  private func graph(_ module: Module) throws -> [String] {
    try module.text().split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }.filter {
      $0.contains(" = ") && $0.hasPrefix("%") || $0.hasPrefix("return")
    }.map { String($0) }
  }

  // MARK: Names

  @Test func aReturnedResultTakesTheOutputsName() throws {
    let module = try written(
      "graph @g(%x: f32[2]) -> (y: f32[2]) { %a = Relu(%x) : f32[2] %b = Neg(%a) : f32[2] return %b }")
    #expect(try graph(module) == ["%a = Relu(%x) : f32[2]", "%y = Neg(%a) : f32[2]", "return %y"])
  }

  @Test func whatCannotBeRenamedGetsAnIdentity() throws {
    let module = try written(
      """
      graph @g(%x: f32[2]) -> (x: f32[2], same: f32[2], a: f32[2], b: f32[2]) {
        %y = Relu(%x) : f32[2]
        return %x, %x, %y, %y
      }
      """)
    #expect(
      try graph(module) == [
        "%a = Relu(%x) : f32[2]", "%same = Identity(%x) : f32[2]", "%b = Identity(%a) : f32[2]",
        "return %x, %same, %a, %b",
      ])
  }

  @Test func aValueWithAnOutputsNameGivesItUp() throws {
    let module = try written(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) {
        %y = Relu(%x) : f32[2]
        %z = Neg(%y) : f32[2]
        return %z
      }
      """)
    #expect(try graph(module) == ["%y_1 = Relu(%x) : f32[2]", "%y = Neg(%y_1) : f32[2]", "return %y"])
  }

  @Test func outputsChangePlaces() throws {
    let module = try written(
      """
      graph @g(%x: f32[2]) -> (a: f32[2], b: f32[2]) {
        %a = Relu(%x) : f32[2]
        %b = Neg(%x) : f32[2]
        return %b, %a
      }
      """)
    #expect(try graph(module) == ["%b = Relu(%x) : f32[2]", "%a = Neg(%x) : f32[2]", "return %a, %b"])
  }

  @Test func anOutputCannotHaveTheNameOfAnotherInput() throws {
    #expect(throws: ModelError.self) {
      try written("graph @g(%x: f32[2]) -> (x: f32[2]) { %y = Relu(%x) : f32[2] return %y }")
    }
    #expect(folder.names() == [])
  }

  @Test func regionsReturnOuterValues() throws {
    let module = try written(
      """
      graph @g(%c: bool[], %x: f32[2]) -> (y: f32[2]) {
        %y = If(%c) {
          else_branch = graph @e() -> (out: f32[2]) { return %x },
          then_branch = graph @t() -> (out: f32[2]) { %r = Relu(%x) : f32[2] return %r }
        } : f32[2]
        return %y
      }
      """)
    let text = try module.text()
    #expect(text.contains("Identity(%x)"))
    #expect(text.contains("return %r"))
  }

  // MARK: Constants and versions

  @Test func constantsKeepTheirForms() throws {
    let module = try written(
      """
      graph @g(%x: f32[2]) -> (y: f32[2], z: i64[2]) {
        %a = constant [1.0, 2.0] : f32[2]
        %b = constant operation {value_ints = [3, 4]} : i64[2]
        %y = Add(%x, %a) : f32[2]
        return %y, %b
      }
      """)
    var forms: [Operation.ConstantForm] = []
    module.forEachOperation { if $0.isConstant { forms.append($0.constantForm) } }
    #expect(forms == [.initializer(slot: nil), .operation])
  }

  @Test func constantNodesAreTensorsBeforeOpset12() throws {
    let module = try written(
      "graph @g() -> (y: i64[2]) { %y = constant operation {value_ints = [3, 4]} : i64[2] return %y }", target: 11)
    var literals: [TensorLiteral?] = []
    module.forEachOperation { if $0.isConstant { literals.append($0.literal) } }
    #expect(
      try literals.map { try $0?.smallBytes() } == [
        [3] + Array(repeating: 0, count: 7) + [4] + Array(repeating: 0, count: 7)
      ])
  }

  @Test(arguments: [(7, "", 4), (17, "", 8), (28, "", 14), (17, #"with {"onnx.ir_version" = 7}"#, 7)])
  func irVersionFollowsTheTarget(target: Int, annotations: String, version: Int64) throws {
    let module = try written(
      "graph @g(%x: f32[2]) -> (y: f32[2]) { %y = Relu(%x) : f32[2] return %y }", target: target,
      annotations: annotations)
    #expect(module.annotations?.integer(ONNXProperty.irVersion) == version)
  }

  @Test(arguments: [(17, 7), (15, 8)]) func aRaisedTargetRaisesTheIRVersion(opset: Int, version: Int64) throws {
    let module = try written(
      "graph @g(%x: f32[2]) -> (y: f32[2]) { %y = Relu(%x) : f32[2] return %y }", target: 17,
      annotations: #"with {"onnx.ir_version" = 7, "onnx.source_opset" = \#(opset)}"#)
    #expect(module.annotations?.integer(ONNXProperty.irVersion) == version)
  }

  // MARK: What cannot be said

  @Test(arguments: [
    #"with {"onnx.value_info_order" = [-9223372036854775808, 9223372036854775807]}"#,
    #"with {"onnx.initializer_order" = [5], "onnx.value_info_order" = ["a"]}"#,
  ]) func ordersOfNothingDoNotCount(annotations: String) throws {
    let module = try written(
      "graph @g(%x: f32[2]) -> (y: f32[2]) \(annotations) { %y = Foo(%x) : f32[2] declared return %y }")
    #expect(try graph(module) == ["%y = Foo(%x) : f32[2]", "return %y"])
  }

  @Test(arguments: [
    #"%y = Foo(%x) with {"onnx.unknown_fields" = "\x80\x80"} : f32[2]"#,
    #"%y = Foo(%x) with {"onnx.device_configurations" = [1]} : f32[2]"#,
    #"%y = Foo(%x) : f32[2] annotate(%y) {kind = "sharding"}"#,
  ]) func damagedAnnotationsAreErrors(operation: String) throws {
    #expect(throws: ModelError.self) {
      try written("graph @g(%x: f32[2]) -> (y: f32[2]) { \(operation) return %y }")
    }
    #expect(folder.names() == [])
  }
}
