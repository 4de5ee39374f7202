import IR
import Passes

/// How long everything took, the slowest first.
struct TimeTable {
  private let timer: PassTimer

  init(_ timer: PassTimer) {
    self.timer = timer
  }

  var text: String {
    let total = timer.entries.reduce(0) { $0 + $1.seconds }
    var table = TextTable([.right, .right, .right, .left])
    table.add("seconds", "share", "runs", "")
    for entry in timer.entries.sorted(by: { ($1.seconds, $0.name) < ($0.seconds, $1.name) }) {
      table.add(
        entry.seconds.rounded(digits: 4), Self.share(entry.seconds, of: total), entry.applications.grouped, entry.name)
    }
    table.add(total.rounded(digits: 4), Self.share(total, of: total), "", "total")
    return table.text
  }

  private static func share(_ part: Double, of total: Double) -> String {
    total > 0 ? "\((100 * part / total).rounded(digits: 1)) %" : ""
  }
}
