import IR
import Testing

@testable import Evaluator

/// Convolutions, poolings and what else looks through a window.
@Suite struct WindowTests {
  private let image = try? TensorLiteral.counting([1, 1, 3, 3])

  @Test func convolutionsPadAsTheyAreAsked() throws {
    let ones = try TensorLiteral.f32([1, 1, 2, 2], [1, 1, 1, 1])
    #expect(try result(of: .conv, image, ones).floats == [8, 12, 20, 24])
    let same = try result(of: .conv, image, ones, attributes: ["auto_pad": .string("SAME_UPPER")])
    #expect(try same.floats == [8, 12, 7, 20, 24, 13, 13, 15, 8])
    #expect(refusal(of: .conv, image, try .f32([1, 2, 1, 1], [1, 1])) == .undefined)
  }

  @Test func transposedConvolutionsSpread() throws {
    let spread = try result(
      of: .convTranspose, .f32([1, 1, 1, 2], [1, 2]), .f32([1, 1, 1, 2], [1, 10]),
      attributes: ["strides": .ints([1, 2])])
    #expect(spread.dimensions == [1, 1, 1, 4])
    #expect(try spread.floats == [1, 10, 2, 20])
  }

  @Test func poolingsCountPaddingOnlyWhenAsked() throws {
    let attributes: Attributes = [
      "kernel_shape": .ints([2, 2]), "pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2]),
    ]
    #expect(try result(of: .averagePool, image, attributes: attributes).floats == [0, 1.5, 4.5, 6])
    var counting = attributes
    counting["count_include_pad"] = .int(1)
    #expect(try result(of: .averagePool, image, attributes: counting).floats == [0, 0.75, 2.25, 6])
    let largest = try evaluate(.maxPool, [image], attributes, results: 2)
    #expect(try largest[0]?.floats == [0, 2, 6, 8])
    #expect(try largest[1]?.ints == [0, 2, 6, 8])
  }

  @Test func resizingInterpolates() throws {
    let line = try TensorLiteral.f32([1, 1, 1, 2], [0, 4])
    let scales = try TensorLiteral.f32([4], [1, 1, 1, 2])
    #expect(try result(of: .resize, line, nil, scales).floats == [0, 0, 4, 4])
    #expect(try result(of: .resize, line, nil, scales, attributes: ["mode": .string("linear")]).floats == [0, 1, 3, 4])
  }

  @Test func expressionsMatchFromEndToEnd() throws {
    let texts = try TensorLiteral(.string, [4], .strings(["a@b.org", "a@b", "x a@b.org", "aa@bb.org"]))
    let matches = try result(of: .regexFullMatch, texts, attributes: ["pattern": .string("\\w+@[a-z]+\\.(org|com)")])
    #expect(try matches.truths == [true, false, false, true])
    // What makes others try for years.
    let long = try TensorLiteral(.string, [1], .strings([ByteString(String(repeating: "a", count: 5_000))]))
    #expect(try result(of: .regexFullMatch, long, attributes: ["pattern": .string("(a*)*b")]).truths == [false])
    #expect(refusal(of: .regexFullMatch, long, attributes: ["pattern": .string("(a")]) == .undefined)
  }
}
