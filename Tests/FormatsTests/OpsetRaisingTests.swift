import Formats
import IR
import Testing

/// The law of opset adapters: what was raised and is lowered to where it came from is what it was.
@Suite struct OpsetRaisingTests {
  /// An operation as a file of some opset has it, and as the IR has it.
  struct Case: Sendable, CustomTestStringConvertible {
    let opset: Int
    let arguments: String
    let written: String
    /// Constants first, then the operation; `nil` where it stays legacy.
    let raised: String?

    init(_ opset: Int, _ arguments: String, _ written: String, _ raised: String?) {
      self.opset = opset
      self.arguments = arguments
      self.written = written
      self.raised = raised
    }

    var testDescription: String { "opset \(opset): \(written)" }
  }

  @Test(arguments: [
    // Axes
    Case(
      11, "%x: f32[1, 3]", "%y = Squeeze@11(%x) {axes = [0]} : f32[3]",
      "%y_axes = constant [0] : i64[1] | %y = Squeeze(%x, %y_axes) : f32[3]"),
    Case(7, "%x: f32[1, 3]", "%y = Squeeze@1(%x) : f32[3]", "%y = Squeeze(%x) : f32[3]"),
    Case(
      11, "%x: f32[3]", "%y = Unsqueeze@11(%x) {axes = [0, -1]} : f32[1, 3, 1]",
      "%y_axes = constant [0, -1] : i64[2] | %y = Unsqueeze(%x, %y_axes) : f32[1, 3, 1]"),
    Case(
      11, "%x: f32[2, n]", "%y = ReduceSum@11(%x) {axes = [1], keepdims = 0} : f32[2]",
      "%y_axes = constant [1] : i64[1] | %y = ReduceSum(%x, %y_axes) {keepdims = 0} : f32[2]"),
    Case(
      17, "%x: f32[2, n]", "%y = ReduceMean@13(%x) {axes = [-1]} : f32[2, 1]",
      "%y_axes = constant [-1] : i64[1] | %y = ReduceMean(%x, %y_axes) : f32[2, 1]"),
    Case(13, "%x: f32[2, n]", "%y = ReduceMax@13(%x) : f32[1, 1]", "%y = ReduceMax(%x) : f32[1, 1]"),
    Case(13, "%x: f32[2]", "%y = ReduceL2@13(%x) {axes = ints []} : f32[1]", nil),
    Case(13, "%x: i32[2]", "%y = ReduceLogSum@13(%x) : i32[1]", nil),
    Case(18, "%x: f32[2]", "%y = ReduceLogSumExp@18(%x) : f32[1]", "%y = ReduceLogSumExp(%x) : f32[1]"),
    // Activations
    Case(
      7, "%x: f16[2]", "%y = Clip@6(%x) {max = 6.0, min = 0.0} : f16[2]",
      "%y_min = constant [0.0] : f16[] | %y_max = constant [6.0] : f16[] | %y = Clip(%x, %y_min, %y_max) : f16[2]"
    ),
    Case(
      10, "%x: f32[2]", "%y = Clip@6(%x) {max = 6.0} : f32[2]",
      "%y_max = constant [6.0] : f32[] | %y = Clip(%x, _, %y_max) : f32[2]"),
    Case(10, "%x: f16[2]", "%y = Clip@6(%x) {max = 3e+38} : f16[2]", nil),
    Case(10, "%x: ?", "%y = Clip@6(%x) {max = 3.0} : ?", nil),
    Case(9, "%x: f32[2, 5]", "%y = Softmax@1(%x) {axis = 1} : f32[2, 5]", "%y = Softmax(%x) {axis = 1} : f32[2, 5]"),
    Case(11, "%x: f32[2, 5]", "%y = Softmax@11(%x) : f32[2, 5]", "%y = Softmax(%x) : f32[2, 5]"),
    Case(
      11, "%x: f32[2, 5, 6]", "%y = LogSoftmax@11(%x) {axis = -1} : f32[2, 5, 6]",
      "%y = LogSoftmax(%x) {axis = -1} : f32[2, 5, 6]"),
    Case(11, "%x: f32[2, 5, 6]", "%y = Softmax@11(%x) : f32[2, 5, 6]", nil),
    Case(11, "%x: f32[*]", "%y = Hardmax@11(%x) {axis = 3} : f32[*]", nil),
    // Selections
    Case(
      9, "%x: f32[4, 4]", "%y = Slice@1(%x) {axes = [1], ends = [3], starts = [1]} : f32[4, 2]",
      "%y_starts = constant [1] : i64[1] | %y_ends = constant [3] : i64[1] | %y_axes = constant [1] : i64[1] | %y = Slice(%x, %y_starts, %y_ends, %y_axes) : f32[4, 2]"
    ),
    Case(
      9, "%x: f32[4, 4]", "%y = Slice@1(%x) {ends = [3], starts = [1]} : f32[2, 4]",
      "%y_starts = constant [1] : i64[1] | %y_ends = constant [3] : i64[1] | %y = Slice(%x, %y_starts, %y_ends) : f32[2, 4]"
    ),
    Case(
      10, "%x: f32[3]", "%y = Pad@2(%x) {pads = [1, 0], value = 2.5} : f32[4]",
      "%y_pads = constant [1, 0] : i64[2] | %y_constant_value = constant [2.5] : f32[] | %y = Pad(%x, %y_pads, %y_constant_value) : f32[4]"
    ),
    Case(
      10, "%x: f32[3]", "%y = Pad@2(%x) {mode = \"edge\", pads = [1, 0]} : f32[4]",
      "%y_pads = constant [1, 0] : i64[2] | %y = Pad(%x, %y_pads) {mode = \"edge\"} : f32[4]"),
    Case(
      9, "%x: f32[3, 9]", "%y, %i = TopK@1(%x) {k = 2} : f32[3, 2], i64[3, 2]",
      "%y_K = constant [2] : i64[1] | %y, %i = TopK(%x, %y_K) : f32[3, 2], i64[3, 2]"),
    Case(
      11, "%x: f32[5]", "%y, %z = Split@11(%x) {split = [2, 3]} : f32[2], f32[3]",
      "%y_split = constant [2, 3] : i64[2] | %y, %z = Split(%x, %y_split) : f32[2], f32[3]"),
    Case(
      13, "%x: f32[n, 4]", "%y, %z = Split@13(%x) {axis = 1} : f32[n, 2], f32[n, 2]",
      "%y, %z = Split(%x) {axis = 1, num_outputs = 2} : f32[n, 2], f32[n, 2]"
    ),
    Case(
      13, "%x: f32[*]", "%y, %z = Split@13(%x) {axis = 1} : f32[*], f32[*]",
      "%y, %z = Split(%x) {axis = 1, num_outputs = 2} : f32[*], f32[*]"
    ),
    Case(
      9, "%x: f32[3], %i: i64[2], %u: f32[2]", "%y = Scatter@9(%x, %i, %u) {axis = 0} : f32[3]",
      "%y = ScatterElements(%x, %i, %u) {axis = 0} : f32[3]"),
    Case(9, "%i: i64[2], %d: i64[], %v: f32[2]", "%y = OneHot@9(%i, %d, %v) : f32[2, ?]", nil),
    // Normalizations
    Case(
      8, "%x: f32[1, 2], %s: f32[2]", "%y = BatchNormalization@7(%x, %s, %s, %s, %s) {spatial = 1} : f32[1, 2]",
      "%y = BatchNormalization(%x, %s, %s, %s, %s) : f32[1, 2]"),
    Case(
      8, "%x: f32[1, 2], %s: f32[2]", "%y = BatchNormalization@7(%x, %s, %s, %s, %s) {spatial = 0} : f32[1, 2]", nil),
    Case(
      9, "%x: f32[1, 2], %s: f32[2]", "%y = BatchNormalization@9(%x, %s, %s, %s, %s) : f32[1, 2]",
      "%y = BatchNormalization(%x, %s, %s, %s, %s) : f32[1, 2]"),
    Case(
      9, "%x: f32[1, 2], %s: f32[2]",
      "%y, %m, %v, %sm, %sv = BatchNormalization@9(%x, %s, %s, %s, %s) : f32[1, 2], f32[2], f32[2], f32[2], f32[2]", nil
    ),
    Case(
      10, "%x: f32[2]", "%y = Dropout@10(%x) {ratio = 0.25} : f32[2]",
      "%y_ratio = constant [0.25] : f32[] | %y = Dropout(%x, %y_ratio) : f32[2]"),
    Case(7, "%x: f32[2]", "%y = Dropout@7(%x) : f32[2]", "%y = Dropout(%x) : f32[2]"),
    Case(18, "%x: f32[1, 4], %s: f32[2]", "%y = GroupNormalization@18(%x, %s, %s) {num_groups = 2} : f32[1, 4]", nil),
    // Resampling
    Case(
      7, "%x: f32[1, 1, 2, 2]", "%y = Upsample@7(%x) {scales = [1.0, 1.0, 2.0, 2.0]} : f32[1, 1, 4, 4]",
      "%y_scales = constant [1.0, 1.0, 2.0, 2.0] : f32[4] | %y = Resize(%x, _, %y_scales) {coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\"} : f32[1, 1, 4, 4]"
    ),
    Case(
      9, "%x: f32[1, 1, 2, 2], %s: f32[4]", "%y = Upsample@9(%x, %s) {mode = \"linear\"} : f32[?, ?, ?, ?]",
      "%y = Resize(%x, _, %s) {coordinate_transformation_mode = \"asymmetric\", mode = \"linear\"} : f32[?, ?, ?, ?]"
    ),
    Case(
      10, "%x: f32[1, 1, 2, 2], %s: f32[4]", "%y = Resize@10(%x, %s) {mode = \"linear\"} : f32[?, ?, ?, ?]",
      "%y = Resize(%x, _, %s) {coordinate_transformation_mode = \"asymmetric\", mode = \"linear\"} : f32[?, ?, ?, ?]"
    ),
    Case(10, "%x: f32[1, 1, 2, 2], %s: f32[4]", "%y = Resize@10(%x, %s) : f32[?, ?, ?, ?]", nil),
    Case(
      11, "%x: f32[1, 1, 2, 2], %r: f32[0], %s: f32[4]",
      "%y = Resize@11(%x, %r, %s) {coordinate_transformation_mode = \"tf_half_pixel_for_nn\"} : f32[?, ?, ?, ?]", nil),
    Case(
      11, "%x: f32[1, 1, 2, 2], %r: f32[0], %s: f32[4]", "%y = Resize@11(%x, %r, %s) : f32[?, ?, ?, ?]",
      "%y = Resize(%x, %r, %s) : f32[?, ?, ?, ?]"),
    Case(
      16, "%x: f32[1, 1, 2, 2], %g: f32[1, 3, 3, 2]",
      "%y = GridSample@16(%x, %g) {mode = \"bicubic\"} : f32[1, 1, 3, 3]",
      "%y = GridSample(%x, %g) {mode = \"cubic\"} : f32[1, 1, 3, 3]"),
    Case(
      10, "%x: f32[1, 1, 4, 4], %r: f32[n, 4], %b: i64[n]", "%y = RoiAlign@10(%x, %r, %b) : f32[n, 1, 1, 1]",
      "%y = RoiAlign(%x, %r, %b) {coordinate_transformation_mode = \"output_half_pixel\"} : f32[n, 1, 1, 1]"),
    // Others
    Case(17, "%x: f32[1, 8, 1]", "%y = DFT@17(%x) : f32[1, 8, 2]", "%y = DFT(%x) : f32[1, 8, 2]"),
    Case(
      17, "%x: f32[1, 8, 4, 1]", "%y = DFT@17(%x) {axis = 1} : f32[1, 8, 4, 2]",
      "%y_axis = constant [1] : i64[] | %y = DFT(%x, _, %y_axis) : f32[1, 8, 4, 2]"),
    Case(17, "%x: f32[1, 8, 4, 1]", "%y = DFT@17(%x) : f32[1, 8, 4, 2]", nil),
    Case(9, "%x: i32[2]", "%y = Erf@9(%x) : i32[2]", nil),
    Case(9, "%x: f32[2]", "%y = Erf@9(%x) : f32[2]", "%y = Erf(%x) : f32[2]"),
    Case(
      7, "%a: f32[2, 3], %b: f32[3, 4], %c: f32[4]", "%y = Gemm@7(%a, %b, %c) : f32[2, 4]",
      "%y = Gemm(%a, %b, %c) : f32[2, 4]"),
    Case(
      10, "%x: i8[2], %s: f32[]", "%y = DequantizeLinear@10(%x, %s) : f32[2]", "%y = DequantizeLinear(%x, %s) : f32[2]"),
    Case(
      13, "%a: f32[2], %b: f32[2]", "%y = Mod@13(%a, %b) {fmod = 1} : f32[2]", "%y = Mod(%a, %b) {fmod = 1} : f32[2]"),
    Case(7, "%a: f32[2], %b: f32[2]", "%y = Max@6(%a, %b) : f32[2]", "%y = Max(%a, %b) : f32[2]"),
    // The classical domain
    Case(
      9, "%x: string[2]",
      "%y = \"ai.onnx.ml\"::LabelEncoder@1(%x) {classes_strings = [\"a\", \"b\"], default_int64 = 7} : i64[2]",
      "%y = \"ai.onnx.ml\"::LabelEncoder(%x) {default_int64 = 7, keys_strings = [\"a\", \"b\"], values_int64s = [0, 1]} : i64[2]"
    ),
    Case(
      9, "%x: i64[2]", "%y = \"ai.onnx.ml\"::LabelEncoder@1(%x) {classes_strings = [\"a\"]} : string[2]",
      "%y = \"ai.onnx.ml\"::LabelEncoder(%x) {keys_int64s = [0], values_strings = [\"a\"]} : string[2]"),
    Case(9, "%x: ?", "%y = \"ai.onnx.ml\"::LabelEncoder@1(%x) {classes_strings = [\"a\"]} : ?", nil),
    Case(9, "%x: f32[2]", "%y = \"ai.onnx.ml\"::Scaler(%x) : f32[2]", "%y = \"ai.onnx.ml\"::Scaler(%x) : f32[2]"),
    Case(8, "%x: f32[2, 3, 4], %s: f32[3]", "%y = Scan@8(_, %x, %s) {num_scan_inputs = 1} : f32[2, 3, 4]", nil),
  ]) func law(_ example: Case) throws {
    let original = try parse(example)
    let module = try parse(example)
    try Opsets.raise(module)
    #expect(operations(of: module) == (example.raised ?? example.written))
    let copy = module.clone()
    try Opsets.lower(copy, to: module.target)
    #expect(try copy.difference(from: original) == nil)
    #expect(operations(of: module) == (example.raised ?? example.written), "lowering a clone leaves the module alone")
  }

