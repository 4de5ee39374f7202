import Testing

@testable import IR

/// Products, normalizations, attention and recurrence.
@Suite struct ProductInferenceTests {
  static let products: [InferenceCase] = [
    .init(.matMul, [.f32("n", 4), .f32(4, 5)], gives: "f32[n, 5]"),
    .init(.matMul, [.f32("n", 12, "m", 64), .f32(64, 5)], gives: "f32[n, 12, m, 5]"),
    .init(.matMul, [.f32(4), .f32(4)], gives: "f32[]"),
    .init(.matMul, [.f32(4), .f32("n", 4, 5)], gives: "f32[n, 5]"),
    .init(.matMul, [.f32("n", 3, 4), .f32(4)], gives: "f32[n, 3]"),
    .init(.matMul, [.f32("n", 3, 4), .unranked(.float32)], gives: "f32[*]"),
    .init(.matMulInteger, [.of(.uint8, 2, 3), .of(.int8, 3, 4)], gives: "i32[2, 4]"),
    .init(
      .qLinearMatMul,
      [.of(.int8, 2, 3), .f32(), .of(.int8), .of(.int8, 3, 4), .f32(), .of(.int8), .f32(), .of(.uint8)],
      gives: "u8[2, 4]"),
    .init(.gemm, [.f32("n", 4), .f32(4, 5), .f32(5)], gives: "f32[n, 5]"),
    .init(.gemm, [.f32(4, "n"), .f32(5, 4)], ["transA": .int(1), "transB": .int(1)], gives: "f32[n, 5]"),
    .init(.gemm, [.unranked(.float32), .f32(4, 5)], gives: "f32[?, 5]"),
    .init(.det, [.f32("n", 3, 3)], gives: "f32[n]"),
    .init(.matMul, [.f32(2, 3), .f32(4, 5)], fails: "3 columns meet 4 rows"),
    .init(.matMul, [.f32(2, 3, 4), .f32(3, 4, 5)], fails: "do not broadcast"),
    .init(.matMul, [.f32(), .f32(4)], fails: "a scalar has no product"),
    .init(.gemm, [.f32(2, 3, 4), .f32(4, 5)], fails: "[2, 3, 4] is no matrix"),
    .init(.gemm, [.f32(2, 3), .f32(4, 5)], fails: "3 columns meet 4 rows"),
    .init(.gemm, [.f32(2, 3), .f32(3, 5), .f32(4)], fails: "C has shape [4], which does not broadcast to [2, 5]"),
    .init(.gemm, [.f32(1, 3), .f32(3, 5), .f32(2, 5)], fails: "does not broadcast"),
    .init(.det, [.f32(3, 4)], fails: "holds no square matrices"),
  ]

  private static let statistics: [Sample] = [.f32(8), .f32(8), .f32(8), .f32(8)]

  static let normalizations: [InferenceCase] = [
    .init(.batchNormalization, [.f32("n", 8, 4)] + statistics, gives: "f32[n, 8, 4]"),
    .init(
      .batchNormalization, [.f32("n", 8, 4)] + statistics, ["training_mode": .int(1)], results: 3,
      gives: "f32[n, 8, 4]; f32[8]; f32[8]"),
    .init(.batchNormalization, [.f32("n", 7, 4)] + statistics, fails: "scale has 8 elements for 7 channels"),
    .init(.batchNormalization, [.f32("n", 8), .f32(8, 1), .f32(8), .f32(8), .f32(8)], fails: "scale has shape [8, 1]"),
    .init(.instanceNormalization, [.f32("n", 8, 4), .f32(8), .f32(8)], gives: "f32[n, 8, 4]"),
    .init(.groupNormalization, [.f32("n", 8, 4), .f32(8), .f32(8)], ["num_groups": .int(4)], gives: "f32[n, 8, 4]"),
    .init(.groupNormalization, [.f32("n", 8, 4), .f32(8), .f32(8)], ["num_groups": .int(3)], fails: "3 groups"),
    .init(.groupNormalization, [.f32("n", 8, 4), .f32(8), .f32(8)], ["num_groups": .int(0)], fails: "num_groups is 0"),
    .init(
      .layerNormalization, [.of(.float16, "n", "m", 8), .of(.float16, 8)], results: 3,
      gives: "f16[n, m, 8]; f32[n, m, 1]; f32[n, m, 1]"),
    .init(
      .layerNormalization, [.f32("n", "m", 8), .f32(8)], ["axis": .int(1)], results: 2,
      gives: "f32[n, m, 8]; f32[n, 1, 1]"),
    .init(.layerNormalization, [.f32("n", 8), .f32(8)], ["axis": .int(2)], fails: "axis 2 is outside"),
    .init(.layerNormalization, [.f32("n", 8), .f32(8)], ["stash_type": .int(99)], fails: "'stash_type' is 99"),
    .init(.rmsNormalization, [.f32("n", 8), .of(.float16, 8)], gives: "f16[n, 8]"),
    .init(.lrn, [.f32("n", 8, 4)], ["size": .int(0)], fails: "size is 0"),
    .init(.meanVarianceNormalization, [.f32("n", 8)], fails: "axis 2 is outside"),
    .init(.lpNormalization, [.f32("n", 8)], gives: "f32[n, 8]"),
  ]

