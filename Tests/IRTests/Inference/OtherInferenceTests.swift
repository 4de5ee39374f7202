import Testing

@testable import IR

/// Quantization, resampling, random numbers, losses, signals, text and sequences.
@Suite struct OtherInferenceTests {
  private static func ints(_ values: Int64...) -> AttributeValue { .ints(values) }

  static let quantization: [InferenceCase] = [
    .init(.dequantizeLinear, [.of(.int8, "n", 4), .of(.float16)], gives: "f16[n, 4]"),
    .init(.dequantizeLinear, [.of(.int8, 3, "n"), .f32(3)], ["axis": .int(0)], gives: "f32[3, n]"),
    .init(.dequantizeLinear, [.of(.int8, 3, "n"), .f32(1), .of(.int8)], gives: "f32[3, n]"),
    .init(
      .dequantizeLinear, [.of(.int4, 64, 8), .f32(2, 8)], ["axis": .int(0), "block_size": .int(32)], gives: "f32[64, 8]"
    ),
    .init(.dequantizeLinear, [.of(.int8, 4), .f32()], ["output_dtype": .int(10)], gives: "f16[4]"),
    .init(.quantizeLinear, [.f32("n", 4), .f32()], gives: "u8[n, 4]"),
    .init(.quantizeLinear, [.f32("n", 4), .f32(), .of(.int8)], gives: "i8[n, 4]"),
    .init(.quantizeLinear, [.f32("n", 4), .f32(), .unknown], gives: "?"),
    .init(.quantizeLinear, [.f32("n", 4), .f32()], ["output_dtype": .int(22)], gives: "i4[n, 4]"),
    .init(.dynamicQuantizeLinear, [.f32("n", 4)], results: 3, gives: "u8[n, 4]; f32[]; u8[]"),
    .init(.dequantizeLinear, [.of(.int8, 3, 5), .f32(3)], fails: "3 scales for an extent of 5 along axis 1"),
    .init(.dequantizeLinear, [.of(.int8, 3, 5), .f32(3)], ["axis": .int(2)], fails: "axis 2 is outside"),
    .init(.dequantizeLinear, [.of(.int8, 3, 5), .f32(3)], ["axis": .int(.min)], fails: "is outside"),
    .init(.dequantizeLinear, [.of(.int8, 3, 5), .f32(3, 5)], fails: "there is no block_size"),
    .init(
      .dequantizeLinear, [.of(.int4, 64, 8), .f32(3, 8)], ["axis": .int(0), "block_size": .int(32)],
      fails: "blocks of 32"),
    .init(.dequantizeLinear, [.of(.int4, 64, 8), .f32(2, 8)], ["block_size": .int(-1)], fails: "block_size is -1"),
    .init(.dequantizeLinear, [.of(.int8, 3, 5), .f32(5), .of(.int8, 4)], fails: "the zero point [4]"),
    .init(.quantizeLinear, [.f32("n", 4), .f32(), .of(.int8)], ["output_dtype": .int(2)], fails: "output_dtype is u8"),
    .init(.quantizeLinear, [.f32("n", 4), .f32()], ["output_dtype": .int(1)], fails: "'output_dtype' is 1"),
    .init(.quantizeLinear, [.f32("n", 4), .f32()], ["output_dtype": .int(.max)], fails: "'output_dtype' is"),
  ]

  static let resampling: [InferenceCase] = [
    .init(.resize, [.f32(1, 3, "n", "n"), .absent, .absent, .list(1, 3, 8, "m")], gives: "f32[1, 3, 8, m]"),
    .init(
      .resize, [.f32(1, 3, "n", "n"), .absent, .absent, .list(8, 9)], ["axes": ints(2, 3)], gives: "f32[1, 3, 8, 9]"),
    .init(.resize, [.f32(1, 3, "n"), .absent, .f32(3)], gives: "f32[?, ?, ?]"),
    .init(
      .resize, [.f32(1, 3, "n"), .absent, .absent, .list(1, 3, 8)], ["keep_aspect_ratio_policy": .string("not_larger")],
      gives: "f32[?, ?, ?]"),
    .init(.resize, [.f32(1, 3, "n")], fails: "says neither scales nor sizes"),
    .init(.resize, [.f32(1, 3, "n"), .absent, .absent, .list(8)], ["axes": ints(3)], fails: "axis 3 is outside"),
    .init(.gridSample, [.f32("n", 3, 8, 8), .f32("n", 5, 6, 2)], gives: "f32[n, 3, 5, 6]"),
    .init(.gridSample, [.f32("n", 3, 8, 8), .f32("n", 5, 6, 3)], fails: "grid has shape"),
    .init(.gridSample, [.f32("n", 3, 8, 8), .f32("n", 5, 6)], fails: "which are not of one rank"),
    .init(.affineGrid, [.f32("n", 2, 3), .list("n", 3, 8, 9)], gives: "f32[n, 8, 9, 2]"),
    .init(.affineGrid, [.f32("n", 2, 3), .list("n", 3, 8)], fails: "is neither of an image nor of a volume"),
    .init(.centerCropPad, [.f32(10, "n"), .list(4, 5)], gives: "f32[4, 5]"),
    .init(.centerCropPad, [.f32(10, "n"), .list(4)], ["axes": ints(-1)], gives: "f32[10, 4]"),
    .init(.col2Im, [.f32("n", 12, 9), .list(5, 6), .list(2, 3)], gives: "f32[n, 2, 5, 6]"),
    .init(.col2Im, [.f32("n", 12, 9), .list(5, 6), .list(2, 3)], ["strides": ints(0, 1)], fails: "strides [0, 1]"),
  ]

