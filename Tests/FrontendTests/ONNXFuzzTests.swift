import Frontend
import IR
import Testing

/// Damage in any byte: the reader accepts or refuses, and does not trap.
@Suite struct ONNXFuzzTests {
  /// Knuth's MMIX generator: the same damage on every run.
  private struct Random {
    var state: UInt64 = 42

    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
  }

  /// One of each thing that the importer translates.
  private static let model = TestModel.model(
    graph: {
      $0.message(5) {
        $0.int(1, 2)
        $0.int(2, 1)
        $0.text(8, "w")
        $0.data(9, [0, 0, 128, 63, 0, 0, 0, 64])
        $0.text(12, "doc")
      }
      $0.message(5) {
        $0.int(1, 3)
        $0.int(2, 7)
        $0.text(8, "axes")
        $0.data(7, [1, 2, 3])
      }
      $0.node("Add", ["x", "w"], ["a"]) { $0.text(3, "add") }
      $0.node("If", ["c"], ["b"]) { node in
        for branch in ["else_branch", "then_branch"] {
          node.attribute(branch, type: 5) {
            $0.message(6) {
              $0.node("Relu", ["a"], ["inner"])
              $0.value(12, "inner")
            }
          }
        }
      }
      $0.node("Gemm", ["b", "w", ""], ["y"]) {
        $0.attribute("alpha", type: 1) { $0.float(2, 0.5) }
        $0.attribute("pads", type: 7) { $0.data(8, [1, 2, 3, 4]) }
        $0.attribute("mode", type: 3) { $0.text(4, "edge") }
        $0.message(9) {
          $0.text(1, "key")
          $0.text(2, "value")
        }
      }
      $0.value(11, "x")
      $0.value(11, "c", [])
      $0.value(12, "y")
      $0.value(13, "a")
      $0.message(14) {
        $0.text(1, "a")
        $0.message(2) {
          $0.text(1, "SCALE_TENSOR")
          $0.text(2, "w")
        }
      }
    },
    more: {
      $0.message(20) { $0.message(1) { $0.text(2, "training") } }
      $0.message(25) {
        $0.text(1, "F")
        $0.text(4, "p")
        $0.text(5, "q")
        $0.node(number: 7, "Relu", ["p"], ["q"])
        $0.text(10, "local")
      }
    }
  ).bytes

  @Test func flippedBytes() {
    var random = Random()
    for _ in 0..<2_000 {
      var bytes = Self.model
      for _ in 0...random.below(3) { bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255)) }
      _ = TestModel.refusal(bytes)
    }
  }

  @Test func truncations() {
    for length in 0..<Self.model.count { _ = TestModel.refusal(Array(Self.model[..<length])) }
  }

  @Test func piecesOutOfPlace() {
    var random = Random(state: 7)
    for _ in 0..<2_000 {
      var bytes = Self.model
      let start = random.below(bytes.count)
      let piece = bytes[start..<min(bytes.count, start + 1 + random.below(40))]
      bytes.insert(contentsOf: Array(piece), at: random.below(bytes.count))
      _ = TestModel.refusal(bytes)
    }
  }
}