  /// In the first opsets operands had one shape, or the second was stretched to the first.
  @Test(arguments: [
    Case(6, "%x: f32[n], %z: f32[m]", "%y = Add@6(%x, %z)", "%y = Add(%x, %z) : f32[n]"),
    Case(6, "%x: f32[n], %z: f32[m]", "%y = Less@1(%x, %z)", "%y = Less(%x, %z) : bool[n]"),
    Case(6, "%x: f32[n], %z: f32[m]", "%y = Pow@1(%x, %z)", "%y = Pow(%x, %z) : f32[n]"),
    Case(7, "%x: f32[n], %z: f32[m]", "%y = Max@6(%x, %z)", "%y = Max(%x, %z) : f32[n]"),
    Case(7, "%x: f32[n, 2, 3]", "%y = Softmax@1(%x)", "%y = Softmax@1(%x) : f32[n, 2, 3]"),
  ]) func olderFormsTellShapes(_ example: Case) throws {
    let module = try parse(example)
    try Opsets.raise(module)
    #expect(operations(of: module) == example.raised)
  }

  /// Forms that opsets had which are no longer written.
  @Test(arguments: [
    Case(5, "%x: f32[2]", "%y = Selu@1(%x) {gamma = 1.5}", "%y = Selu(%x) {alpha = 1.6732, gamma = 1.5} : f32[2]"),
    Case(
      1, "%x: f32[1, 1, 4]", "%y = LpPool@1(%x) {kernel_shape = [2], p = 1.0}",
      "%y = LpPool(%x) {kernel_shape = [2], p = 1} : f32[1, 1, 3]"),
    Case(1, "%x: f32[1, 1, 4]", "%y = GlobalLpPool@1(%x) {p = 1.5}", "%y = GlobalLpPool@1(%x) {p = 1.5} : ?"),
    Case(
      1, "%x: f32[2]", "%y = Pad@1(%x) {paddings = [1, 0]}",
      "%y_pads = constant [1, 0] : i64[2] | %y = Pad(%x, %y_pads) : f32[3]"),
    Case(
      1, "%x: f32[2, 3]",
      "%n = constant [2.0] : f32[1]\n%a = constant [1.0] : f32[1]\n%y = Tile@1(%x, %n, %a)",
      "%y_repeats = constant [1, 2] : i64[2] | %y = Tile(%x, %y_repeats) : f32[2, 6]"),
    Case(
      1, "%x: f32[3]", "%s = constant [1.0, 2.0] : f32[2]\n%y, %z = Split@1(%x, %s)",
      "%y_split = constant [1, 2] : i64[2] | %y, %z = Split(%x, %y_split) : f32[1], f32[2]"),
    Case(
      1, "%x: f32[1, 1, 2, 2]", "%y = Upsample@1(%x) {height_scale = 2.0, mode = \"bilinear\", width_scale = 3.0}",
      "%y_scales = constant [1.0, 1.0, 2.0, 3.0] : f32[4] | %y = Resize(%x, _, %y_scales) {coordinate_transformation_mode = \"asymmetric\", mode = \"linear\"} : f32[1, 1, 4, 6]"
    ),
  ]) func formsOfTheFirstOpsets(_ example: Case) throws {
    let module = try parse(example)
    try Opsets.raise(module)
    #expect(operations(of: module) == example.raised)
  }

  private func parse(_ example: Case) throws -> Module {
    try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = \(example.opset), ai.onnx.ml = 1} {
        graph @g(\(example.arguments)) -> (y: ?) {
          \(example.written)
          return %y
        }
      }
      """)
  }

  private func operations(of module: Module) -> String {
    let text = (try? module.text(.elided)) ?? ""
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    return lines.filter { $0.hasPrefix("%") }.joined(separator: " | ")
  }
}
