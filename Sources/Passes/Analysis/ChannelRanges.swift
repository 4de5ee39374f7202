import CMagnitudes
import Evaluator
import IR
import Synchronization

/// The largest magnitude of each channel of a weight.
package struct ChannelRanges: LiteralAnalysis {
  package let layout: ChannelLayout
  /// One a channel. NaN anywhere in a channel makes it NaN.
  package let largest: [Float]

  /// The largest magnitudes of `literal` along `layout`, measured by one parallel read, or found where a pass of this
  /// run measured them before.
  package static func of(_ literal: TensorLiteral, _ layout: ChannelLayout, _ context: PassContext) throws
    -> ChannelRanges
  {
    if let known = context.analyses.known(ChannelRanges.self, of: literal), known.layout == layout { return known }
    if let matrix = literal.untransposed, let turned = ChannelLayout(matrix.dimensions, axis: 1 - layout.axis),
      turned.channels == layout.channels
    {
      return ChannelRanges(layout: layout, largest: try of(matrix, turned, context).largest)
    }
    if case .elementwise(let transform, let base) = literal.source, let scale = transform as? ScaleChannels,
      scale.layout == layout
    {
      return ChannelRanges(layout: layout, largest: scale.largest(try of(base, layout, context).largest))
    }
    let collector = ChannelRangeCollector(layout)
    _ = try WeightReading([literal], threads: context.threads).map { window in
      var part = collector.part(for: window.range)
      try window.forEachBlock { block, first in part.scan(block, first: first) }
      collector.merge(part)
    }
    let ranges = collector.ranges
    context.analyses.store(ranges, of: literal)
    return ranges
  }
}

/// Gathers the largest magnitudes by channel from windows in any order: a maximum does not depend on it.
package final class ChannelRangeCollector: Sendable {
  private let layout: ChannelLayout
  private let maxima: Mutex<[UInt32]>

  package init(_ layout: ChannelLayout) {
    self.layout = layout
    maxima = Mutex(Array(repeating: 0, count: layout.channels))
  }

  package var ranges: ChannelRanges {
    ChannelRanges(layout: layout, largest: maxima.withLock { $0.map { Float(bitPattern: $0) } })
  }

  /// An empty part for the elements `range` of the literal.
  package func part(for range: Range<Int>) -> Part { Part(layout, range) }

  package func merge(_ part: Part) {
    maxima.withLock { maxima in
      for (index, magnitude) in part.maxima.enumerated() {
        let channel = (part.firstChannel + index) % layout.channels
        maxima[channel] = max(maxima[channel], magnitude)
      }
    }
  }

  /// What one window contributes: magnitudes as bits, from the window's first channel on, around the end.
  package struct Part {
    private let layout: ChannelLayout
    fileprivate let firstChannel: Int
    fileprivate var maxima: [UInt32]

    fileprivate init(_ layout: ChannelLayout, _ range: Range<Int>) {
      self.layout = layout
      firstChannel = layout.channels == 0 || layout.inner == 0 ? 0 : range.lowerBound / layout.inner % layout.channels
      let touched =
        layout.inner == 0 || range.isEmpty
        ? 0 : (range.upperBound - 1) / layout.inner - range.lowerBound / layout.inner + 1
      maxima = Array(repeating: 0, count: min(touched, layout.channels))
    }

    /// Takes in a block of floats whose first is element `first` of the literal.
    package mutating func scan(_ block: UnsafeRawBufferPointer, first: Int) {
      let layout = layout
      let firstChannel = firstChannel
      maxima.withUnsafeMutableBufferPointer { maxima in
        layout.forEachRun(in: first..<first + block.count / 4) { start, count, channel in
          let floats = UnsafeRawBufferPointer(rebasing: block[(start - first) * 4..<(start - first + count) * 4])
          var slot = channel - firstChannel
          if slot < 0 { slot += layout.channels }
          if layout.inner > 1 {
            maxima[slot] = max(maxima[slot], largestMagnitude(of: floats))
          } else {
            let untilEnd = min(count, maxima.count - slot)
            takeMaxima(of: UnsafeRawBufferPointer(rebasing: floats[..<(untilEnd * 4)]), into: maxima, at: slot)
            takeMaxima(of: UnsafeRawBufferPointer(rebasing: floats[(untilEnd * 4)...]), into: maxima, at: 0)
          }
        }
      }
    }
  }
}

/// The largest of the floats' bits without their signs.
private func largestMagnitude(of floats: UnsafeRawBufferPointer) -> UInt32 {
  guard let base = floats.baseAddress else { return 0 }
  let count = floats.count / 4
  let vectors = count / MCC_MAGNITUDE_LANES * MCC_MAGNITUDE_LANES
  var largest = mcc_largest_magnitude(base, vectors)
  for index in vectors..<count {
    largest = max(largest, floats.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self) & 0x7fff_ffff)
  }
  return largest
}

/// Raises `maxima` from `slot` on to the magnitudes of the floats, one each.
private func takeMaxima(
  of floats: UnsafeRawBufferPointer, into maxima: UnsafeMutableBufferPointer<UInt32>, at slot: Int
) {
  typealias Bits = SIMD4<Int32>
  let count = floats.count / 4
  guard count > 0, slot >= 0, slot + count <= maxima.count, let base = maxima.baseAddress else { return }
  let withoutSign = Bits(repeating: 0x7fff_ffff)
  let target = UnsafeMutableRawPointer(base + slot)
  var index = 0
  while index + 4 <= count {
    let bits = floats.loadUnaligned(fromByteOffset: index * 4, as: Bits.self) & withoutSign
    var current = target.loadUnaligned(fromByteOffset: index * 4, as: Bits.self)
    current.replace(with: bits, where: bits .> current)
    target.storeBytes(of: current, toByteOffset: index * 4, as: Bits.self)
    index += 4
  }
  while index < count {
    let bits = floats.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self) & 0x7fff_ffff
    maxima[slot + index] = max(maxima[slot + index], bits)
    index += 1
  }
}
