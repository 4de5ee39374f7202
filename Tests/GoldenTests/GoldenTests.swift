import Glibc
import Testing

/// Runs the command of every case in Tests/Golden and compares what it says with the expected file.
///
/// `UPDATE_GOLDEN=1 swift test --filter GoldenTests` writes the expected files anew, and fails, so that nothing is recorded unseen.
@Suite struct GoldenTests {
  private static let isUpdating = getenv("UPDATE_GOLDEN").map { String(cString: $0) } == "1"

  /// A case is read as a whole, by people.
  private static let maximumLines = 30

  @Test(arguments: GoldenCase.all) func output(_ goldenCase: GoldenCase) throws {
    let arguments = try #require(
      try goldenCase.arguments(), "the first line must be '// RUN: mcc %s ...'")
    let text = try CommandRun(Files.ownFolder + "/mcc", arguments, in: goldenCase.directory).text
    if Self.isUpdating {
      try Files.write(text, to: goldenCase.expectedPath)
      Issue.record(
        "\(goldenCase.expectedFile) was written; look at the difference, and run again without UPDATE_GOLDEN")
    } else {
      let expected = try #require(
        try? Files.read(goldenCase.expectedPath), "there is no \(goldenCase.expectedFile); UPDATE_GOLDEN=1 writes it")
      #expect(text == expected, Comment(rawValue: Self.difference(expected, text)))
    }
  }

  @Test(arguments: GoldenCase.all) func shortEnoughToRead(_ goldenCase: GoldenCase) throws {
    #expect(try Files.read(goldenCase.path).split(separator: "\n").count <= Self.maximumLines)
  }

  @Test func thereAreCases() { #expect(!GoldenCase.all.isEmpty) }

  /// An expected file whose case has gone, or a file that nothing reads, guards nothing.
  @Test func everyFileIsUsed() throws {
    for folder in Files.list(GoldenCase.root) {
      let cases = GoldenCase.all.filter { $0.folder == folder }
      #expect(!cases.isEmpty, "\(folder) holds no case")
      let used = Set(cases.flatMap { [$0.file, $0.expectedFile] })
      let words = try cases.flatMap { try $0.arguments() ?? [] }
      for file in Files.list("\(GoldenCase.root)/\(folder)") where !used.contains(file) {
        #expect(
          words.contains { $0.contains(file) },
          "\(folder)/\(file) is neither a case, nor expected of one, nor named in a RUN line")
      }
    }
  }

  @Test func wordsOfALine() {
    #expect(GoldenCase.words(" %s  -passes='a, b{c=\"d\"}' '' x'y z'") == ["%s", "-passes=a, b{c=\"d\"}", "", "xy z"])
    #expect(GoldenCase.words("") == [])
  }

  /// The lines that differ, the expected ones after `-` and the others after `+`.
  static func difference(_ expected: String, _ actual: String) -> String {
    let before = expected.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let after = actual.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var lines: [(offset: Int, rank: Int, text: String)] = []
    for change in after.difference(from: before) {
      switch change {
      case .remove(let offset, let line, _): lines.append((offset, 0, "\(offset + 1)- \(line)"))
      case .insert(let offset, let line, _): lines.append((offset, 1, "\(offset + 1)+ \(line)"))
      }
    }
    return "\n" + lines.sorted { ($0.offset, $0.rank) < ($1.offset, $1.rank) }.map(\.text).joined(separator: "\n")
  }
}