  static let random: [InferenceCase] = [
    .init(.dropout, [.of(.float16, "n", 4), .f32(), .bool()], results: 2, gives: "f16[n, 4]; bool[n, 4]"),
    .init(.randomNormal, [], ["shape": ints(2, 3)], gives: "f32[2, 3]"),
    .init(.randomUniform, [], ["dtype": .int(11), "shape": ints(2)], gives: "f64[2]"),
    .init(.randomUniformLike, [.i64("n")], ["dtype": .int(1)], gives: "f32[n]"),
    .init(.bernoulli, [.f32("n")], ["dtype": .int(9)], gives: "bool[n]"),
    .init(.multinomial, [.f32("n", 5)], ["sample_size": .int(7)], gives: "i32[n, 7]"),
    .init(.randomNormal, [], ["shape": ints(2, -3)], fails: "shape [2, -3] has a negative extent"),
    .init(.randomNormal, [], ["dtype": .int(7), "shape": ints(2)], fails: "'dtype' is 7"),
    .init(.multinomial, [.f32("n", 5)], ["sample_size": .int(-7)], fails: "sample_size is -7"),
  ]

  static let others: [InferenceCase] = [
    .init(.softmaxCrossEntropyLoss, [.f32("n", 5, 6), .i64("n", 6)], results: 2, gives: "f32[]; f32[n, 5, 6]"),
    .init(
      .negativeLogLikelihoodLoss, [.f32("n", 5, 6), .i64("n", 6)], ["reduction": .string("none")], gives: "f32[n, 6]"),
    .init(.negativeLogLikelihoodLoss, [.f32("n", 5, 6), .i64("n", 7)], fails: "do not fit targets"),
    .init(
      .negativeLogLikelihoodLoss, [.f32("n", 5), .i64("n")], ["reduction": .string("max")], fails: "reduction is 'max'"),
    .init(.nonMaxSuppression, [.f32("n", 5, 4), .f32("n", 2, 5)], gives: "i64[?, 3]"),
    .init(.nonMaxSuppression, [.f32("n", 4), .f32("n", 2, 5)], fails: "boxes of shape"),
    .init(.dft, [.f32("n", 16, 1)], ["onesided": .int(1)], gives: "f32[n, 9, 2]"),
    .init(.dft, [.f32("n", 9, 2)], ["inverse": .int(1), "onesided": .int(1)], gives: "f32[n, 16, 1]"),
    .init(.dft, [.f32("n", 8, 9, 1), .scalar("m"), .scalar(1)], gives: "f32[n, m, 9, 2]"),
    .init(.dft, [.f32("n", 8, 3)], fails: "one or two parts of a number"),
    .init(.dft, [.f32("n", 8, 1), .absent, .scalar(2)], fails: "axis 2 holds the parts"),
    .init(.dft, [.f32("n", 8, 1), .scalar(-1)], fails: "dft_length is -1"),
    .init(.stft, [.f32("n", 128, 1), .scalar(8), .f32(16)], gives: "f32[n, 15, 9, 2]"),
    .init(.stft, [.f32("n", 128, 1), .scalar(0), .f32(16)], fails: "frame_step is 0"),
    .init(.hannWindow, [.scalar("n")], ["output_datatype": .int(11)], gives: "f64[n]"),
    .init(.hannWindow, [.scalar(-4)], fails: "size is -4"),
    .init(.melWeightMatrix, [.scalar(8), .scalar(16), .scalar(8192), .f32(), .f32()], gives: "f32[9, 8]"),
    .init(.stringSplit, [.of(.string, "n")], results: 2, gives: "string[n, ?]; i64[n]"),
    .init(.tfIdfVectorizer, [.i64("n", 9)], ["ngram_indexes": ints(0, 4, 2)], gives: "f32[n, 5]"),
    .init(.sequenceConstruct, [.f32("n"), .f32("n")], gives: "seq<f32[n]>"),
    .init(.sequenceConstruct, [.f32(2), .f32(3)], gives: "seq<f32[?]>"),
    .init(.sequenceConstruct, [.f32(2), .f32(3, 4)], gives: "seq<f32[*]>"),
    .init(.sequenceConstruct, [.f32(2), .i64(2)], fails: "f32 and i64 are no types of one value"),
    .init(.sequenceAt, [Sample(type: .sequence(.tensor(.float32, [2]))), .scalar(0)], gives: "f32[2]"),
    .init(.sequenceAt, [.f32(2), .scalar(0)], fails: "operand 0 is f32[2], not a sequence"),
    .init(.splitToSequence, [.f32("n", 4)], ["keepdims": .int(0)], gives: "seq<f32[4]>"),
    .init(
      .concatFromSequence, [Sample(type: .sequence(.tensor(.float32, [2])))], ["axis": .int(-1), "new_axis": .int(1)],
      gives: "f32[2, ?]"),
    .init(.optionalGetElement, [Sample(type: .optional(.tensor(.float32, [2])))], gives: "f32[2]"),
    .init(.optional, [], fails: "has neither an operand nor the attribute 'type'"),
  ]

  @Test(arguments: quantization + resampling + random + others)
  func inference(_ example: InferenceCase) { example.check() }
}
