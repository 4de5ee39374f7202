import IR
import Testing

/// Damaged texts are refused with a place, or are texts: they never crash, and what is accepted obeys the law.
@Suite struct TextFuzzTests {
  private static let text = #"""
    module "m\xff" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17} with {documentation = "d", "onnx.p" = [1, "b"]} {
      graph @main(%x: f32[batch, 2*n + 1], %k: f32[2] = [1.0, nan(0x7fc00001)] : f32[2]) -> (y: f32[batch, 2*n + 1]) {
        %w = constant #w : i8[40]
        %v = constant #v : i4[41] loc("v", fold)
        %c = constant operation {value_ints = [1, -2]} : i64[2] declared
        %s = constant {sparse_value = sparse([1.0] : f32[1] at [3] : i64[1]) : f32[8]} : f32[8]
        %a, _ = "com.x"::Foo:v(%x, _) {a = 1.5, b = "s\n", c = [0.5, -inf], d = ["a"]} : f32[(n + 1) floordiv 2]
        %b = If(%x) {else_branch = graph @e() -> (o: ?) { return %x }, then_branch = graph @t() -> (o: ?) { return %x }} : ?
        %r = Relu(%x) with {metadata = {"k" = "v"}} : f32[batch, 2*n + 1] declared(f32[?, ?]) loc("relu")
        %l = Softmax@11(%r) {axis = 1} : ?
        return %r
      }
      function "f"::F(%q: ?) -> (o: ?) attributes {alpha, b = 1} opsets {"" = 17} { %o = Relu(%q) : ? return %o }
    }
    resource #w : i8[40] = base64 {
    AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJw==
    }
    resource #v : i4[41] = seeded {seed = 9, low = -3, high = 4}
    """#

  /// Parses; what is accepted must print and parse to the same again.
  private func check(_ bytes: [UInt8]) -> Bool {
    do {
      let module = try Module.parse(ByteSlice(bytes), file: "x.mir")
      let printed = try module.text(.complete)
      let again = try Module.parse(printed)
      let difference = try again.difference(from: module)
      #expect(difference == nil, "\(String(decoding: bytes, as: UTF8.self))")
      return true
    } catch let error as ModelError {
      #expect(error.place?.hasPrefix("line ") == true, "\(error)")
      #expect(error.kind == .invalidModel)
      return false
    } catch {
      Issue.record(error)
      return false
    }
  }

  @Test func theUndamagedTextIsAccepted() { #expect(check(Array(Self.text.utf8))) }

  @Test func truncations() {
    let bytes = Array(Self.text.utf8)
    for count in bytes.indices { _ = check(Array(bytes[..<count])) }
  }

  @Test func flippedBytes() {
    var random = SplitMix(seed: 2026)
    let original = Array(Self.text.utf8)
    var accepted = 0
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if check(bytes) { accepted += 1 }
    }
    #expect(accepted > 50)
  }

  /// Words that the lexer knows, in another's place: more of these get past the lexer than of flipped bytes.
  @Test func exchangedWords() {
    var random = SplitMix(seed: 1)
    let words = Self.text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<3000 {
      var changed = words
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        let place = Int.random(in: changed.indices, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: changed[place] = words[Int.random(in: words.indices, using: &random)]
        case 1: changed.remove(at: place)
        default: changed.insert(words[Int.random(in: words.indices, using: &random)], at: place)
        }
      }
      _ = check(Array(changed.joined(separator: " ").utf8))
    }
  }
}
