import IR
import Testing

@testable import Passes

@Suite struct DeadWeightsTests {
  @Test func weightsThatReachNoOutputGo() throws {
    let before = """
      graph @main(%x: f32[2]) -> (y: f32[2]) {
        %unused = constant [1.0, 2.0] : f32[2]
        %dead = constant [3.0, 4.0] : f32[2]
        %used = constant [5.0, 6.0] : f32[2]
        %d = Add(%x, %dead) : f32[2]
        %y = Add(%x, %used) : f32[2]
        return %y
      }
      """
    try expect(
      DeadWeights(), makes: before,
      into: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %used = constant [5.0, 6.0] : f32[2]
          %y = Add(%x, %used) : f32[2]
          return %y
        }
        """)
    let context = try run(DeadWeights(), on: module(before))
    #expect(context.statistics.map(\.count) == [2, 16, 1, 0])
  }

  @Test func aWeightThatIsAnOutputStays() throws {
    try expect(
      DeadWeights(),
      leaves: """
        graph @main() -> (w: f32[1]) {
          %w = constant [1.0] : f32[1]
          return %w
        }
        """, saying: "all weights are used")
  }

  @Test func functionsThatNothingCallsGo() throws {
    let functions = Module(name: "m")
    let builder = Builder(functions, at: .end(of: functions.main))
    for name in ["a", "b", "c"] as [ByteString] {
      builder.add(Function(domain: "f", name: name, overload: "", opsets: OpsetVersions()))
    }
    let inB = Builder(functions, at: .end(of: functions.functions[1].body))
    inB.insert(.opaque(domain: "f", name: "a"), operands: [], results: [])
    builder.insert(.opaque(domain: "f", name: "b"), operands: [], results: [])
    builder.insertReturn([])
    try run(DeadWeights(), on: functions)
    #expect(functions.functions.map(\.name) == ["a", "b"])
  }
}
