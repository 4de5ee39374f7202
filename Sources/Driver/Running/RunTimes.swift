/// How long the runs of one model took.
struct RunTimes: CustomStringConvertible {
  private(set) var times: [Duration] = []

  init(_ times: [Duration] = []) {
    self.times = times
  }

  mutating func measure(_ run: () throws -> Void) rethrows {
    times.append(try ContinuousClock().measure(run))
  }

  /// `56.7 ms`, or `56.7 ms at best of 5 runs, 58.1 ms in the middle, 80.3 ms at first`.
  var description: String {
    guard times.count > 1, let first = times.first else { return times.first?.formatted ?? "no time" }
    let sorted = times.sorted()
    return "\(sorted[0].formatted) at best of \(times.count) runs, \(sorted[times.count / 2].formatted) in the middle, "
      + "\(first.formatted) at first"
  }
}

extension Duration {
  /// `1.234 s`, `56.7 ms`.
  var formatted: String {
    let seconds = Double(components.seconds) + Double(components.attoseconds) * 1e-18
    return seconds >= 1 ? "\(seconds.rounded(digits: 3)) s" : "\((seconds * 1000).rounded(digits: 1)) ms"
  }
}
