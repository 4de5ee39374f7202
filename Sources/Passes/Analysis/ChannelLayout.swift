/// How the elements of a tensor lie by channel along one axis: `outer` times all channels, each with `inner` neighbors.
package struct ChannelLayout: Hashable, Sendable {
  package let axis: Int
  package let channels: Int
  package let inner: Int

  /// - Parameter axis: of `dimensions`, counted from the front.
  package init?(_ dimensions: [Int], axis: Int) {
    guard dimensions.indices.contains(axis) else { return nil }
    self.axis = axis
    channels = dimensions[axis]
    inner = dimensions[(axis + 1)...].reduce(1, *)
  }

  /// The whole tensor as one channel.
  package init(whole elementCount: Int) {
    axis = 0
    channels = 1
    inner = elementCount
  }

  /// Calls `body` with the runs of equal or consecutive channels that cover elements `range`: a run of `count` elements
  /// from `start`; where `inner` is 1 the run's channels count up from `channel`, otherwise the run lies in that one
  /// channel.
  @inline(__always)
  package func forEachRun(in range: Range<Int>, _ body: (_ start: Int, _ count: Int, _ channel: Int) -> Void) {
    guard channels > 0, inner > 0 else { return }
    var position = range.lowerBound
    let step = inner == 1 ? channels : inner
    while position < range.upperBound {
      let end = min((position / step + 1) * step, range.upperBound)
      body(position, end - position, inner == 1 ? position % channels : position / inner % channels)
      position = end
    }
  }
}