  static let attention: [InferenceCase] = [
    .init(
      .attention, [.f32("n", 8, "m", 64), .f32("n", 2, "m", 64), .f32("n", 2, "m", 32)], gives: "f32[n, 8, m, 32]"),
    .init(
      .attention, [.f32("n", "m", 512), .f32("n", "m", 128), .f32("n", "m", 64)],
      ["kv_num_heads": .int(2), "q_num_heads": .int(8)], gives: "f32[n, m, 256]"),
    .init(
      .attention,
      [
        .f32(1, 8, "n", 64), .f32(1, 8, "n", 64), .f32(1, 8, "n", 64), .absent, .f32(1, 8, "m", 64),
        .f32(1, 8, "m", 64),
      ],
      results: 4, gives: "f32[1, 8, n, 64]; f32[1, 8, m + n, 64]; f32[1, 8, m + n, 64]; f32[1, 8, n, m + n]"),
    .init(
      .attention, [.f32("n", "m", 512), .f32("n", "m", 128), .f32("n", "m", 64)],
      fails: "it needs the attribute 'q_num_heads'"),
    .init(
      .attention, [.f32("n", "m", 512), .f32("n", "m", 512), .f32("n", "m", 512)],
      ["kv_num_heads": .int(8), "q_num_heads": .int(7)], fails: "cannot be divided among 7 heads"),
    .init(
      .attention, [.f32("n", "m", 512), .f32("n", "m", 512), .f32("n", "m", 512)], ["q_num_heads": .int(-8)],
      fails: "q_num_heads is -8"),
    .init(
      .attention, [.f32(1, 8, 4, 64), .f32(1, 8, 4, 32), .f32(1, 8, 4, 64)],
      fails: "queries of 64 features meet keys of 32"),
    .init(.attention, [.f32(1, 8), .f32(1, 8, 4, 32), .f32(1, 8, 4, 64)], fails: "Q has shape [1, 8]"),
    .init(
      .linearAttention, [.f32("n", "m", 32), .f32("n", "m", 16), .f32("n", "m", 24)],
      ["kv_num_heads": .int(2), "q_num_heads": .int(4)], results: 2, gives: "f32[n, m, 48]; f32[n, 2, 8, 12]"),
    .init(
      .linearAttention, [.f32("n", "m", 32), .f32("n", "m", 16), .f32("n", "m", 24)],
      ["kv_num_heads": .int(3), "q_num_heads": .int(4)], fails: "no multiple"),
    .init(.rotaryEmbedding, [.f32("n", "m", 64), .f32(10, 8), .f32(10, 8)], gives: "f32[n, m, 64]"),
    .init(.rotaryEmbedding, [.f32("n", 64), .f32(10, 8), .f32(10, 8)], fails: "not of rank 3 or 4"),
    .init(.tensorScatter, [.f32("n", 16, 8), .f32("n", 1, 8)], gives: "f32[n, 16, 8]"),
    .init(.tensorScatter, [.f32("n", 16, 8), .f32("n", 1, 8)], ["axis": .int(0)], fails: "axis 0 is the batch's"),
  ]

  static let recurrences: [InferenceCase] = [
    .init(
      .lstm, [.f32("n", "m", 10), .f32(1, 80, 10), .f32(1, 80, 20)], ["hidden_size": .int(20)], results: 3,
      gives: "f32[n, 1, m, 20]; f32[1, m, 20]; f32[1, m, 20]"),
    .init(
      .gru, [.f32("n", "m", 10), .f32(2, 60, 10), .f32(2, 60, 20)], ["direction": .string("bidirectional")], results: 2,
      gives: "f32[n, 2, m, 20]; f32[2, m, 20]"),
    .init(
      .rnn, [.f32("n", "m", 10), .f32(1, 20, 10), .f32(1, 20, 20)], ["layout": .int(1)], results: 2,
      gives: "f32[n, m, 1, 20]; f32[n, 1, 20]"),
    .init(
      .lstm, [.f32("n", "m", 10), .f32(1, 80, 10), .f32(1, 80, 20)], ["hidden_size": .int(21)],
      fails: "hidden_size is 21"),
    .init(.lstm, [.f32("n", "m", 10), .f32(1, 60, 10), .f32(1, 60, 20)], fails: "is not of 4 gates of 20"),
    .init(.gru, [.f32("n", "m", 10), .f32(1, 60, 11), .f32(1, 60, 20)], fails: "10 features does not fit"),
    .init(
      .gru, [.f32("n", "m", 10), .f32(1, 60, 10), .f32(1, 60, 20)], ["direction": .string("bidirectional")],
      fails: "is not for 2 directions"),
    .init(
      .gru, [.f32("n", "m", 10), .f32(1, 60, 10), .f32(1, 60, 20)], ["direction": .string("up")],
      fails: "direction is 'up'"),
    .init(.rnn, [.f32("n", 10), .f32(1, 20, 10), .f32(1, 20, 20)], fails: "X has shape [n, 10]"),
    .init(
      .rnn, [.f32("n", "m", 10), .f32(1, 20, 10), .f32(1, 20, 20)], ["hidden_size": .int(.min)], fails: "hidden_size is"
    ),
  ]

  @Test(arguments: products + normalizations + attention + recurrences)
  func inference(_ example: InferenceCase) { example.check() }
}
