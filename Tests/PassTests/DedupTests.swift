import IR
import Testing

@testable import Passes

@Suite struct DedupTests {
  @Test func equalConstantsAreStoredOnce() throws {
    try expect(
      Dedup(),
      makes: """
        graph @main() -> (y: f32[2]) {
          %a = constant [1.0, 2.0] : f32[2]
          %b = constant [1.0, 2.0] : f32[2]
          %c = Add(%a, %b) : f32[2]
          return %c
        }
        """,
      into: """
        graph @main() -> (y: f32[2]) {
          %a = constant [1.0, 2.0] : f32[2]
          %c = Add(%a, %a) : f32[2]
          return %c
        }
        """)
  }

  @Test func typeShapeSignOfZeroAndOutputsKeepConstantsApart() throws {
    try expect(
      Dedup(),
      leaves: """
        graph @main() -> (y: f32[2], z: f32[1, 2], u: i32[2], v: f32[2], o: f32[2]) {
          %a = constant [0.0, 1.0] : f32[2]
          %b = constant [-0.0, 1.0] : f32[2]
          %c = constant [0.0, 1.0] : f32[1, 2]
          %d = constant [0, 1065353216] : i32[2]
          %e = constant [0.0, 1.0] : f32[2]
          %p = Relu(%a) : f32[2]
          %q = Relu(%c) : f32[1, 2]
          %r = Abs(%d) : i32[2]
          %s = Relu(%b) : f32[2]
          return %p, %q, %r, %s, %e
        }
        """, saying: "no two constants are equal")
  }

  @Test func aRegionUsesTheConstantOfTheGraphAround() throws {
    try expect(
      Dedup(),
      makes: """
        graph @main(%c: bool[], %x: f32[1]) -> (y: f32[1]) {
          %a = constant [7.0] : f32[1]
          %z = Add(%x, %a) : f32[1]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[1]) {
              %b = constant [7.0] : f32[1]
              %r = Mul(%z, %b) : f32[1]
              return %r
            },
            else_branch = graph @e() -> (s: f32[1]) {
              %d = constant [8.0] : f32[1]
              %s = Mul(%z, %d) : f32[1]
              return %s
            }
          } : f32[1]
          return %y
        }
        """,
      into: """
        graph @main(%c: bool[], %x: f32[1]) -> (y: f32[1]) {
          %a = constant [7.0] : f32[1]
          %z = Add(%x, %a) : f32[1]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[1]) {
              %r = Mul(%z, %a) : f32[1]
              return %r
            },
            else_branch = graph @e() -> (s: f32[1]) {
              %d = constant [8.0] : f32[1]
              %s = Mul(%z, %d) : f32[1]
              return %s
            }
          } : f32[1]
          return %y
        }
        """)
  }

  /// Literals large enough for a sample to stand for them at first.
  @Test(arguments: [0, 100_001, 399_999])
  func largeConstantsAreComparedInFull(differingAt position: Int) throws {
    var bytes = [UInt8](repeating: 7, count: 400_000)
    let first = try TensorLiteral(.uint8, [400_000], bytes: bytes)
    let same = try TensorLiteral(.uint8, [400_000], bytes: bytes)
    bytes[position] = 8
    let other = try TensorLiteral(.uint8, [400_000], bytes: bytes)

    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    let values = try [first, other, same].enumerated().map { index, literal in
      try #require(try builder.insertConstant(.tensor(literal), name: ByteString("w\(index)")).result())
    }
    let joined = builder.insert(.concat, operands: values, results: [.init("y")], attributes: ["axis": .int(0)])
    builder.addOutput(to: module.main, .init(name: "y", type: .unknown))
    builder.insertReturn(joined.presentResults)
    try run(Dedup(), on: module)
    #expect(joined.operands.map { $0?.name } == ["w0", "w1", "w0"])
  }
}
