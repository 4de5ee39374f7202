import FoundationEssentials
import Testing

@testable import Driver

/// The generated pages of docs/. `UPDATE_GOLDEN=1` writes them anew, and fails.
@Suite struct DocumentationTests {
  private func expect(_ text: String, in page: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs")
    let file = folder.appending(path: page)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try Data(text.utf8).write(to: file)
      Issue.record("docs/\(page) was written anew; look at the difference")
    }
    let current = try? String(contentsOf: file, encoding: .utf8)
    #expect(current == text, "docs/\(page) is not current: UPDATE_GOLDEN=1 swift test --filter DocumentationTests")
  }

  @Test func thePageOfPassesIsCurrent() throws {
    try expect(PassReference.markdown, in: "passes.md")
  }

  @Test func thePageOfOperatorsIsCurrent() throws {
    try expect(OperatorReference.markdown, in: "operators.md")
  }

  @Test func everyNameHasAHelpText() {
    for name in PassReference.names {
      let text = PassReference.help(for: name)
      #expect(text?.hasPrefix("\(name): ") == true)
      #expect(text?.hasSuffix("\n") == true)
    }
    #expect(PassReference.help(for: "no-such-pass") == nil)
  }

  @Test func wrappingBreaksBetweenWords() {
    #expect("a bc def\n  ghi jkl mno\n\npq".wrapped(to: 5) == "a bc\ndef\n  ghi jkl mno\n\npq")
  }
}
