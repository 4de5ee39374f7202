import IR
import Testing

/// The law of the complete form: parsing what was printed gives an equal module.
@Suite struct TextRoundTripTests {
  /// Parses, prints complete, parses again and compares.
  private func check(_ body: String, resources: String = "", source: SourceLocation = #_sourceLocation) throws {
    let text = """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        \(body)
      }
      \(resources)
      """
    let module = try Module.parse(text)
    let printed = try module.text(.complete)
    let again = try Module.parse(printed)
    #expect(try again.difference(from: module) == nil, sourceLocation: source)
    #expect(try again.text(.complete) == printed, sourceLocation: source)
  }

  private func check(operation: String, resources: String = "", source: SourceLocation = #_sourceLocation) throws {
    try check(
      "graph @g(%x: f32[n, 4]) -> () { \(operation) return }", resources: resources, source: source)
  }

  @Test(arguments: [
    "0", "-9223372036854775808", "1.5", "-0.0", "1e-45", "3.4028235e+38", "inf", "-inf", "nan", "nan(0xffc12345)",
    "nan(0x7f800001)", #""""#, #""a\n\"\\\x00\xff""#, "[1, -2]", "[-0.0, 1.0, nan]", "[inf]", #"["a", ""]"#, "ints []",
    "floats []", "strings []",
    "types []", "tensors []", "sparse_tensors []", "type f32[2]", "type ?", "types [f32[*], seq<i64[]>]",
    "[] : f32[0, 3]",
    "[1, 2] : i64[2]", "[3.0] : f32[]", "[true, false, 0x02] : bool[3]", "[(1.0, -0.0)] : c64[1]",
    "splat 0.5 : f32[100, 100]",
    "tensors [[1] : i8[1], splat (0.0, 1.0) : c128[9]]", #"["a", "\xff"] : string[2]"#, "float $alpha",
    #"sparse_tensors $"a b""#,
    "sparse([1.0, 2.0] : f32[2] at [3, 5] : i64[2]) : f32[8]",
    "sparse_tensors [sparse([] : i8[0] at [] : i64[0]) : i8[2, 2]]",
    #"1 with {documentation = "d", "onnx.unknown_fields" = "\x01"}"#,
  ]) func attributes(_ value: String) throws {
    try check(operation: "%y = Foo(%x) {a = \(value), \"b c\" = 1} : ?")
    // A constant is one thing.
    guard !value.hasPrefix("type"), !value.hasPrefix("tensors"), !value.hasPrefix("sparse_tensors [") else { return }
    try check(operation: "%y = constant operation {a = \(value)} : ?")
    try check(operation: "%y = constant {value = \(value)} : ?")
  }

  @Test(arguments: [
    "?", "f32[]", "f32[*]", "f32[?, 3, batch]", "seq<optional<map<i64, seq<string[]>>>>", "sparse<f32[2, n]>",
    #"opaque<"a b", "">"#,
    "f32[2*n + 1, (n + 1) floordiv 2, \"5\", -3, n*n - m, 2*(n floordiv 3) - 4, (2*n + 1) floordiv 3*m]", "bf16[2]",
    "f8e8m0fnu[2]",
  ]) func types(_ type: String) throws {
    try check(operation: "%y = Foo(%x) : \(type)")
    try check(operation: "%y = Foo(%x) : \(type) declared")
    try check(operation: "%y = Foo(%x) : ? declared(\(type))")
    try check("graph @g(%x: \(type) declared(seq<\(type)>)) -> (y: \(type)) { return %x }")
  }

  @Test(arguments: [
    "Foo()", "%a, _, %b = Foo(_, %x, _) : ?, f32[1] loc(\"n\", fold, \"a b\")", "_ = Foo(_)", "Foo:\"v 2\"(%x)",
    "\"\"(%x)",
    "%y = \"a b\"::\"c d\":v2(%x) : ?", "%y = Softmax@11(%x) {axis = 1} : f32[n, 4]", "%y = \"d\"::Bar@3(%x) : ?",
    "%y = Relu@?(%x) : ?",
    "\"return\"@?()", "\"constant\"@?(%x)", "\"loc\"(%x) loc(\"a\")", "annotate(%x, %x) {keys = [\"SCALE\"]}",
    "%y = Relu(%x) with {documentation = \"op\"} : f32[n, 4] with {documentation = \"value\", metadata = {\"k\" = \"v\", \"k\" = \"\"}}",
    "%1 = Relu(%x) : f32[n, 4] %\"1 2\" = Relu(%1) : f32[n, 4] Foo(%\"1 2\")",
    "%\"\\xff\\xfe\\n{}\\\"\" = Relu(%x) : f32[n, 4] %\"\\xc3\\xa9\" = Relu(%\"\\xff\\xfe\\n{}\\\"\") : f32[n, 4]",
    "%\"é\" = Relu(%x) : f32[n, 4]",
  ]) func operations(_ operation: String) throws { try check(operation: operation) }

