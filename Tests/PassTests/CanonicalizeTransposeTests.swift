import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeTransposeTests {
  private let toFirst = "{perm = [0, 3, 1, 2]}"
  private let toLast = "{perm = [0, 2, 3, 1]}"
  private let x = "%x: f32[1, 5, 6, 4]"
  private let filters = [("w", [4, 4, 1, 1]), ("v", [4, 4, 1, 1])]

  /// A residual block whose exporter thinks channels last: eight operations become six.
  @Test func aResidualBlockKeepsItsChannelsFirst() throws {
    let body = """
      %t = Transpose(%x) \(toFirst)
      %c = Conv(%t, %w)
      %d = Transpose(%c) \(toLast)
      %a = Add(%d, %x)
      %r = Relu(%a)
      %s = Transpose(%r) \(toFirst)
      %e = Conv(%s, %v)
      %y = Transpose(%e) \(toLast)
      """
    try Simplification(x, body, resources: filters)
      .expect(["Transpose", "Conv", "Add", "Relu", "Conv", "Transpose"])
  }

  @Test func constantsOfOneAxisTurnToo() throws {
    let body = """
      %t = Transpose(%x) \(toFirst)
      %a = Mul(%t, %k)
      %b = Clip(%a, _, _)
      %e = Exp(%b)
      %y = Transpose(%e) \(toLast)
      """
    let turned = try Simplification(x, body, resources: [("k", [4, 1, 1])])
    try turned.expect(["Mul", "Exp"], tolerance: 0)
    try Simplification(x, body, resources: [("k", [4, 5, 1])]).expect(["Transpose", "Mul", "Exp", "Transpose"])
  }

  @Test func partsAndBordersFollowTheirAxes() throws {
    let body = """
      %t = Transpose(%x) \(toFirst)
      %p = constant [0, 1, 0, 2, 0, 0, 3, 0] : i64[8]
      %a = Pad(%t, %p)
      %starts = constant [1, 2] : i64[2]
      %ends = constant [9, -1] : i64[2]
      %axes = constant [-1, 1] : i64[2]
      %b = Slice(%a, %starts, %ends, %axes)
      %c = Concat(%b, %b, %b) {axis = 2}
      %sizes = constant [4, 20] : i64[2]
      %d, %e = Split(%c, %sizes) {axis = -2}
      %y = Transpose(%d) \(toLast)
      %z = Transpose(%e) {perm = [0, 3, 2, 1]}
      """
    try Simplification(x, body, outputs: ["y", "z"])
      .expect(["Pad", "Slice", "Concat", "Split", "Transpose"], tolerance: 0)
  }

  @Test func reductionsFollowTheirAxes() throws {
    let body = """
      %t = Transpose(%x) \(toFirst)
      %axes = constant [2, 3] : i64[2]
      %y = ReduceMean(%t, %axes) {keepdims = 0}
      """
    try Simplification(x, body).expect(["ReduceMean"])
    try Simplification(x, body, numerics: .exact).expectUnchanged()
    try Simplification(x, body.replacing("ReduceMean", with: "ReduceMax"), numerics: .exact)
      .expect(["ReduceMax"], tolerance: 0)
    // What is left would be in another order.
    try Simplification(x, body.replacing("[2, 3]", with: "[0, 3]")).expectUnchanged()
    let kept = """
      %t = Transpose(%x) \(toFirst)
      %axes = constant [1] : i64[1]
      %m = ReduceMean(%t, %axes)
      %d = Sub(%t, %m)
      %p = Softmax(%d) {axis = 1}
      %y = Transpose(%p) \(toLast)
      """
    try Simplification(x, kept).expect(["ReduceMean", "Sub", "Softmax"])
  }

  @Test func aReshapeTakesATransposeOfOnesAlong() throws {
    let body = """
      %c = Conv(%x, %w)
      %t = Transpose(%c) \(toLast)
      %e = Exp(%t)
      %s = constant [-1, 4] : i64[2]
      %y = Reshape(%e, %s)
      """
    try Simplification("%x: f32[2, 4, 1, 1]", body, resources: [("w", [4, 4, 1, 1])])
      .expect(["Conv", "Exp", "Reshape"])
    try Simplification("%x: f32[2, 4, 3, 1]", body, resources: [("w", [4, 4, 1, 1])])
      .expect(["Conv", "Transpose", "Exp", "Reshape"])
  }

  @Test func onesAreNotPutInToBeTransposed() throws {
    let body = """
      %a = constant [1, -1, 7, 2, 3] : i64[5]
      %r = Reshape(%x, %a)
      %t = Transpose(%r) {perm = [1, 3, 2, 4, 0]}
      %b = constant [-1, 7, 3] : i64[3]
      %y = Reshape(%t, %b)
      """
    try Simplification("%x: f32[4, 7, 2, 3]", body).expect(["Transpose", "Reshape"])
    try Simplification("%x: f32[4, 7, 2, 3]", body, outputs: ["y", "r"]).expect(["Reshape", "Transpose", "Reshape"])
    try Simplification("%x: f32[4, 14, 3]", body).expect(["Reshape", "Transpose", "Reshape"])
  }

  @Test func transposesThatWouldBecomeNoFewerStay() throws {
    let body = "%t = Transpose(%x) \(toFirst)\n%r = Relu(%t)\n%y = Add(%r, %z)"
    try Simplification("\(x), %z: f32[1, 4, 5, 6]", body).expectUnchanged()
    let used = "%t = Transpose(%x) \(toFirst)\n%r = Relu(%t)\n%y = Transpose(%r) \(toLast)"
    try Simplification(x, used, outputs: ["y", "t", "r"]).expectUnchanged()
    try Simplification(x, used).expect(["Relu"])
  }

  @Test func whatTheAxesMeanSomethingToStays() throws {
    let body = "%t = Transpose(%x) \(toFirst)\n%r = Flatten(%t)\n%y = Relu(%r)"
    try Simplification(x, body).expectUnchanged()
    let lower = "%t = Transpose(%x) \(toFirst)\n%r = Add(%t, %z)\n%y = Transpose(%r) \(toLast)"
    try Simplification("\(x), %z: f32[6]", lower).expectUnchanged()
  }
}
