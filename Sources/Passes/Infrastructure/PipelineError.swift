import IR

/// Why a text is no pipeline, with the place. Prints the line, a caret under the place, and what to do.
package struct PipelineError: Error, Sendable {
  /// The whole text.
  package let text: [UInt8]
  /// The bytes that are wrong.
  package let range: Range<Int>
  package let message: String
  /// What to do about it, on a line of its own.
  package let hint: String?

  init(in text: [UInt8], at range: Range<Int>, _ message: String, hint: String? = nil) {
    self.text = text
    self.range = range
    self.message = message
    self.hint = hint
  }

  /// The error as the command line tells it.
  ///
  /// - Parameter source: the option or the file that the text was given in.
  package func modelError(in source: String) -> ModelError {
    let isOneLine = !text.contains(UInt8(ascii: "\n"))
    let place = isOneLine ? nil : "line \(lineNumber)"
    let lines = [message] + excerpt + (hint.map { ["  \($0)"] } ?? [])
    return ModelError(.usage, file: source, place: place, lines.joined(separator: "\n"))
  }

  private var lineStart: Int {
    text[..<range.lowerBound].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
  }

  private var lineNumber: Int {
    1 + text[..<lineStart].count { $0 == UInt8(ascii: "\n") }
  }

  /// The line and the caret under it.
  private var excerpt: [String] {
    let lineEnd = text[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    guard !text[lineStart..<lineEnd].allSatisfy(PipelineSyntax.isSpace) else { return [] }
    let line = String(decoding: text[lineStart..<lineEnd], as: UTF8.self)
    let before = String(decoding: text[lineStart..<range.lowerBound], as: UTF8.self)
    let marked = String(decoding: text[range.lowerBound..<min(range.upperBound, lineEnd)], as: UTF8.self)
    let indent = String(before.map { $0 == "\t" ? "\t" : " " })
    let underline = "^" + String(repeating: "~", count: max(marked.count - 1, 0))
    return ["  \(line)", "  \(indent)\(underline)"]
  }
}
