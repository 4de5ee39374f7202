import IR
import Testing

@testable import Passes

@Suite struct DCETests {
  @Test func unusedOperationsGoWithAllThatFeedsThem() throws {
    try expect(
      DCE(),
      makes: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %w = constant [1.0, 2.0] : f32[2]
          %a = Relu(%x) : f32[2]
          %b = Add(%a, %w) : f32[2]
          %c = Exp(%b) : f32[2]
          return %a
        }
        """,
      into: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %a = Relu(%x) : f32[2]
          return %a
        }
        """)
  }

  @Test(arguments: [true, false]) func rewritesAreRemarkedWhereSomebodyReadsThat(isRead: Bool) throws {
    let module = try module(
      """
      graph @main(%x: f32[2]) -> (y: f32[2]) {
        %a = Relu(%x) : f32[2]
        %b = Exp(%a) : f32[2]
        return %a
      }
      """)
    var configuration = PassManager.Configuration()
    configuration.remarksRewrites = isRead
    let manager = PassManager(configuration)
    try manager.run(Pipeline(passes: [DCE(), DCE()]), on: module)
    #expect(module.main.operations.contains { $0.is(.relu) } && !module.main.operations.contains { $0.is(.exp) })
    #expect(manager.remarks.filter { $0.kind == .applied }.map(\.place) == (isRead ? ["node 'b' (Exp)"] : []))
    #expect(manager.remarks.contains { $0.kind == .idle })
  }

  @Test func unknownOperatorsMayHaveEffects() throws {
    try expect(
      DCE(),
      leaves: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %a = Relu(%x) : f32[2]
          %b = "com.example"::Log:v1(%a) : f32[2]
          return %x
        }
        """, saying: "everything is used")
  }

  @Test func aRegionKeepsWhatItUses() throws {
    try expect(
      DCE(),
      leaves: """
        graph @main(%c: bool[], %x: f32[2]) -> (y: f32[2]) {
          %a = Relu(%x) : f32[2]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[2]) {
              return %a
            },
            else_branch = graph @e() -> (s: f32[2]) {
              return %x
            }
          } : f32[2]
          return %y
        }
        """)
  }

  @Test func anOperationGoesWithItsRegions() throws {
    try expect(
      DCE(),
      makes: """
        graph @main(%c: bool[], %x: f32[2]) -> (y: f32[2]) {
          %a = Relu(%x) : f32[2]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[2]) {
              %q = Exp(%a) : f32[2]
              %r = Neg(%q) : f32[2]
              return %r
            },
            else_branch = graph @e() -> (s: f32[2]) {
              return %x
            }
          } : f32[2]
          return %x
        }
        """,
      into: """
        graph @main(%c: bool[], %x: f32[2]) -> (y: f32[2]) {
          return %x
        }
        """)
  }

  @Test func randomOperationsThatNothingUsesGo() throws {
    try expect(
      DCE(),
      makes: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %r = RandomNormalLike(%x) : f32[2]
          return %x
        }
        """,
      into: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          return %x
        }
        """)
  }
}
