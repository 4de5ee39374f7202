import IR
import Testing

@testable import Evaluator

/// Operators of `ai.onnx.ml`.
@Suite struct ClassicalTests {
  private func attributes(_ values: KeyValuePairs<String, AttributeValue>) -> Attributes {
    var attributes = Attributes()
    for (name, value) in values { attributes[ByteString(name)] = value }
    return attributes
  }

  /// One question, `x <= 0.5`, and two leaves that speak of the classes or targets `owners`.
  private func stump(_ votes: String, _ owners: [Int64], _ weights: [Float]) -> KeyValuePairs<String, AttributeValue> {
    [
      "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]),
      "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]), "nodes_values": .floats([0.5, 0, 0]),
      "nodes_featureids": .ints([0, 0, 0]), "nodes_truenodeids": .ints([1, 0, 0]),
      "nodes_falsenodeids": .ints([2, 0, 0]), "nodes_missing_value_tracks_true": .ints([1, 0, 0]),
      "\(votes)_treeids": .ints(owners.map { _ in 0 }), "\(votes)_ids": .ints(owners),
      "\(votes)_nodeids": .ints(owners.indices.map { $0 < owners.count / 2 ? 1 : 2 }),
      "\(votes)_weights": .floats(weights),
    ]
  }

  @Test func aTreeSendsWhatIsMissingWhereItsNodeSays() throws {
    var given = attributes(stump("target", [0, 0], [10, 20]))
    given["n_targets"] = .int(1)
    let y = try result(
      of: .treeEnsembleRegressor, .f32([3, 1], [0.5, 0.6, .nan]), attributes: given)
    #expect(try y.floats == [10, 20, 10])
  }

  @Test func treesThatSpeakOfOneOfTwoClassesLeaveTheRestToTheOther() throws {
    var given = attributes(stump("class", [0, 0], [0.25, 0.75]))
    given["classlabels_strings"] = .strings(["no", "yes"])
    let results = try evaluate(.treeEnsembleClassifier, [.f32([2, 1], [0, 1])], given, results: 2)
    #expect(results[0]?.source == .strings(["no", "yes"]))
    #expect(try results[1]?.floats == [0.75, 0.25, 0.25, 0.75])
  }

  @Test func aTreeThatGoesRoundInCirclesIsRefused() throws {
    var given = attributes(stump("target", [0, 0], [10, 20]))
    given["n_targets"] = .int(1)
    given["nodes_truenodeids"] = .ints([0, 0, 0])
    #expect(refusal(of: .treeEnsembleRegressor, try .f32([1, 1], [0]), attributes: given) == .undefined)
  }

  @Test func aFeatureBesideTheSampleIsRefused() throws {
    var given = attributes(stump("target", [0, 0], [10, 20]))
    given["n_targets"] = .int(1)
    given["nodes_featureids"] = .ints([1, 0, 0])
    #expect(refusal(of: .treeEnsembleRegressor, try .f32([1, 1], [0]), attributes: given) == .undefined)
  }

  @Test func labelsAreFoundBySignlessZerosAndNaN() throws {
    let given = attributes(["keys_floats": .floats([0, .nan, 2]), "values_int64s": .ints([5, 6, 7])])
    let y = try result(of: .labelEncoder, .f32([4], [-0.0, .nan, 2, 3]), attributes: given)
    #expect(try y.ints == [5, 6, 7, -1])
  }

  @Test func largeLabelsAreNotMistakenForTheirNeighbors() throws {
    let large: Int64 = 1 << 60
    let given = attributes([
      "keys_int64s": .ints([large, large + 1]), "values_int64s": .ints([large + 3, large + 5]),
    ])
    #expect(try result(of: .labelEncoder, .i64([large + 1, large]), attributes: given).ints == [large + 5, large + 3])
  }

  @Test func theBestClassIsTheFirstOfThoseWithTheLargestScore() throws {
    let given = attributes([
      "coefficients": .floats([1, 2, 2]), "intercepts": .floats([0, 0, 0]), "classlabels_ints": .ints([7, 8, 9]),
    ])
    let results = try evaluate(.linearClassifier, [.f32([2, 1], [1, -1])], given, results: 2)
    #expect(try results[0]?.ints == [8, 7])
    #expect(try results[1]?.floats == [1, 2, 2, -1, -2, -2])
  }

  @Test func everyTwoClassesOfAMachineDecideBetweenThem() throws {
    let given = attributes([
      "coefficients": .floats([1, 1, -1, -1, 1, -1]), "support_vectors": .floats([1, 2, 3]),
      "vectors_per_class": .ints([1, 1, 1]), "rho": .floats([0, 0.5, 0]), "classlabels_ints": .ints([4, 5, 6]),
    ])
    let results = try evaluate(.svmClassifier, [.f32([1], [1])], given, results: 2)
    // 0 against 1: 1 - 1 * 2; 0 against 2: 0.5 - 1 * 1 + 1 * 3; 1 against 2.
    #expect(try results[1]?.floats.count == 3)
    #expect(refusal(of: .svmClassifier, try .f32([2], [1, 1]), attributes: given) == .undefined)
  }

  @Test func mapsBecomeRowsAndScoresBecomeMaps() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17, ai.onnx.ml = 3} {
        graph @main(%x: f32[1, 3]) -> (y: f32[?, ?]) {
          %maps = ai.onnx.ml::ZipMap(%x) {classlabels_int64s = [7, 3, 5]} : seq<map<i64, f32[]>>
          %at = constant [0] : i64[]
          %map = SequenceAt(%maps, %at) : map<i64, f32[]>
          %y = ai.onnx.ml::DictVectorizer(%map) {int64_vocabulary = [3, 4, 7]} : f32[?, ?]
          return %y
        }
      }
      """)
    let results = try Interpreter.run(module, [.tensor(.f32([1, 3], [10, 20, 30]))], budget: .running(bytes: 1 << 20))
    #expect(try results[0]?.tensor?.floats == [20, 0, 10])
  }
}
