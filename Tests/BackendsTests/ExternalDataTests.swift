import Backends
import Frontend
import IR
import Testing

/// Weights beside the model: files that appear complete, and none that is overwritten.
@Suite struct ExternalDataTests {
  let folder = TemporaryFolder()

  private func module(_ value: Double = 1) throws -> Module {
    try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @g(%x: f32[2000]) -> (y: f32[2000], z: f32[2000]) {
          %large = constant splat \(value) : f32[2000]
          %twin = constant splat \(value) : f32[2000]
          %small = constant [2.0] : f32[1]
          %a = Mul(%x, %large) : f32[2000]
          %y = Add(%a, %small) : f32[2000]
          %z = Mul(%x, %twin) : f32[2000]
          return %y, %z
        }
      }
      """)
  }

  private func write(_ module: Module, _ external: ExportOptions.ExternalData = .besideModel) throws {
    _ = try ONNXExporter().write(
      module, to: .file(folder.path("model.onnx")), options: ExportOptions(threads: 2, externalData: external),
      diagnostics: Diagnostics())
  }

  private func read() throws -> Module {
    try Module.read(ModelPath(folder.path("model.onnx")), diagnostics: Diagnostics())
  }

  @Test func largeWeightsGoBesideTheModelOnce() throws {
    try write(try module())
    #expect(folder.names() == ["model.onnx", "model.onnx.data"])
    #expect(try folder.contents("model.onnx.data").count == 8000)
    let again = try read()
    var sizes: [Int] = []
    again.forEachOperation { if let literal = $0.literal { sizes.append(literal.byteCount) } }
    #expect(sizes == [8000, 8000, 4])
    // What was beside the model stays there.
    try write(again, .asInSource)
    #expect(folder.names() == ["model.onnx", "model.onnx.data"])
  }

  @Test func aFileWithTheSameBytesIsUsedAgain() throws {
    try write(try module())
    let first = try folder.contents("model.onnx")
    try write(try module())
    #expect(folder.names() == ["model.onnx", "model.onnx.data"])
    #expect(try folder.contents("model.onnx") == first)
  }

  @Test func otherDataIsNeverReplaced() throws {
    _ = folder.file("model.onnx.data", [1, 2, 3])
    try write(try module())
    let names = folder.names()
    #expect(names.count == 3)
    #expect(names[1].hasPrefix("model.onnx-") && names[1].hasSuffix(".data"))
    #expect(try folder.contents("model.onnx.data") == [1, 2, 3])
    #expect(try folder.contents(names[1]).count == 8000)
    _ = try read()
  }

  @Test func aRequestedNameThatIsTakenIsAnError() throws {
    _ = folder.file("weights.bin", [1])
    #expect(throws: ModelError.self) { try write(try module(), .file("weights.bin")) }
    #expect(folder.names() == ["weights.bin"])
    for name in ["", "..", "a/b", "model.onnx"] {
      #expect(throws: ModelError.self) { try write(try module(), .file(name)) }
    }
    try write(try module(), .file("other.bin"))
    #expect(folder.names() == ["model.onnx", "other.bin", "weights.bin"])
  }

  @Test func aModelThatIsNotWrittenLeavesNoData() throws {
    let broken = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @g() -> (y: f32[2000]) {
          %y = constant splat 1.0 : f32[2000]
          annotate(%y) {kind = "nothing of ONNX"}
          return %y
        }
      }
      """)
    #expect(throws: ModelError.self) { try write(broken) }
    #expect(folder.names() == [])
  }

  @Test func standardOutputHasNothingBeside() throws {
    #expect(throws: ModelError.self) {
      _ = try ONNXExporter().write(
        try module(), to: .file("/dev/null"), options: ExportOptions(externalData: .besideModel),
        diagnostics: Diagnostics())
    }
    _ = try ONNXExporter().write(
      try module(), to: .file("/dev/null"), options: ExportOptions(), diagnostics: Diagnostics())
  }
}
