import IR

/// Measures the channel ranges of weights in the same read in which their magnitudes are scanned.
struct ChannelRangesAlongside: Sendable {
  private let literals: [TensorLiteral]
  /// One a literal; `nil` where its first use says nothing of channels.
  private let collectors: [ChannelRangeCollector?]

  init(_ weights: [Operation]) {
    literals = weights.compactMap(\.literal)
    collectors = weights.map { weight in
      guard let literal = weight.literal, let role = weight.result()?.weightRoles.first else { return nil }
      return ChannelRangeCollector(role.layout(literal.dimensions))
    }
  }

  /// What visits the blocks of `window`.
  @Sendable func visitor(for window: WeightReading.Window) -> any BlockVisitor {
    Visitor(collectors[window.index], window.range)
  }

  /// Keeps the ranges for the passes that follow.
  func store(in analyses: AnalysisCache) {
    for (literal, collector) in zip(literals, collectors) {
      if let collector { analyses.store(collector.ranges, of: literal) }
    }
  }

  private final class Visitor: BlockVisitor {
    private let collector: ChannelRangeCollector?
    private var part: ChannelRangeCollector.Part?

    init(_ collector: ChannelRangeCollector?, _ range: Range<Int>) {
      self.collector = collector
      part = collector?.part(for: range)
    }

    func visit(_ block: UnsafeRawBufferPointer, first: Int) { part?.scan(block, first: first) }

    func finish() {
      if let part { collector?.merge(part) }
    }
  }
}

extension ChannelRanges {
  /// Stores the ranges of a masked literal, where those of the unmasked one are known and tell them: a channel's
  /// largest magnitude stays, unless the cut takes it and so all of the channel.
  static func derive(
    for masked: TensorLiteral, from literal: TensorLiteral, cut: MagnitudeCut, in analyses: AnalysisCache
  ) {
    guard let known = analyses.known(ChannelRanges.self, of: literal),
      !known.largest.contains(where: { $0.bitPattern == cut.magnitude })
    else { return }
    let left = known.largest.map { $0.bitPattern < cut.magnitude ? 0 : $0 }
    analyses.store(ChannelRanges(layout: known.layout, largest: left), of: masked)
  }
}
