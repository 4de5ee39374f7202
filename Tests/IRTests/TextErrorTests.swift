import IR
import Testing

/// What is wrong with a text is said with its line, its column and what to do.
@Suite struct TextErrorTests {
  private func error(of text: String, file: String? = nil) -> String? {
    do {
      _ = try Module.parse(text, file: file)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static let header = #"module "m" vocabulary {"" = 28} target {"" = 17} {"#

  @Test(arguments: [
    ("", "line 1, column 1: error: expected 'module', found the end of the text"),
    ("modul", "line 1, column 1: error: expected 'module', found 'modul'"),
    ("module m", "line 1, column 8: error: expected the module's name in quotes, found 'm'"),
    (
      #"module "m" vocabulary {"" = 29} target {}"#,
      #"line 1, column 23: error: vocabulary "" = 29, but this build has 28; use a newer mcc"#
    ),
    (
      #"module "m" vocabulary {"" = 17} target {}"#,
      #"line 1, column 23: error: vocabulary "" = 17, but this build has 28; this build reads no older text"#
    ),
    (
      #"module "m" vocabulary {com.x = 1} target {}"#,
      #"line 1, column 23: error: this build knows no operators of the vocabulary "com.x"; a newer mcc may"#
    ),
    (#"module "m" vocabulary {"" = 28, "" = 28}"#, #"line 1, column 33: error: domain "" has a version already"#),
    (
      #"module "m\q" "#,
      #"line 1, column 10: error: unknown escape; there are \\, \", \n, \t and \x with two hexadecimal digits"#
    ),
    ("module \"m\n\"", #"line 1, column 8: error: a string must end on its line; write \n for a line break"#),
    (#"module "é" ~"#, "line 1, column 12: error: the text form has no place for '~'"),
    (
      header + "}",
      "line 1, column 52: error: expected a module with a graph; put 'graph @main() -> () { return }' inside it, before this, found the end of the text"
    ),
    (
      header + "graph @g() -> () {return} graph @h() -> () {return}}",
      "line 1, column 77: error: a module has one graph, its main one; this is a second"
    ),
  ]) func headers(_ text: String, _ expected: String) { #expect(error(of: text) == expected) }

  @Test(arguments: [
    ("%y = Relu(%z) : f32[2]", "column 13: error: '%z' is used before anything defines it"),
    ("%y = Relu(%y) : f32[2]", "column 13: error: '%y' is used before anything defines it"),
    ("%x = Relu(%x) : f32[2]", "column 3: error: %x is defined already"),
    ("%y = Relu(%x) : f31[2]", "column 19: error: 'f31' is no type; did you mean 'f32'?"),
    ("%y = Relu(%x) : f32[2], f32[2]", "column 25: error: more types than results"),
    ("%y, %z = Foo(%x) : f32[2]", "column 3: error: expected ',' and the type of %z, found 'return'"),
    ("%y = Relu(%x) {a = 1, a = 2}", "column 25: error: attribute 'a' is given twice"),
    ("%y = Foo() {a = []}", "column 19: error: expected what kind of list is empty, as 'ints []', found '['"),
    (
      "%y = Foo() {a = 9223372036854775808}",
      "column 19: error: 9223372036854775808 is outside -9223372036854775808...9223372036854775807"
    ),
    ("%y = Foo() {a = 1e999}", "column 19: error: 1e999 overflows; infinity is written inf"),
    ("%y = Foo() {a = nan(0x00000001)}", "column 19: error: these are not the bits of a NaN"),
    ("%y = Foo() {a = 12ab}", "column 19: error: '12ab' is neither a number nor a name; quote a name"),
    ("%y = Foo() {a = bogus}", "column 19: error: expected an attribute's value, found 'bogus'"),
    ("%y = loc(%x)", "column 8: error: expected an operation (a word of the language must be in quotes), found 'loc'"),
    (
      #"%y = "return"(%x)"#,
      #"column 8: error: 'return' is a word of the language; an operator of that name is written "return"@?"#
    ),
    ("%y, %z = constant [1] : i8[1]", "column 3: error: a constant has one result"),
    ("%y = constant [1, 2] : i8[3]", "column 17: error: 2 elements, but i8[3] has 3"),
    (
      "%y = constant [1, 2] : i8[n]",
      "column 26: error: the dimensions of a literal are numbers, those of i8[n] are not"
    ),
    ("%y = constant [128] : i8[1]", "column 18: error: 128 is outside -128...127"),
    ("%y = constant [9] : i4[1]", "column 18: error: 9 is outside -8...7"),
    ("%y = constant [1e10] : f16[1]", "column 18: error: 10000000000.0 is no number of type f16"),
    ("%y = constant [1] : bool[1]", "column 18: error: expected 'true' or 'false', found '1'"),
    ("%y = constant [1 : i8[1]", "column 20: error: expected an element, ',' or ']', found ':'"),
    (
      "%y = constant splat 1 : i8[-1]",
      "column 17: error: i8[-1] has more than the 17179869184 bytes that may be made without data"
    ),
    (
      "%y = constant splat 1.0 : f32[99999999999]",
      "column 17: error: f32[99999999999] has more than the 17179869184 bytes that may be made without data"
    ),
    ("%y = constant #w : f32[2]", "column 17: error: there is no resource #w"),
    (
      "%y = Relu(%x) : f32[n*n*n*n*n*n*n*n*n]",
      "column 38: error: this dimension is beyond what mcc computes with (32 terms, degree 8, 64-bit coefficients, divisors above 0); write '?'"
    ),
    (
      "%y = Foo(%x) with {doc = \"\"}",
      "column 22: error: there are 'documentation', 'metadata' and properties in quotes, not 'doc'"
    ),
    ("%y = Foo(%x) {b = graph @b(%x: ?) -> () { return }}", "column 29: error: %x is defined already"),
    (
      "%y = Foo(%x) {b = graph @b() -> (z: ?) { return }}",
      "column 44: error: the signature has 1 outputs, but 0 are returned"
    ),
    (
      "%y = Foo(%x) {b = graph @b() -> () { %t = Foo() : ? return }} : ? Bar(%t)",
      "column 73: error: '%t' is used before anything defines it"
    ),
    ("%\"\" = Foo(%x)", "column 3: error: a value needs a name"),
  ]) func operations(_ operation: String, _ expected: String) throws {
    let text = Self.header + "\ngraph @g(%x: f32[2]) -> () {\n  \(operation)\n  return } }"
    let message = error(of: text, file: "x.mir") ?? "none"
    // A line of its own tells a missing operand of the operation from what follows it.
    #expect(
      message.hasPrefix("x.mir: line 3, " + expected) || message.hasPrefix("x.mir: line 4, " + expected), "\(message)")
  }

  @Test func inferenceSaysWhereTheOperationIs() {
    let text = Self.header + "\ngraph @g(%x: f32[2]) -> () {\n  %y = Relu(%x) : i8[2]\n  return } }"
    #expect(error(of: text) == "line 3, column 3: error: node 'y' (Relu): %y is f32[2], but the file declares i8[2]")
  }

  @Test(arguments: [
    (
      "resource #w : f32[2] = base64 {AAAAAAAAAA}",
      "column 31: error: f32[2] needs 8 bytes, which the text is too short to hold"
    ),
    ("resource #w : f32[2] = base64 {AAAAAAAAAA==}", "column 42: error: expected base64 of 8 bytes"),
    ("resource #w : f32[2] = base64 {AAAA*AAAAAA=}", "column 36: error: expected base64 of 8 bytes"),
    ("resource #w : f32[2] = base64 {AAAAAAAAAAAAAAA=}", "column 43: error: expected base64 of 8 bytes"),
    ("resource #w : f32[2] = base64 {AAAAAAAAAAA=", "column 31: error: the data has no end"),
    (
      "resource #w : f32[9223372036854775807] = base64 {}",
      "column 49: error: a literal of this type cannot be held as bytes"
    ),
    ("resource #w : string[2] = base64 {}", "column 34: error: a literal of this type cannot be held as bytes"),
    ("resource #w : i8[1] = [1] resource #w : i8[1] = [1]", "column 36: error: resource #w is defined already"),
    (
      "resource #w : i8[1] = [1] module", "column 27: error: expected a resource or the end of the text, found 'module'"
    ),
    ("resource #w : i8[n] = [1]", "column 15: error: the dimensions of a literal are numbers, those of i8[n] are not"),
    ("resource #w : f32[2] = seeded {low = 1.0, high = 0.0}", "column 31: error: 'low' is above 'high'"),
    ("resource #w : i8[2] = seeded {low = -129}", "column 30: error: the bounds are outside what i8 holds"),
    ("resource #w : i8[2] = seeded {seeds = 1}", "column 31: error: there are 'seed', 'low' and 'high', not 'seeds'"),
    (
      "resource #w : f32[2] = nothing",
      "column 24: error: expected '[', 'splat', 'base64', 'seeded' or 'elided', found 'nothing'"
    ),
  ]) func resources(_ resource: String, _ expected: String) {
    let message = error(of: Self.header + "graph @g() -> () { return } }\n" + resource) ?? "none"
    #expect(message.hasPrefix("line 2, " + expected), "\(message)")
  }

  @Test func elidedLiteralsSayHowToGetThem() {
    let text =
      Self.header
      + "graph @g() -> () { %w = constant #w : f32[64] return } }\nresource #w : f32[64] = elided {bytes = 256, hash = 0x01, zeros = 0}"
    #expect(
      error(of: text)
        == "line 1, column 84: error: resource #w is elided: its elements are not in this text; print with '-o <file>.mir', or write 'seeded {}'"
    )
    let other = text.replacingText("constant #w : f32[64]", "constant #w : f32[65]")
    #expect(error(of: other)?.contains("elided") == true)
  }

  @Test func nestingIsBounded() {
    func nested(_ depth: Int) -> String {
      let open = (0..<depth).map { "%v\($0) = Foo() {b = graph @g() -> () { " }.joined()
      return Self.header + "graph @g() -> () {" + open + "return" + String(repeating: "}} return ", count: depth) + "}}"
    }
    #expect(error(of: nested(25)) == nil)
    #expect(error(of: nested(32)) == nil)
    #expect(error(of: nested(33))?.contains("graphs nest deeper than 32") == true)
    #expect(error(of: nested(10_000))?.contains("graphs nest deeper than 32") == true)
    let types = String(repeating: "seq<", count: 100_000)
    #expect(error(of: Self.header + "graph @g(%x: \(types)")?.contains("types nest deeper than 64") == true)
    let parentheses = String(repeating: "(", count: 100_000)
    #expect(error(of: Self.header + "graph @g(%x: f32[\(parentheses)")?.contains("parentheses nest too deep") == true)
    let lists = String(repeating: "[", count: 100_000)
    #expect(error(of: Self.header + "graph @g() -> () with {\"a\" = \(lists)")?.contains("lists nest too deep") == true)
  }
}

extension String {
  fileprivate func replacingText(_ old: String, _ new: String) -> String {
    split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
  }
}
