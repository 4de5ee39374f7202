/// Lines of columns, each as wide as its widest cell.
struct TextTable {
  enum Alignment {
    case left, right
  }

  private let alignments: [Alignment]
  private let indent: String
  private var rows: [[String]] = []

  init(_ alignments: [Alignment], indent: String = "") {
    self.alignments = alignments
    self.indent = indent
  }

  /// Appends a row; cells at its end may be missing.
  mutating func add(_ cells: String...) { rows.append(cells) }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  var isEmpty: Bool { rows.isEmpty }

  /// The table, each line ended by a newline.
  var text: String {
    let widths = alignments.indices.map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return alignments[column] == .left ? cell + padding : padding + cell
      }
      var line = indent + cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
