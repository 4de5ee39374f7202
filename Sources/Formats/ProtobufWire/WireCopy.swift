/// A message on its way out of its file, made anew only where it changes.
///
/// What stays as it is goes over in runs as long as possible. The messages around a change are begun anew, since their
/// length changes with it; one without a change inside is part of such a run.
struct WireCopy {
  private(set) var message: [UInt8] = []
  private let source: UnsafeRawBufferPointer
  /// What of the source lies before this is in `message`, or left out.
  private var position = 0
  /// The messages around the place at hand, without the outermost.
  private var around: [Message] = []
  /// How many of those are begun in `message`.
  private var begun = 0

  private struct Message {
    let number: UInt32
    /// Where its tag and its content begin in the source.
    let start: Int
    let content: Int
    /// Where its length is in `message`, once it is begun.
    var length = 0
  }

  init(_ source: UnsafeRawBufferPointer) {
    self.source = source
  }

  /// Goes into the message in field `number`, which begins at `start` and has its content from `content` on.
  mutating func enter(_ number: UInt32, start: Int, content: Int) {
    around.append(Message(number: number, start: start, content: content))
  }

  /// Leaves the message that was entered last; its content ends at `end`.
  mutating func leave(end: Int) {
    guard let message = around.popLast(), begun > around.count else { return }
    copy(to: end)
    WireEncoding.endDelimited(message.length, &self.message)
    begun = around.count
  }

  /// Writes something else than the source has in `range`, or nothing.
  mutating func replace(_ range: Range<Int>, by write: (inout [UInt8]) -> Void = { _ in }) {
    begin(at: range.lowerBound)
    write(&message)
    position = range.upperBound
  }

  /// Copies up to `end`, and goes on at `next`: what lies between is left out, or was copied before.
  mutating func jump(from end: Int, to next: Int) {
    begin(at: end)
    position = next
  }

  /// Takes back what was written since the message had `count` bytes.
  mutating func drop(from count: Int) { message.removeSubrange(count...) }

  /// Begins all messages around `offset`, and copies up to there.
  private mutating func begin(at offset: Int) {
    while begun < around.count {
      copy(to: around[begun].start)
      WireEncoding.appendTag(around[begun].number, .lengthDelimited, to: &message)
      around[begun].length = WireEncoding.beginDelimited(&message)
      position = around[begun].content
      begun += 1
    }
    copy(to: offset)
  }

  private mutating func copy(to end: Int) {
    guard position < end else { return }
    message.append(contentsOf: UnsafeRawBufferPointer(rebasing: source[position..<end]))
    position = end
  }
}
