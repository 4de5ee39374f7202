import IR
import Passes

/// What a run did to a model: the numbers before and after, and what lossy passes cost.
struct ResultTable {
  /// One end of the run.
  struct End {
    let summary: ModuleSummary
    /// The bytes of the files; `nil` where there are none.
    var bytes: Int?
  }

  let before: End
  let after: End
  let worst: WeightErrors.Entry?
  let isLossy: Bool
  /// What passes that were asked for by name have to say.
  let notes: [Remark]

  var text: String {
    var table = TextTable([.left, .right, .right, .right])
    table.add("", "before", "after")
    add("bytes", before.bytes, after.bytes, showsRatio: true, &table)
    add("operations", before.summary.operations, after.summary.operations, &table)
    add("parameters", before.summary.parameters, after.summary.parameters, &table)
    if before.summary.int8 + after.summary.int8 > 0 {
      add("int8", before.summary.int8, after.summary.int8, &table)
    }
    add("zeros", before.summary.zeros, after.summary.zeros, &table)
    table.add("target", Inspection.describe(before.summary.target), Inspection.describe(after.summary.target))
    return table.text + lines.map { $0 + "\n" }.joined()
  }

  private var lines: [String] {
    var lines = notes.map { "\($0.pass): \($0.message)" }
    if let worst, let decibels = worst.decibels {
      lines.append("worst weight error: \(decibels.rounded(digits: 1)) dB SQNR in \(worst.name)")
    }
    if isLossy { lines.append("no data was used: check with 'mcc compare', and the accuracy on your own data") }
    return lines
  }

  private func add(
    _ name: String, _ before: Int?, _ after: Int?, showsRatio: Bool = false, _ table: inout TextTable
  ) {
    guard before != nil || after != nil else { return }
    var cells = [name, before?.grouped ?? "-", after?.grouped ?? "-"]
    if showsRatio, let before, let after, before > 0 {
      cells.append("\((100 * Double(after) / Double(before)).rounded(digits: 0)) %")
    }
    table.add(cells)
  }

  // MARK: For programs

  /// The same, and the passes' own statistics, as one line of JSON.
  func json(_ statistics: [PassManager.Statistic]) -> String {
    let worst = worst.map { worst -> JSON in
      .object(["weight": .string(worst.name), "sqnr_db": worst.decibels.map { .number($0) } ?? .null])
    }
    let counts = statistics.map { statistic -> JSON in
      .object([
        "pass": .string(statistic.pass), "name": .string(statistic.name), "count": .integer(statistic.count),
      ])
    }
    return JSON.object([
      "before": Self.json(before), "after": Self.json(after), "worst": worst ?? .null,
      "statistics": .list(counts),
      "notes": .list(notes.map { .string("\($0.pass): \($0.message)") }),
    ]).text + "\n"
  }

  private static func json(_ end: End) -> JSON {
    let target = end.summary.target.entries.map { (key: $0.domain.text, value: JSON.integer($0.version)) }
    let weights = end.summary.weights.map { (key: $0.elementType.rawValue, value: JSON.integer($0.bytes)) }
    let kinds = end.summary.kinds.map { (key: $0.name, value: JSON.integer($0.count)) }
    return .object([
      "bytes": .optional(end.bytes), "operations": .integer(end.summary.operations),
      "parameters": .integer(end.summary.parameters), "int8": .integer(end.summary.int8),
      "zeros": .optional(end.summary.zeros), "target": .object(.init(target)), "weight_bytes": .object(.init(weights)),
      "kinds": .object(.init(kinds)),
    ])
  }
}
