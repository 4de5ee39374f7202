import IR
import Testing

@testable import Passes

@Suite struct ChannelRangesTests {
  private static let magnitudes: [[Float]] = [[1, -3, 0.7], [-1e-7, 3e-8, 0], [6e4, -1.3, 5], [0, 0, 0]]

  private static func literal(_ type: ElementType) throws -> TensorLiteral {
    let numbers = magnitudes.flatMap { $0 }.map(Double.init)
    return try TensorLiteral.of(numbers, type, [4, 3])
  }

  /// What is said of a scaled weight without reading it is what reading its bytes says.
  @Test(arguments: [ElementType.float32, .float16, .bfloat16], [0, 1])
  func thoseOfAScaledWeightFollowFromTheWeight(type: ElementType, axis: Int) throws {
    let literal = try Self.literal(type)
    let layout = try #require(ChannelLayout([4, 3], axis: axis))
    let scaled = try literal.scaled(by: [0.3, -3.0, 0.1, 7].prefix(layout.channels).map { $0 }, along: layout)
    let written = try scaled.withWindow(0..<12) { try TensorLiteral(type, [4, 3], bytes: Array($0)) }
    let context = PassContext(Module(name: "m"), pass: "canonicalize")
    #expect(try ChannelRanges.of(scaled, layout, context).largest == ChannelRanges.of(written, layout, context).largest)
    #expect(context.analyses.known(ChannelRanges.self, of: literal)?.layout == layout)
    #expect(context.analyses.known(ChannelRanges.self, of: scaled) == nil)
  }

  @Test func aNaNIsSeenThroughAScale() throws {
    let literal = try TensorLiteral.of([1, .nan, 3, 4], .float32, [2, 2])
    let layout = try #require(ChannelLayout([2, 2], axis: 0))
    let context = PassContext(Module(name: "m"), pass: "canonicalize")
    let largest = try ChannelRanges.of(literal.scaled(by: [2, 0.5], along: layout), layout, context).largest
    #expect(largest[0].isNaN)
    #expect(largest[1] == 2)
  }
}
