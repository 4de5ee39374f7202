/// What becomes of a convolution's elements while they are at hand: they are scaled and shifted as their channel says,
/// and then what is less than 0 becomes 0.
struct ChannelFinish: Sendable {
  /// One a channel; empty where nothing is scaled.
  private let factors: [Float]
  private let addends: [Float]
  private let rectifies: Bool

  init(factors: [Float] = [], addends: [Float] = [], rectifies: Bool) {
    (self.factors, self.addends, self.rectifies) = (factors, addends, rectifies)
  }

  /// Whether it is for a result of so many channels.
  func fits(channels: Int) -> Bool { factors.isEmpty || factors.count == channels }

  func apply(to elements: UnsafeMutablePointer<Float>, count: Int, channel: Int) {
    guard !factors.isEmpty else {
      for index in 0..<count { elements[index] = rectified(elements[index]) }
      return
    }
    let (factor, addend) = (factors[channel], addends[channel])
    if rectifies {
      for index in 0..<count { elements[index] = rectified(elements[index] * factor + addend) }
    } else {
      for index in 0..<count { elements[index] = elements[index] * factor + addend }
    }
  }

  @inline(__always)
  private func rectified(_ x: Float) -> Float { x < 0 ? 0 : x }
}
