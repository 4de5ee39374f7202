import IR
import Passes
import Testing

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", ""), ("*", "a/b.c"), ("conv?", "conv1"), ("*.weight", "fc.weight"), ("a*b*c", "axxbxxc"), ("a*b*c", "abcabc"),
    ("[a-c]1", "b1"), ("[!a-c]1", "d1"), ("[^a]", "b"), ("[]]", "]"), ("[a-]", "-"), ("x[[]0]", "x[0]"), ("", ""),
  ])
  func matches(glob: String, name: String) throws {
    #expect(try Glob(glob).matches(ByteString(name)))
  }

  @Test(arguments: [
    ("", "a"), ("conv?", "conv"), ("conv?", "conv12"), ("*.weight", "fc.weights"), ("[a-c]1", "d1"), ("[!a-c]1", "b1"),
    ("a*b*c", "acb"), ("Conv", "conv"),
  ])
  func doesNotMatch(glob: String, name: String) throws {
    #expect(try !Glob(glob).matches(ByteString(name)))
  }

  @Test func namesAreBytes() throws {
    #expect(try Glob("a?").matches(ByteString([0x61, 0xFF])))
    #expect(try Glob("a?").matches(ByteString("a\u{e9}")) == false)
  }

  @Test func manyStarsTakeNoExponentialTime() throws {
    let glob = try Glob(String(repeating: "a*", count: 200) + "b")
    #expect(glob.matches(ByteString(String(repeating: "a", count: 20_000))) == false)
  }

  @Test(arguments: ["[a", "[", "[z-a]", "[!"])
  func isRefused(glob: String) {
    #expect(throws: OptionError.self) { try Glob(glob) }
  }
}
