import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeBlockTests {
  private func moved(_ cut: [Int], _ permutation: [Int], _ joined: [Int]) -> String {
    """
    %c = constant \(cut) : i64[6]
    %j = constant \(joined) : i64[4]
    %r = Reshape(%x, %c)
    %t = Transpose(%r) {perm = \(permutation)}
    %y = Reshape(%t, %j)
    """
  }

  @Test func channelsThatBecomeBlocks() throws {
    let x = "%x: f32[1, 8, 3, 5]"
    let crd = moved([1, 2, 2, 2, 3, 5], [0, 1, 4, 2, 5, 3], [1, 2, 6, 10])
    try Simplification(x, crd).expect(["DepthToSpace"], tolerance: 0)
    try Simplification(x, moved([1, 2, 2, 2, 3, 5], [0, 3, 4, 1, 5, 2], [1, 2, 6, 10]))
      .expect(["DepthToSpace"], tolerance: 0)
    try Simplification(x, moved([1, 2, 2, 2, 3, 5], [0, 1, 5, 2, 4, 3], [1, 2, 10, 6])).expectUnchanged()
    try Simplification(x, crd, outputs: ["y", "r"])
      .expectUnchanged(saying: "has another use: its result is also an output of the graph")
    try Simplification(x, crd, target: 10).expectUnchanged(saying: "has no mode")
  }

  @Test func blocksThatBecomeChannels() throws {
    let x = "%x: f32[1, 3, 6, 10]"
    try Simplification(x, moved([1, 3, 3, 2, 5, 2], [0, 3, 5, 1, 2, 4], [1, 12, 3, 5]))
      .expect(["SpaceToDepth"], tolerance: 0)
    try Simplification(x, moved([1, 3, 3, 2, 5, 2], [0, 1, 3, 5, 2, 4], [1, 12, 3, 5]))
      .expect(["SpaceToDepth", "Gather"], tolerance: 0)
    try Simplification(x, moved([1, 3, 2, 3, 2, 5], [0, 3, 5, 1, 2, 4], [1, 45, 2, 2])).expectUnchanged()
  }

  private func focus(_ starts: [(Int, Int)], rows: Int = 99) -> String {
    var body = "%e = constant [\(rows), 99] : i64[2]\n%a = constant [2, 3] : i64[2]\n%t = constant [2, 2] : i64[2]\n"
    for (index, start) in starts.enumerated() {
      body += "%s\(index) = constant [\(start.0), \(start.1)] : i64[2]\n"
      body += "%p\(index) = Slice(%x, %s\(index), %e, %a, %t)\n"
    }
    return body + "%y = Concat(\(starts.indices.map { "%p\($0)" }.joined(separator: ", "))) {axis = 1}"
  }

  @Test func slicesFromAllPlacesOfABlock() throws {
    let x = "%x: f32[1, 3, 6, 8]"
    let columns = focus([(0, 0), (1, 0), (0, 1), (1, 1)])
    try Simplification(x, focus([(0, 0), (0, 1), (1, 0), (1, 1)])).expect(["SpaceToDepth"], tolerance: 0)
    try Simplification(x, columns).expect(["SpaceToDepth", "Gather"], tolerance: 0)
    try Simplification(x, focus([(0, 0), (1, 0), (1, 0), (1, 1)])).expectUnchanged()
    try Simplification(x, columns, outputs: ["y", "p2"]).expectUnchanged(saying: "also an output")
    try Simplification("%x: f32[1, 3, 5, 8]", focus([(0, 0), (1, 0), (0, 1), (1, 1)], rows: 4))
      .expectUnchanged(saying: "do not fill")
  }
}
