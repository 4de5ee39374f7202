import Testing

@testable import IR

/// The operators of ai.onnx.ml: features, encodings, linear models, trees and maps.
@Suite struct ClassicalInferenceTests {
  private static func strings(_ values: ByteString...) -> AttributeValue { .strings(values) }
  private static let numbers = AttributeValue.ints([1, 2, 3])
  private static func map(_ key: ElementType, _ value: ElementType) -> Sample {
    Sample(type: .map(key: key, value: .tensor(value, [])))
  }

  static let cases: [InferenceCase] = [
    .init(.arrayFeatureExtractor, [.f32("n", 5), .i64(2)], gives: "f32[n, 2]"),
    .init(.arrayFeatureExtractor, [.f32(5), .i64(1, 2)], gives: "f32[1, 2]"),
    .init(.binarizer, [.i64("n", 5)], gives: "i64[n, 5]"),
    .init(.imputer, [.unranked(.float64)], gives: "f64[*]"),
    .init(.normalizer, [.of(.float64, "n", 5)], gives: "f32[n, 5]"),
    .init(.scaler, [.i64("n", 5)], gives: "f32[n, 5]"),
    .init(.categoryMapper, [.of(.string, "n")], gives: "i64[n]"),
    .init(.categoryMapper, [.i64("n")], gives: "string[n]"),
    .init(.featureVectorizer, [.f32("n", 2), .f32("n", 3)], ["inputdimensions": .ints([2, 3])], gives: "f32[n, 5]"),
    .init(.featureVectorizer, [.unknown], ["inputdimensions": .ints([2, 3])], gives: "f32[*]"),
    .init(.labelEncoder, [.of(.string, "n")], ["values_int64s": numbers], gives: "i64[n]"),
    .init(.labelEncoder, [.i64("n")], ["values_floats": .floats([1])], gives: "f32[n]"),
    .init(.labelEncoder, [.i64("n")], gives: "?"),
    .init(.oneHotEncoder, [.i64("n", 2)], ["cats_int64s": numbers], gives: "f32[n, 2, 3]"),
    .init(.oneHotEncoder, [.of(.string, "n")], gives: "f32[n, ?]"),
    .init(
      .linearClassifier, [.f32("n", 5)], ["classlabels_ints": numbers], results: 2, gives: "i64[n]; f32[n, 3]"),
    .init(
      .linearClassifier, [.f32(5)], ["classlabels_strings": strings("a")], results: 2, gives: "string[1]; f32[1, ?]"),
    .init(.linearClassifier, [.f32("n", 5)], results: 2, gives: "?; f32[n, ?]"),
    .init(.linearRegressor, [.f32("n", 5)], ["targets": .int(2)], gives: "f32[n, 2]"),
    .init(.linearRegressor, [.f32("n", 5)], ["targets": .int(-1)], gives: "f32[n, ?]"),
    .init(.svmClassifier, [.f32("n", 5)], ["classlabels_ints": numbers], results: 2, gives: "i64[n]; f32[n, ?]"),
    .init(.svmRegressor, [.f32("n", 5)], gives: "f32[n, 1]"),
    .init(.treeEnsemble, [.of(.float64, "n", 5)], ["n_targets": .int(4)], gives: "f64[n, 4]"),
    .init(
      .treeEnsembleClassifier, [.i64("n", 5)], ["classlabels_int64s": numbers], results: 2,
      gives: "i64[n]; f32[n, 3]"),
    .init(.treeEnsembleRegressor, [.f32("n", 5)], ["n_targets": .int(4)], gives: "f32[n, 4]"),
    .init(.treeEnsembleRegressor, [.f32(1, 2, 3)], gives: "f32[*]"),
    .init(.castMap, [map(.int64, .float32)], gives: "f32[*]"),
    .init(.castMap, [map(.int64, .float32)], ["cast_to": .string("TO_STRING")], gives: "string[*]"),
    .init(.dictVectorizer, [map(.string, .int64)], gives: "i64[*]"),
    .init(.zipMap, [.f32("n", 2)], ["classlabels_strings": strings("a", "b")], gives: "seq<map<string, f32[]>>"),
    .init(.zipMap, [.f32("n", 2)], ["classlabels_int64s": .ints([0, 1])], gives: "seq<map<i64, f32[]>>"),
  ]

  @Test(arguments: cases) func infers(_ example: InferenceCase) { example.check() }
}
