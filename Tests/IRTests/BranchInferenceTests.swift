import IR
import Testing

@Suite struct BranchInferenceTests {
  static func model(_ body: String) -> String {
    """
    module "m" vocabulary {"" = 28} target {"" = 17} {
      graph @main(%c: bool[], %x: f32[2, 3]) -> (y: f32[*]) {
        \(body)
        return %y
      }
    }
    """
  }

  @Test func aBranchThatCannotRunIsARemark() throws {
    let branch = "%axes = constant [0] : i64[1] %s = Squeeze(%x, %axes) : f32[*] return %s"
    let text = Self.model(
      """
      %y = If(%c) {
        else_branch = graph @b() -> (t: f32[*]) { %t = Relu(%x) : f32[*] return %t },
        then_branch = graph @a() -> (s: f32[*]) { \(branch) }
      } : f32[*]
      """)
    let diagnostics = Diagnostics()
    _ = try Module.parse(text, diagnostics: diagnostics)
    #expect(diagnostics.all.contains { $0.severity == .remark && $0.place == "node 's' (Squeeze)" })
  }

  @Test func theSameOutsideABranchIsAnError() {
    let text = Self.model("%axes = constant [0] : i64[1] %y = Squeeze(%x, %axes) : f32[*]")
    #expect(throws: ModelError.self) { try Module.parse(text) }
  }
}
