import Backends
import IR
import Passes

extension Compiler {
  /// Whether to tell what the run did to the model.
  var wantsTable: Bool {
    if invocation.statistics != nil { return true }
    return console.errorIsTerminal && (invocation.output != nil || !invocation.pipeline.isEmpty)
  }

  /// The module as one end of the run.
  ///
  /// - Parameter bytes: of its files; `nil` where it has none.
  func end(of module: Module, _ bytes: Int?) -> ResultTable.End {
    ResultTable.End(summary: ModuleSummary(of: module), bytes: bytes)
  }

  /// Tells what the run did to the model.
  func tell(_ before: ResultTable.End, _ after: ResultTable.End) {
    let table = ResultTable(
      before: before, after: after, worst: manager.weightErrors.worst, isLossy: !manager.weightErrors.entries.isEmpty,
      notes: notes)
    switch invocation.statistics {
    case .json?: console.error(table.json(manager.statistics))
    case .text?: console.error(table.text + statisticsText)
    case nil: console.error(table.text)
    }
  }

  /// What the passes that the user named have to say about their work as a whole.
  private var notes: [Remark] {
    manager.remarks.filter { [.note, .idle].contains($0.kind) && requestedPasses.contains($0.pass) }
  }

  /// Tells, where no table does, which of the passes that were asked for found nothing to do.
  func tellIdlePasses() {
    for note in notes where note.kind == .idle {
      console.error("\(invocation.input): note: \(note.pass): \(note.message)\n")
    }
  }

  /// The passes that the user named, rather than what a shipped pipeline or a combinator contains.
  private var requestedPasses: [String] {
    invocation.pipeline.elements.compactMap { element in
      switch element {
      case .pass(let pass): type(of: pass).name
      case .combinator, .shipped: nil
      }
    }
  }

  private var statisticsText: String {
    var table = TextTable([.right, .left, .left])
    for statistic in manager.statistics where statistic.count > 0 {
      table.add(statistic.count.grouped, statistic.pass, statistic.name)
    }
    return table.text
  }

  // MARK: Warnings and remarks

  /// Tells the warnings that came up since the last time.
  ///
  /// - Throws: the first warning of a pass, where warnings are errors. Others are thrown where they come up.
  func tellWarnings() throws {
    let all = warnings
    let new = all[toldWarnings...]
    toldWarnings = all.count
    if invocation.warningsAreErrors, let first = new.first {
      throw ModelError(.invalidModel, place: first.place, "\(first.message) (-Werror)")
    }
    for warning in new {
      let parts = [invocation.input, warning.place, "warning", warning.message].compactMap { $0 }
      console.error(parts.joined(separator: ": ") + "\n")
    }
  }

  private var warnings: [(place: String?, message: String)] {
    let ofPasses = manager.remarks.filter { $0.kind == .warning }.map { ($0.place, "\($0.pass): \($0.message)") }
    let others = diagnostics.all.filter { $0.severity == .warning }.map { ($0.place, $0.message) }
    return ofPasses + others
  }

  /// Writes all remarks to the file that was asked for.
  func writeRemarks() throws {
    guard let path = invocation.remarksPath else { return }
    let others = diagnostics.all.map { diagnostic in
      Remark(
        kind: diagnostic.severity == .warning ? .warning : .note, pass: "", place: diagnostic.place,
        message: diagnostic.message)
    }
    let text = Array((others + manager.remarks).map(\.jsonLine).joined().utf8)
    try OutputFile.write(to: .file(path), synchronizes: false) { file in
      try text.withUnsafeBytes { try file.write($0, at: 0) }
    }
  }
}
