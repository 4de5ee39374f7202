import IR

/// The operators of a source that have no lowering, gathered so that one message names them all.
struct UnsupportedOperators {
  private struct Finding {
    let name: String
    let place: String
    let advice: String?
    var count = 1
  }

  private var findings: [Finding] = []

  /// Notes an operator that cannot be lowered.
  ///
  /// - Parameters:
  ///   - name: as the source calls it, with what of its form is not supported where only that is not.
  ///   - place: where it is in the source.
  ///   - advice: what would help.
  mutating func note(_ name: String, at place: String, advice: String? = nil) {
    if let index = findings.firstIndex(where: { $0.name == name }) {
      findings[index].count += 1
    } else {
      findings.append(Finding(name: name, place: place, advice: advice))
    }
  }

  /// - Throws: `ModelError` that names all that were noted, each with the first place, the count and the advice.
  func check() throws {
    guard !findings.isEmpty else { return }
    let lines = findings.map { finding in
      let count = finding.count == 1 ? "" : ", \(finding.count) times, first"
      let advice = finding.advice.map { ": \($0)" } ?? ""
      return "  \(finding.name)\(count) at '\(finding.place)'\(advice)"
    }
    let what = findings.count == 1 ? "an operator that has" : "\(findings.count) operators that have"
    throw ModelError(.invalidModel, "uses \(what) no lowering\n\(lines.joined(separator: "\n"))")
  }
}
