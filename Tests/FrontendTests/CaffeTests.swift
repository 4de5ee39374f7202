import Frontend
import IR
import Testing

/// Networks of Caffe: what is refused, in which words, and what of the forms the fixtures do not show.
@Suite struct CaffeTests {
  private func read(_ text: String, path: String = "deploy.prototxt") throws -> Module {
    try Module.read(ModelFile(path: path, contents: ByteSlice(Array(text.utf8))), diagnostics: Diagnostics())
  }

  func refusal(_ text: String) -> String? { TestModel.refusal(Array(text.utf8), path: "deploy.prototxt") }

  private let input =
    #"layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 dim: 6 dim: 6 } } }"#

  private static func detection(_ parameters: String) -> String {
    #"layer { name: "p" type: "PriorBox" bottom: "x" bottom: "x" top: "p" prior_box_param { min_size: 1 } }"#
      + #"layer { name: "y" type: "DetectionOutput" bottom: "x" bottom: "x" bottom: "p" top: "y" "#
      + "detection_output_param { \(parameters) } }"
  }

  // MARK: Text

  @Test(arguments: [
    (
      "layer { type: \"Pooling\"\n  pooling_param { kernel_sze: 3 } }",
      "line 2, column 19: error: PoolingParameter has no field 'kernel_sze'; did you mean 'kernel_size'?"
    ),
    (
      "layer { pooling_param { pool: AVG } }",
      "line 1, column 31: error: 'pool' cannot be 'AVG', which is one of AVE, MAX, STOCHASTIC"
    ),
    ("layer { name: 3 }", "line 1, column 15: error: 'name' takes a text in quotes, not '3'"),
    ("layer {\n name: \"a\"\n name: \"b\" }", "line 3, column 2: error: 'name' is there twice"),
    ("input: \"x\" input_dim: 99999999999", "'input_dim' takes an integer from -2147483648 to 2147483647"),
    ("input: \"x\" input_dim: 1.5", "'input_dim' takes an integer"),
    ("layer { name: \"a", "line 1, column 15: error: a text has no end"),
    ("layer { name: \"a\"", "a message has no end: '}' is missing"),
    ("layer [ { name: \"a\" }", "expected ',' or ']', not the end of the file"),
    ("name: \"\\x\"", "an escape that is no byte"),
    ("name: \"\\777\"", "an escape that is no byte"),
    ("name: \"n\" }", "expected the name of a field, not '}'"),
    ("force_backward: maybe", "'force_backward' takes true or false"),
    ("layer: 3", "expected '{', not '3'"),
    ("layers { type: \"ReLU\" }", "'type' takes a name without quotes, not a text"),
    ("net: \"train_val.prototxt\"\nbase_lr: 0.01", "line 1, column 1: error: NetParameter has no field 'net'"),
  ])
  func textErrors(text: String, message: String) throws {
    let refusal = try #require(self.refusal(text))
    #expect(refusal.contains(message), "\(refusal)")
  }

  /// Whatever is nested: known fields, unknown ones, lists of both.
  @Test(arguments: ["layer {", "a {", "a <", "layer { unknown {", "a: [{"])
  func deepNesting(open: String) throws {
    let refusal = try #require(self.refusal("name: \"n\"\n" + String(repeating: open, count: 10_000)))
    #expect(refusal.contains("nested more than 16 deep") || refusal.contains("has no field"), "\(refusal.prefix(200))")
  }