  @Test(arguments: [
    "constant [1.0, 2.0] : f32[2]", "constant input 3 [1.0] : f32[1]", "constant operation [1.0] : f32[1]",
    "constant operation {value_ints = [1, 2]}", "constant operation {value_ints = [1, 2]} : i64[2] declared(i64[n])",
    "constant {sparse_value = sparse([1.0] : f32[1] at [3] : i64[1]) : f32[8]}",
    "constant operation {value = tensor $t} : f32[4]",
    "constant with {documentation = \"d\"} input 0 [1] : i8[1] declared(i8[n]) with {documentation = \"v\"} loc(\"n\")",
    "constant operation {value = [1] : i8[1] with {documentation = \"a\"}} : i8[1] declared",
    "constant splat 1 : i4[3] declared",
    "constant #w : f32[40]",
  ]) func constants(_ constant: String) throws {
    try check(operation: "%c = \(constant)", resources: "resource #w : f32[40] = seeded {seed = 3}")
  }

  @Test func graphsAndFunctions() throws {
    try check(
      """
      function "my"::Scale:v2(%x: ?) -> (y: ?) with {documentation = "body"} attributes {alpha, "b c", gamma = 1.0, d = [1] : i8[1]}
        opsets {"" = 17, my = 1} with {metadata = {"a" = "b"}} {
        %y = Foo(%x) {a = float $alpha} : ?
        return %y
      }
      graph @"main graph"(%x: f32[2] = [1.0, 2.0] : f32[2] with {documentation = "x"}, %c: bool[], %w: i8[n] = #w : i8[99]) ->
        (y: f32[2] with {documentation = "y"}, "z z": ?) with {"p" = [1, "b", [], [[-2]]]} {
        %y = If(%c) {
          else_branch = graph @e() -> (o: f32[2]) { %t = Relu(%x) : f32[2] return %t },
          a = 1,
          then_branch = graph @t() -> (o: f32[2]) with {documentation = "t"} { %t = Neg(%x) : f32[2] return %t }
        } : f32[2]
        %t = Graphs(%x) {bodies = graph @a(%i: ?) -> () { return }, bodies = graph @b(%i: ?) -> () { return }} : ?
        return %y, %t with {documentation = "r"} loc("r")
      }
      """, resources: "resource #w : i8[99] = seeded {seed = 1}")
    try check(#"graph @""() -> () { return }"#)
  }

  @Test func headers() throws {
    let module = try Module.parse(
      #"""
      // A comment, and another.
      module "a\xff\n" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17, "x y" = 2, z = 1} with {
        documentation = "", "onnx.ir_version" = 8, metadata = {"" = "\x00"}, "é\n" = -1
      } { graph @g() -> () { return } }
      """#)
    #expect(module.name == ByteString([97, 0xff, 10]))
    #expect(module.target["x y"] == 2)
    #expect(module.annotations?["é\n"] == .integer(-1))
    let again = try Module.parse(module.text(.complete))
    #expect(try again.difference(from: module) == nil)
  }

  @Test func sharedLiteralsStayShared() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @g() -> () {
          %a = constant #w : i8[64]
          %b = constant #w : i8[64]
          return
        }
      }
      resource #w : i8[64] = base64 {
        AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v
        MDEyMzQ1Njc4OTo7PD0+Pw==
      }
      """)
    let again = try Module.parse(module.text(.complete))
    #expect(try again.difference(from: module) == nil)
    let literals = again.main.operations.compactMap(\.literal)
    #expect(literals.count == 2 && literals[0] == literals[1])
    #expect(try literals[0].smallBytes() == Array(0..<64))
  }
}
