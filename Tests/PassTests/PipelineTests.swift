import Passes
import Testing

@Suite struct PipelineTests {
  private func parse(_ text: String) throws -> Pipeline { try PipelineParser.parse(text.utf8, .samples) }

  @Test(arguments: [
    "sample", "sample,count,sample", "sample{count=5}", "sample{count=5:fraction=0.5:scope=global}",
    "sample{include=a*:include=*.b}", "sample{include=\"a b\"}", "sample{include=\"\"}",
    "sample{include=\"q\\\"\\\\\"}",
    "sample{include=\"conv:0\"}", "fixpoint(sample,count)", "fixpoint{max=3}(repeat{n=5}(count),twice)", "nested",
    "sample{include=\u{e9}*}", "sample{growth=1MiB}",
  ])
  func aCanonicalTextPrintsAsItself(text: String) throws {
    let pipeline = try parse(text)
    #expect(pipeline.description == text)
    #expect(try parse(pipeline.description) == pipeline)
    #expect(try parse(pipeline.expandedDescription).expandedDescription == pipeline.expandedDescription)
  }

  @Test(arguments: [
    (" sample , count ", "sample,count"), ("sample{count=5 scope=global}", "sample{count=5:scope=global}"),
    ("sample { count = 5 : scope = global }", "sample{count=5:scope=global}"),
    ("sample{count=3}", "sample"), ("sample{growth=4096}", "sample"), ("sample{growth=2048KiB}", "sample{growth=2MiB}"),
    ("# first\nsample, # then\n\tcount\n", "sample,count"), ("sample{scope=\"global\"}", "sample{scope=global}"),
    ("fixpoint{max=10}(count)", "fixpoint(count)"),
    ("sample{\n  count=5\n  fraction=1.0\n}", "sample{count=5:fraction=1}"),
    ("sample{fraction=1e-3}", "sample{fraction=0.001}"),
  ])
  func otherTextsPrintCanonically(text: String, canonical: String) throws {
    #expect(try parse(text).description == canonical)
  }

  @Test func expansionIsAPipelineFile() throws {
    let text = try parse("nested,sample{count=5}").expandedDescription
    #expect(
      text == """
        fixpoint(
          count,
          count
        ),
        sample{count=5}
        """)
  }

  @Test(arguments: ["snake", "tail", "count,fixpoint(tail)"])
  func pipelinesThatIncludeThemselvesAreRefused(text: String) {
    #expect(throws: PipelineError.self) { try parse(text) }
  }

  @Test func nestingIsBounded() {
    let text = String(repeating: "repeat(", count: 100_000) + "count" + String(repeating: ")", count: 100_000)
    #expect(throws: PipelineError.self) { try parse(text) }
  }

  /// Every beginning of a text is a pipeline or an error, never a crash.
  @Test func truncatedTextsAreRefusedOrParse() {
    let text = Array("fixpoint{max=3}(sample{include=\"a\\\"b\" : scope=global}, repeat(count)) # \u{e9}".utf8)
    for length in 0...text.count { _ = try? PipelineParser.parse(text.prefix(length), .samples) }
    for index in text.indices {
      for byte: UInt8 in [0, 0x22, 0x28, 0x5C, 0x7B, 0x7D, 0xC3, 0xFF] {
        var changed = text
        changed[index] = byte
        _ = try? PipelineParser.parse(changed, .samples)
      }
    }
  }
}

@Suite struct PipelineErrorTests {
  private func message(_ text: String) -> String {
    do {
      return "parsed as \(try PipelineParser.parse(text.utf8, .samples))"
    } catch {
      return error.modelError(in: "-passes").description
    }
  }

  @Test func anUnknownPassIsNamedWithItsNeighbor() {
    #expect(
      message("count,sampel{count=4}") == """
        -passes: error: unknown pass 'sampel'; did you mean 'sample'?
          count,sampel{count=4}
                ^~~~~~
          mcc -print-passes lists what there is
        """)
  }

  @Test func anUnknownOptionIsNamedWithItsNeighbor() {
    #expect(
      message("sample{cuont=4}") == """
        -passes: error: 'sample' has no option 'cuont'; did you mean 'count'?
          sample{cuont=4}
                 ^~~~~
          mcc help sample describes them
        """)
  }

  @Test func anUnclosedBraceHintsAtQuotes() {
    #expect(
      message("sample{count=4") == """
        -passes: error: the '{' is never closed
          sample{count=4
                ^
          if the shell split or ate a part of it, quote the pipeline: '-passes=...'
        """)
  }

  @Test func aWrongValueIsMarked() {
    #expect(
      message("sample{fraction=1.5}") == """
        -passes: error: sample: fraction: 1.5 is outside 0 to 1
          sample{fraction=1.5}
                          ^~~
        """)
  }

  @Test func optionsThatDoNotGoTogetherAreMarked() {
    #expect(
      message("sample{fraction=0.5:dry=true},count") == """
        -passes: error: sample: fraction makes no sense in a dry run
          sample{fraction=0.5:dry=true},count
                ^~~~~~~~~~~~~~~~~~~~~~~
        """)
  }

  @Test func aPlaceInAFileIsALine() {
    #expect(
      message("# \u{e9}\ncount,\n\t\u{e9}\n") == """
        -passes: line 3: error: expects the name of a pass here
          \t\u{e9}
          \t^
        """)
  }

  /// The first lines of the other messages.
  @Test(arguments: [
    ("", "the pipeline is empty"), ("count,", "the name of a pass is missing at the end"),
    ("count count", "expects ',' or the end before 'c'"), ("count)", "a ')' that nothing opened"),
    ("count}", "a '}' that nothing opened"), ("fixpoint(count", "the '(' is never closed"),
    ("fixpoint", "'fixpoint' needs a pipeline: fixpoint(...)"),
    ("count(count)", "pass 'count' takes no pipeline; fixpoint and repeat do"),
    ("twice{n=2}", "'twice' is a pipeline and takes nothing"),
    ("sample{count=4,dry=true}", "options are separated by ':' or a space"),
    ("sample{count=4:count=5}", "sample: 'count' is given twice"),
    ("sample{count}", "'count' needs a value: count=1...9"), ("sample{count=}", "'count' needs a value: count=1...9"),
    ("sample{}", "expects an option of 'sample' here: count, fraction, scope, growth, dry, include"),
    ("sample{include=\"a}", "the quote is never closed"),
    ("sample{zzz=1}", "'sample' has no option 'zzz': count, fraction, scope, growth, dry, include"),
    ("fixpoint{max=0}(count)", "fixpoint: max: 0 is outside 1 to 1000"),
    ("tail", "the pipeline includes itself: tail > snake > tail"),
  ])
  func saysWhatIsWrong(text: String, message: String) {
    let first = self.message(text).split(separator: "\n").first.map(String.init)
    #expect(first == "-passes: error: \(message)")
  }
}