  @Test func textForms() throws {
    let text = #"""
      # A comment.
      name: "a" 'b\x63\144\n' ; input: ["x"], input_dim: [1, 0x2, 03, 4]
      layer < name: "y" type: "Power" bottom: "x" top: "y" power_param: { power: 1e0 scale: .5f shift: -2. } >;
      layer { name: "z" type: "ReLU" bottom: "y" top: "z" relu_param { negative_slope: -inf } propagate_down: [false] }
      """#
    let module = try read(text)
    #expect(module.name == "abcd\n")
    #expect(module.main.arguments[0].type == .tensor(.float32, [1, 2, 3, 4].map { .known($0) }))
    #expect(module.main.outputs.map(\.name) == ["z"])
  }

  /// A field that a fork has is of no matter where the layer is not there.
  @Test func unknownFieldsOfAbsentLayers() throws {
    let data =
      #"layer { name: "d" type: "Data" top: "t" include { phase: TRAIN } data_param { fork: { a: [1, <b: "c">] } } }"#
    let relu = #"layer { name: "y" type: "ReLU" bottom: "x" top: "y" }"#
    #expect(try read(input + data + relu).main.outputs.map(\.name) == ["y"])
    #expect(refusal(input + data.replacing("TRAIN", with: "TEST") + relu)?.contains("has no field 'fork'") == true)
  }

  // MARK: Networks

  @Test func unsupportedLayersAreNamedTogether() throws {
    let text =
      input
      + #"layer { name: "a" type: "Python" bottom: "x" top: "a" } layer { name: "b" type: "Foo" bottom: "a" top: "b" foo_param { n: 1 } }"#
      + #"layer { name: "c" type: "Foo" bottom: "b" top: "c" } layer { name: "d" type: "Convolutoin" bottom: "c" top: "d" }"#
    let refusal = try #require(self.refusal(text))
    #expect(refusal.contains("3 operators that have no lowering"))
    #expect(refusal.contains("Python at 'a': it is a program"))
    #expect(refusal.contains("Foo, 2 times, first at 'b'"))
    #expect(refusal.contains("Convolutoin at 'd': did you mean 'Convolution'?"))
  }

  @Test(arguments: [
    (
      #"layer { name: "y" type: "ReLU" bottom: "z" top: "y" }"#,
      "layer 'y' (ReLU): error: no layer before it defines its bottom 'z'"
    ),
    (
      #"layer { name: "y" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 3 } }"#,
      "layer 'y' (Convolution): error: has no weight; name the .caffemodel beside the .prototxt"
    ),
    (
      #"layer { name: "y" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 3 kernel_size: 3 group: 2 } }"#,
      "4 channels and 3 outputs cannot be divided into 2 groups"
    ),
    (
      #"layer { name: "y" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 2 stride: 4294967295 pad: 3 } }"#,
      "cannot be laid"
    ),
    (
      #"layer { name: "y" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 1 stride: 4 } }"#,
      "its last window would lie outside of the input of [6, 6]"
    ),
    (
      #"layer { name: "y" type: "ReLU" bottom: "x" top: "y" include { phase: TEST } exclude { phase: TRAIN } }"#,
      "rules to include and to exclude"
    ),
    (
      #"layer { name: "x2" type: "ReLU" bottom: "x" top: "y" } layer { name: "y" type: "ReLU" bottom: "x" top: "y" }"#,
      "defines 'y', which another layer"
    ),
    (
      #"layer { name: "y" type: "Slice" bottom: "x" top: "a" top: "b" slice_param { slice_point: 9 } }"#,
      "do not divide an extent of 4 into 2 parts"
    ),
    (#"layer { name: "y" type: "Concat" bottom: "x" top: "y" concat_param { axis: -9 } }"#, "axis -9 is none"),
    (
      #"layer { name: "y" type: "Eltwise" bottom: "x" bottom: "x" top: "y" eltwise_param { coeff: 1 } }"#,
      "1 coefficients for 2 bottoms"
    ),
    (#"layer { name: "y" type: "LRN" bottom: "x" top: "y" lrn_param { local_size: 4 } }"#, "must be odd"),
    (
      #"layer { name: "y" type: "DummyData" top: "y" dummy_data_param { shape { dim: 9223372036854775807 dim: 9 } } }"#,
      "more elements than can be counted"
    ),
    (
      #"layer { name: "y" type: "PriorBox" bottom: "x" bottom: "x" top: "y" prior_box_param { min_size: [\#(String(repeating: "1,", count: 30_000))1] } }"#,
      "makes more than 1048576 boxes"
    ),
    (#"layer { name: "y" type: "SPP" bottom: "x" top: "y" spp_param { pyramid_height: 60 } }"#, "1 to 16 levels"),
    (#"layer { name: "y" type: "Silence" bottom: "x" }"#, "has no output"),
    (
      #"layer { name: "y" type: "Im2col" bottom: "x" top: "y" convolution_param { kernel_size: 65537 } }"#,
      "has too many elements"
    ),
    (
      #"layer { name: "y" type: "LSTM" bottom: "x" top: "y" recurrent_param { num_output: 3 } }"#,
      "needs an output, and 2 or 3 bottoms"
    ),
    (
      #"layer { name: "y" type: "RNN" bottom: "x" bottom: "x" top: "y" recurrent_param { num_output: 4294967295 } }"#,
      "needs an output, and 2 or 3 bottoms"
    ),
    (
      #"layer { name: "y" type: "DetectionOutput" bottom: "x" bottom: "x" bottom: "x" bottom: "x" bottom: "x" top: "y" }"#,
      "takes locations, scores and prior boxes; with 5 bottoms it is not supported"
    ),
    (
      #"layer { name: "y" type: "DetectionOutput" bottom: "x" bottom: "x" bottom: "x" top: "y" detection_output_param { num_classes: 2 } }"#,
      "needs prior boxes of shape [1, 2, 4 * boxes], not [1, 4, 6, 6]"
    ),
    (detection("num_classes: 4294967295"), "has 4294967295 classes"),
    (detection("num_classes: 1"), "keeps no box at all"),
    (detection("num_classes: 3 keep_top_k: 0"), "keeps no box at all"),
    (detection("num_classes: 3 nms_param { top_k: 0 }"), "keeps no box at all"),
    (detection("num_classes: 3 nms_param { nms_threshold: 0.6 eta: 0.9 }"), "an overlap that adapts (eta 0.9)"),
    (#"layer { name: "y" type: "Filter" bottom: "x" bottom: "x" top: "y" }"#, "a number for each of their rows"),
    (#"layers { name: "y" type: RELU bottom: "x" top: "y" }"#, "layers of two forms"),
    (#"layer { name: "y" bottom: "x" top: "y" }"#, "(a layer without a type) at 'y'"),
    (
      #"layer { name: "y" type: "BN" bottom: "x" top: "y" blobs { num: 4 } blobs { num: 4 } }"#,
      "normalizes by the statistics of the batch at hand"
    ),
    (
      #"layer { name: "y" type: "Upsample" bottom: "x" bottom: "x" top: "y" upsample_param { upsample_h: 4294967295 upsample_w: 1 } }"#,
      "the extents to upsample to are [4294967295, 1]"
    ),
    (
      #"layer { name: "d" type: "Data" top: "d" } layer { name: "y" type: "ReLU" bottom: "d" top: "y" }"#,
      "reads training data, whose shape the file does not say: write in its place layer"
    ),
  ])
  func refusals(text: String, message: String) throws {
    let refusal = try #require(self.refusal(input + text))
    #expect(refusal.contains(message), "\(refusal.prefix(400))")
  }

  @Test(arguments: [
    (#"input: "x" input_dim: 1"#, "has 1 inputs, but 1 input_dim"),
    (#"input: "x" layer { name: "y" type: "ReLU" bottom: "x" top: "y" }"#, "has no shape"),
    (
      #"layers { layer { name: "p" type: "padding" pad: 1 } bottom: "x" top: "p" } layers { layer { name: "r" type: "relu" } bottom: "p" top: "r" }"#,
      "follows a padding layer"
    ),
    (#"layers { layer { name: "r" type: "rely" } bottom: "p" top: "r" }"#, "has type 'rely'"),
    (#"layers { name: "r" bottom: "p" top: "r" }"#, "has no type that Caffe knows"),
  ])
  func olderForms(text: String, message: String) throws {
    let refusal = try #require(self.refusal(text))
    #expect(refusal.contains(message), "\(refusal)")
  }

  /// A snapshot without connections, which some tools write.
  @Test func weightsAlone() throws {
    let weights = WireMessage {
      $0.message(100) {
        $0.text(1, "conv")
        $0.text(2, "Convolution")
        $0.message(7) { $0.float(5, 1) }
      }
    }
    let refusal = try #require(TestModel.refusal(weights.bytes, path: "net.caffemodel"))
    #expect(refusal.contains("does not say how its layers are connected"), "\(refusal)")
    #expect(refusal.contains("mcc deploy.prototxt net.caffemodel"), "\(refusal)")
  }

  @Test func levelsAndStages() throws {
    let text = #"""
      state { level: 2 stage: "deploy" }
      layer { name: "a" type: "ReLU" bottom: "x" top: "a" include { min_level: 3 } include { stage: "deploy" not_stage: "raw" } }
      layer { name: "b" type: "ReLU" bottom: "x" top: "b" exclude { max_level: 2 phase: TEST } }
      layer { name: "c" type: "ReLU" bottom: "x" top: "c" exclude { stage: "other" } }
      """#
    #expect(try read(input + text).main.outputs.map(\.name) == ["a", "c"])
  }

  /// Blobs of a text: their numbers belong to the layer, and extents of 1 do not matter.
  @Test func blobsInText() throws {
    let bias =
      #"layer { name: "y" type: "Bias" bottom: "x" top: "y" blobs { num: 1 channels: 1 height: 1 width: 4 data: [1, 2] data: 3 data: 4 } }"#
    let module = try read(input + bias)
    #expect(module.main.first?.literal?.dimensions == [4, 1, 1])
    #expect(
      refusal(input + bias.replacing("width: 4", with: "width: 5"))?.contains(
        "its bias needs a blob of extents [4, 1, 1]") == true)
    #expect(
      refusal(input + bias.replacing("data: 4", with: ""))?.contains(
        "needs 16 bytes for f32[4, 1, 1], the file holds 12") == true)
    let two = bias.replacing("} }", with: "} blobs { shape { dim: 1 } data: 1 } }")
    #expect(refusal(input + two)?.contains("has 1 parameters as it is written, but the file has 2 blobs") == true)
  }

  /// Images of a data layer: their extents from what it does to them, their channels from its colors or means.
  @Test(arguments: [
    ("ImageData", "image_data_param { new_height: 8 new_width: 9 }", [3, 8, 9]),
    ("ImageData", "image_data_param { is_color: false crop_size: 8 }", [1, 8, 8]),
    ("Data", "transform_param { crop_size: 7 mean_value: [104, 117, 123] scale: 0.5 }", [3, 7, 7]),
    ("Data", "transform_param { crop_size: 7 force_gray: true }", [1, 7, 7]),
  ])
  func imagesOfTrainingData(type: String, parameters: String, extents: [Int]) throws {
    let diagnostics = Diagnostics()
    let text =
      "layer { name: \"d\" type: \"\(type)\" top: \"d\" \(parameters) } "
      + #"layer { name: "y" type: "ReLU" bottom: "d" top: "y" }"#
    let file = ModelFile(path: "deploy.prototxt", contents: ByteSlice(Array(text.utf8)))
    let module = try Module.read(file, diagnostics: diagnostics)
    #expect(module.main.arguments[0].type == .tensor(.float32, [.symbol("batch")] + extents.map { .known($0) }))
    let isTransformed = text.contains("scale")
    let words = "which is to be given as it yields it: less 104.0, 117.0, 123.0, then times 0.5"
    #expect(diagnostics.all.contains { "\($0)".contains(words) } == isTransformed)
  }

  @Test func minusOneIsASymbol() throws {
    let module = try read(
      #"layer { name: "x" type: "Input" top: "x" input_param { shape { dim: -1 dim: 3 } } } layer { name: "y" type: "TanH" bottom: "x" top: "y" }"#
    )
    #expect(module.main.arguments[0].type == .tensor(.float32, [.symbol("batch"), .known(3)]))
  }

  // MARK: Detection

  @Test(arguments: ["name: \"n\"", "# comment\n\n layer { }", "layers<", "input : \"data\"", "state{"])
  func recognizesText(text: String) throws {
    Array(text.utf8).withUnsafeBytes { #expect(CaffeImporter.recognizes(prefix: $0, path: "file")) }
  }

  @Test(arguments: [
    WireMessage {
      $0.text(1, "name")
      $0.message(100) { _ in }
    }, WireMessage { $0.message(100) { _ in } }, WireMessage { $0.message(2) { _ in } },
    WireMessage {
      $0.text(1, "")
      $0.text(3, "data")
    },
  ])
  func recognizesBinary(message: WireMessage) throws {
    message.bytes.withUnsafeBytes { #expect(CaffeImporter.recognizes(prefix: $0, path: "file")) }
  }

  /// Other texts, and a TensorFlow graph: its nodes begin as a name does.
  @Test(arguments: [
    Array("layering: 1".utf8), Array("name".utf8), Array("Bla".utf8), Array("{ \"layer\": 1 }".utf8), [],
    WireMessage { $0.message(1) { $0.text(1, "node") } }.bytes, WireMessage { $0.int(1, 8) }.bytes,
  ])
  func leavesOthersAlone(bytes: [UInt8]) throws {
    bytes.withUnsafeBytes { #expect(!CaffeImporter.recognizes(prefix: $0, path: "file")) }
  }
}
