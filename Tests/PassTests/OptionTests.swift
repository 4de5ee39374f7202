import IR
import Passes
import Testing

@Suite struct OptionTests {
  private func set(_ key: String, _ text: String, in sample: inout Sample) throws {
    let option = try #require(Sample.options.first { $0.name == key })
    try option.parse(text, &sample)
  }

  @Test func defaultsAreNotWritten() {
    #expect(Sample().writtenOptions.isEmpty)
  }

  @Test(arguments: [
    ("count", "9"), ("fraction", "0.25"), ("fraction", "0"), ("scope", "global"), ("growth", "1MiB"),
    ("growth", "1000"), ("dry", "true"), ("include", "*.weight"),
  ])
  func aTextPrintsAsItself(key: String, text: String) throws {
    var sample = Sample()
    try set(key, text, in: &sample)
    #expect(sample.writtenOptions == [WrittenOption(key: key, value: text)])
  }

  @Test func aListGrowsInOrder() throws {
    var sample = Sample()
    try set("include", "b*", in: &sample)
    try set("include", "a*", in: &sample)
    #expect(sample.writtenOptions.map(\.value) == ["b*", "a*"])
  }

  @Test(arguments: [
    ("count", "0", "0 is outside 1 to 9"), ("count", "1.5", "'1.5' is not an integer"),
    ("count", "99999999999999999999", "'99999999999999999999' is not an integer"),
    ("fraction", "1.01", "1.01 is outside 0 to 1"), ("fraction", "nan", "'nan' is not a number"),
    ("scope", "gloabl", "'gloabl' is not one of tensor, global"),
    ("growth", "-1", "'-1' is not a size; write bytes as 512, 4KiB, 1MiB or 1GiB"),
    ("growth", "9999999999999GiB", "9999999999999GiB is more than can be counted"),
    ("dry", "yes", "'yes' is neither true nor false"),
    ("include", "a[b", "'a[b': the '[' is never closed; write [[] for the character itself"),
  ])
  func aWrongTextIsRefused(key: String, text: String, message: String) throws {
    var sample = Sample()
    let option = try #require(Sample.options.first { $0.name == key })
    #expect(throws: OptionError(message)) { try option.parse(text, &sample) }
  }

  @Test func helpSaysWhatMayBeWritten() {
    #expect(
      Sample.options.map(\.values) == ["1...9", "0...1", "tensor|global", "<bytes, as 4KiB>", "true|false", "<glob>"])
  }
}
