extension String {
  /// The text with lines of at most `width` characters, broken between words. Paragraphs and indented lines stay.
  func wrapped(to width: Int) -> String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix(" ") ? String(line) : Self.fill(line, width)
    }.joined(separator: "\n")
  }

  private static func fill(_ line: Substring, _ width: Int) -> String {
    var lines: [String] = [""]
    for word in line.split(separator: " ") {
      let current = lines[lines.count - 1]
      if current.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if current.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(current) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}
