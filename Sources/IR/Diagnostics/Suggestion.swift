/// Finds what somebody probably meant by a name that does not exist.
package enum Suggestion {
  /// The longest names that are compared: a longer one is no slip of the fingers.
  private static let maximumLength = 64

  /// The one of `names` that takes the fewest edits to become; `nil` where all are too far away to be meant. Of equals,
  /// the first.
  package static func closest(to name: String, among names: some Sequence<String>) -> String? {
    let limit = max(1, name.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in names where candidate != name {
      let distance = distance(name, candidate)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// `; did you mean 'prune'?`, or nothing.
  package static func hint(for name: String, among names: some Sequence<String>) -> String {
    closest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// How many insertions, deletions, replacements and swaps of neighbors turn `a` into `b`.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.lowercased().prefix(maximumLength))
    let b = Array(b.lowercased().prefix(maximumLength))
    var beforeLast = Array(repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
