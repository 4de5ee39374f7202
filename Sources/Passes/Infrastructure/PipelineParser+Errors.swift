import IR

/// What is wrong with a text that is no pipeline.
extension PipelineParser {
  static let quotingHint = "if the shell split or ate a part of it, quote the pipeline: '-passes=...'"

  func unclosed(_ opening: Range<Int>) -> PipelineError {
    scanner.error("the '{' is never closed", at: opening, hint: Self.quotingHint)
  }

  func missingName() -> PipelineError {
    if scanner.current == nil {
      let isEmpty = scanner.text.allSatisfy(PipelineSyntax.isSpace)
      let message = isEmpty ? "the pipeline is empty" : "the name of a pass is missing at the end"
      return scanner.error(message, at: scanner.here, hint: "mcc -print-passes lists what there is")
    }
    return scanner.error("expects the name of a pass here", at: scanner.here)
  }

  func missingKey<Element: Configurable>(of type: Element.Type) -> PipelineError {
    scanner.error("expects an option of '\(type.name)' here\(choices(of: type))", at: scanner.here)
  }

  func unknownOption<Element: Configurable>(
    _ key: String, of type: Element.Type, at range: Range<Int>
  ) -> PipelineError {
    let names = type.options.map(\.name)
    guard !names.isEmpty else { return scanner.error("'\(type.name)' takes no options", at: range) }
    let hint = Suggestion.hint(for: key, among: names)
    return scanner.error(
      "'\(type.name)' has no option '\(key)'\(hint.isEmpty ? choices(of: type) : hint)", at: range,
      hint: "mcc help \(type.name) describes them")
  }

  func choices<Element: Configurable>(of type: Element.Type) -> String {
    let names = type.options.map(\.name)
    return names.isEmpty ? "; it takes none" : ": \(names.joined(separator: ", "))"
  }

  func unexpected() -> PipelineError {
    let character = String(decoding: scanner.text[scanner.here], as: UTF8.self)
    switch character {
    case ")": return scanner.error("a ')' that nothing opened", at: scanner.here)
    case "}": return scanner.error("a '}' that nothing opened", at: scanner.here)
    default: return scanner.error("expects ',' or the end before '\(character)'", at: scanner.here)
    }
  }
}
