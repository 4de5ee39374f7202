import Formats
import IR
import Testing

/// What an operation of the IR becomes in older opsets, and which it cannot be written in.
@Suite struct OpsetLoweringTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let opset: Int
    let arguments: String
    let operations: String
    /// The operations that are written, or the error.
    let result: String

    init(_ opset: Int, _ arguments: String, _ operations: String, _ result: String) {
      self.opset = opset
      self.arguments = arguments
      self.operations = operations
      self.result = result
    }

    var testDescription: String { "opset \(opset): \(operations)" }
  }

  @Test(arguments: [
    Case(
      12, "%x: f32[1, 3]", "%a = constant [0] : i64[1] | %y = Squeeze(%x, %a)",
      "%y = Squeeze@11(%x) {axes = [0]} : f32[3]"),
    Case(
      11, "%x: f32[2, 3]", "%a = constant [1] : i64[1] | %y = ReduceSum(%x, %a) {noop_with_empty_axes = 1}",
      "%y = ReduceSum@11(%x) {axes = [1]} : f32[2, 1]"),
    Case(
      9, "%x: f32[4]",
      "%b = constant [1] : i32[1] | %e = constant [3] : i32[1] | %s = constant [1] : i32[1] | %y = Slice(%x, %b, %e, _, %s)",
      "%y = Slice@1(%x) {ends = [3], starts = [1]} : f32[2]"),
    Case(
      13, "%x: f32[5]", "%y, %z = Split(%x) {num_outputs = 2}",
      "%y_split = constant [3, 2] : i64[2] | %y, %z = Split@13(%x, %y_split) : f32[3], f32[2]"),
    Case(
      11, "%x: f32[5]", "%y, %z = Split(%x) {num_outputs = 2}",
      "%y, %z = Split@11(%x) {split = [3, 2]} : f32[3], f32[2]"),
    Case(13, "%x: f32[6]", "%y, %z = Split(%x) {num_outputs = 2}", "%y, %z = Split@13(%x) : f32[3], f32[3]"),
    Case(12, "%x: f32[2, 3, 4]", "%y = Softmax(%x)", "%y = Softmax@11(%x) {axis = 2} : f32[2, 3, 4]"),
    Case(12, "%x: f32[*]", "%y = Softmax(%x)", "%y = Softmax@11(%x) {axis = -1} : f32[*]"),
    Case(
      9, "%a: f32[2, 3], %b: f32[3, 4]", "%y = Gemm(%a, %b)",
      "%y_C = constant splat 0.0 : f32[1] | %y = Gemm@9(%a, %b, %y_C) : f32[2, 4]"),
    Case(
      11, "%x: f32[1, 1, 2, 2]", "%s = constant [1, 1, 4, 4] : i64[4] | %y = Resize(%x, _, _, %s)",
      "%s = constant [1, 1, 4, 4] : i64[4] | %y_roi = constant [] : f32[0] | %y_scales = constant [] : f32[0] | %y = Resize@11(%x, %y_roi, %y_scales, %s) : f32[1, 1, 4, 4]"
    ),
    Case(
      9, "%x: f32[1, 1, 2, 2]",
      "%s = constant [1.0, 1.0, 2.0, 2.0] : f32[4] | %y = Resize(%x, _, %s) {coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\"}",
      "%s = constant [1.0, 1.0, 2.0, 2.0] : f32[4] | %y = Upsample@9(%x, %s) : f32[1, 1, 4, 4]"),
    Case(13, "%x: f32[2, 6], %s: i64[2]", "%y = Reshape(%x, %s) {allowzero = 0}", "%y = Reshape(%x, %s) : f32[?, ?]"),
    Case(
      7, "%x: f32[1, 1, 4]", "%y = MaxPool(%x) {kernel_shape = [2]}",
      "%y = MaxPool(%x) {kernel_shape = [2]} : f32[1, 1, 3]"),
    Case(
      11, "%c: bool[]", "%a = constant operation {value_ints = [1, 2]} | %y = Identity(%a)",
      "%a = constant operation [1, 2] : i64[2] | %y = Identity(%a) : i64[2]"),
    Case(
      8, "%c: bool[]", "%a = constant operation [1, 2] : i64[2] | %y = Identity(%a)",
      "%a = constant [1, 2] : i64[2] | %y = Identity(%a) : i64[2]"),
    Case(
      8, "%c: bool[]", "%a = constant operation [1.0, 2.0] : f32[2] | %y = Identity(%a)",
      "%a = constant operation [1.0, 2.0] : f32[2] | %y = Identity(%a) : f32[2]"),
    // What older opsets say in other words
    Case(
      14, "%x: f32[a, b, c]", "%y = Shape(%x) {end = -1, start = 1}",
      "%y_begin = constant [1] : i64[1] | %y_end = constant [-1] : i64[1] | %y_extents = Shape(%x) : i64[3] | %y = Slice(%y_extents, %y_begin, %y_end) : i64[1]"
    ),
    Case(
      9, "%x: f32[a, b, c]", "%y = Shape(%x) {start = 1}",
      "%y_extents = Shape(%x) : i64[3] | %y = Slice@1(%y_extents) {ends = [9223372036854775807], starts = [1]} : i64[2]"
    ),
    Case(
      13, "%a: u8[2], %b: u8[]", "%y = Sub(%a, %b)",
      "%y_A_converted = Cast(%a) {to = 7} : i64[2] | %y_B_converted = Cast(%b) {to = 7} : i64[] | %y_found = Sub(%y_A_converted, %y_B_converted) : i64[2] | %y = Cast(%y_found) {to = 2} : u8[2]"
    ),
    Case(
      19, "%x: f16[2]", "%y = IsInf(%x) {detect_negative = 0}",
      "%y_X_converted = Cast(%x) {to = 1} : f32[2] | %y = IsInf(%y_X_converted) {detect_negative = 0} : bool[2]"),
    Case(
      13, "%x: f32[0, 3]", "%s = constant [3, 0] : i64[2] | %y = Reshape(%x, %s) {allowzero = 1}",
      "%y_extents = constant [3, -1] : i64[2] | %y = Reshape(%x, %y_extents) : f32[3, 0]"),
    Case(
      13, "%x: f32[0, 3]", "%s = constant [0, 7] : i64[2] | %y = Reshape(%x, %s) {allowzero = 1}",
      "%y_extents = constant [0, 7] : i64[2] | %y = Reshape(%x, %y_extents) : f32[0, 7]"),
    Case(17, "%x: seq<f32[2]>", "%y = OptionalHasElement(%x)", "%y = constant [true] : bool[]"),
    Case(
      13, "%x: f32[2, 3, 4], %w: f32[1, 5, 4], %r: f32[1, 5, 5], %h: f32[2, 1, 5]",
      "%y, %z = RNN(%x, %w, %r, _, _, %h) {activations = [\"Relu\"], hidden_size = 5, layout = 1}",
      "%y_X_moved = Transpose(%x) {perm = [1, 0, 2]} : f32[3, 2, 4] | %y_initial_h_moved = Transpose(%h) {perm = [1, 0, 2]} : f32[1, 2, 5] | %y_Y_moved, %y_Y_h_moved = RNN(%y_X_moved, %w, %r, _, _, %y_initial_h_moved) {activations = [\"Relu\"], hidden_size = 5} : f32[3, 1, 2, 5], f32[1, 2, 5] | %y = Transpose(%y_Y_moved) {perm = [2, 0, 1, 3]} : f32[2, 3, 1, 5]"
    ),
    Case(
      17, "%x: f32[2, 3, 4]",
      "%p = constant [1, 2] : i64[2] | %a = constant [-1] : i64[1] | %y = Pad(%x, %p, _, %a) {mode = \"edge\"}",
      "%p = constant [1, 2] : i64[2] | %a = constant [-1] : i64[1] | %y_rank = constant [3] : i64[] | %y_wide = Cast(%a) {to = 7} : i64[1] | %y_front = Mod@13(%y_wide, %y_rank) : i64[1] | %y_back = Add(%y_front, %y_rank) : i64[1] | %y_both = Concat(%y_front, %y_back) {axis = 0} : i64[2] | %y_none = constant [0, 0, 0, 0, 0, 0] : i64[6] | %y_everywhere = ScatterElements(%y_none, %y_both, %p) : i64[6] | %y = Pad(%x, %y_everywhere) {mode = \"edge\"} : f32[2, 3, 7]"
    ),
    Case(
      9, "%x: f32[1, 1, 8]", "%y = MaxPool(%x) {dilations = [1], kernel_shape = [2]}",
      "%y = MaxPool(%x) {kernel_shape = [2]} : f32[1, 1, 7]"),
    // Axes counted from the back
    Case(
      10, "%x: f32[1, 3, 1]", "%a = constant [-1, 0] : i64[2] | %y = Squeeze(%x, %a)",
      "%y = Squeeze@1(%x) {axes = [2, 0]} : f32[3]"),
    Case(
      9, "%x: f32[3]", "%a = constant [-1] : i64[1] | %y = Unsqueeze(%x, %a)",
      "%y = Unsqueeze@1(%x) {axes = [1]} : f32[3, 1]"),
    Case(9, "%x: f32[2, 3, 4]", "%y = Flatten(%x) {axis = -1}", "%y = Flatten(%x) {axis = 2} : f32[6, 4]"),
    Case(11, "%x: f32[2, 3, 4]", "%y = Flatten(%x) {axis = -1}", "%y = Flatten(%x) {axis = -1} : f32[6, 4]"),
    Case(9, "%x: f32[*]", "%y = Concat(%x) {axis = -1}", "of a tensor of unknown rank -opset=11"),
    // What cannot be said
    Case(12, "%x: f32[1, 3], %a: i64[1]", "%y = Squeeze(%x, %a)", "operand 'axes' that is not constant -opset=13"),
    Case(
      12, "%x: f32[1, 3], %a: i64[0]", "%y = ReduceSum(%x, %a) {noop_with_empty_axes = 1}",
      "operand 'axes' that is not constant -opset=13"),
    Case(
      17, "%x: f32[2]", "%y = ReduceMax(%x) {noop_with_empty_axes = 1}", "noop_with_empty_axes without axes -opset=18"),
    Case(17, "%x: f32[2]", "%y = Gelu(%x)", "from opset 20 on -opset=20"),
    Case(12, "%x: f32[2, 3, 4]", "%y = Softmax(%x) {axis = 1}", "an axis that is not the last -opset=13"),
    Case(
      9, "%x: f32[1, 1, 8]", "%y = MaxPool(%x) {dilations = [2], kernel_shape = [2]}", "attribute 'dilations' -opset=10"
    ),
    Case(7, "%x: f32[1, 1, 8]", "%y, %i = MaxPool(%x) {kernel_shape = [2]}", "result 'Indices' -opset=8"),
    Case(12, "%x: bf16[2]", "%y = Relu(%x)", "operand 'X' of type bf16[2] -opset=13"),
    Case(12, "%x: i32[2]", "%y = Relu(%x)", "operand 'X' of type i32[2] -opset=14"),
    Case(13, "%x: f32[2, 6], %s: i64[2]", "%y = Reshape(%x, %s) {allowzero = 1}", "attribute 'allowzero' -opset=14"),
    Case(12, "%x: i8[2, 3], %s: f32[3]", "%y = DequantizeLinear(%x, %s)", "3 scales along an axis -opset=13"),
    Case(12, "%x: i8[3, 2], %s: f32[3]", "%y = DequantizeLinear(%x, %s) {axis = 0}", "attribute 'axis' -opset=13"),
    Case(18, "%x: i8[3], %s: f16[]", "%y = DequantizeLinear(%x, %s)", "operand 'x_scale' of type f16[] -opset=19"),
    Case(
      20, "%x: f32[1, 4], %s: f32[4]", "%y = GroupNormalization(%x, %s, %s) {num_groups = 2}", "its meaning -opset=21"),
    Case(
      13, "%x: f32[1, 4], %s: f32[4]", "%y = BatchNormalization(%x, %s, %s, %s, %s) {training_mode = 1}",
      "training -opset=14"),
    Case(
      11, "%x: f32[4], %m: bool[]", "%y = Dropout(%x, _, %m)", "operand 'training_mode' that is not constant -opset=12"),
    Case(13, "%x: f32[n]", "%y, %z = Split(%x) {num_outputs = 2}", "unknown extent -opset=18"),
    Case(7, "%a: f32[2, 3], %b: f32[3]", "%y = Max(%a, %b)", "operands that are broadcast -opset=8"),
    Case(18, "%x: f32[3], %p: i64[2]", "%y = Pad(%x, %p) {mode = \"wrap\"}", "mode 'wrap' -opset=19"),
    Case(
      10, "%x: f32[1, 1, 2, 2]", "%s = constant [1, 1, 4, 4] : i64[4] | %y = Resize(%x, _, _, %s)",
      "a resize to given sizes -opset=11"),
    Case(10, "%a: f32[2], %b: f32[2]", "%y = Mod(%a, %b)", "divisor's sign -opset=28"),
    Case(
      17, "%x: f32[1, 1, 8]", "%y = AveragePool(%x) {dilations = [2], kernel_shape = [2]}",
      "attribute 'dilations' -opset=19"),
    Case(
      13, "%a: f32[0, 0], %b: f32[0, 0]", "%s = constant [3, 0, 0] : i64[3] | %y = Reshape(%a, %s) {allowzero = 1}",
      "attribute 'allowzero' -opset=14"),
    Case(10, "%x: f64[2]", "%b = constant [0.1] : f64[] | %y = Clip(%x, %b)", "no single-precision number -opset=11"),
    Case(
      9, "%x: f32[4]",
      "%b = constant [0] : i64[1] | %e = constant [3] : i64[1] | %s = constant [2] : i64[1] | %y = Slice(%x, %b, %e, _, %s)",
      "steps [2] -opset=10"),
    // Forms that stay legacy confine the target.
    Case(13, "%x: f32[2, 3, 4]", "%y = Softmax@11(%x) {axis = 1} : f32[2, 3, 4]", "opsets from 11 to 12"),
    Case(10, "%x: f32[2, 3, 4]", "%y = Softmax@11(%x) {axis = 1} : f32[2, 3, 4]", "opsets from 11 to 12"),
    Case(
      12, "%x: f32[2, 3, 4]", "%y = Softmax@11(%x) {axis = 1} : f32[2, 3, 4]",
      "%y = Softmax@11(%x) {axis = 1} : f32[2, 3, 4]"),
    Case(10, "%x: f32[1, 1, 2], %s: f32[3]", "%y = Upsample@9(%x, %s) : f32[?, ?, ?]", "opsets from 9 to 9"),
  ]) func lowers(_ example: Case) throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @g(\(example.arguments)) -> (y: ?) {
          \(example.operations.replacing(" | ", with: "\n"))
          return %y
        }
      }
      """)
    let before = try module.text(.complete)
    let copy = module.clone()
    do {
      try Opsets.lower(copy, to: OpsetVersions([.init(domain: "", version: example.opset)]))
      #expect(operations(of: copy) == example.result)
    } catch let error as ModelError {
      #expect(error.place != nil)
      let parts = example.result.split(separator: " -opset=").map(String.init)
      #expect(error.message.contains(parts[0]), "\(error)")
      if parts.count == 2 { #expect(error.message.contains("-opset=\(parts[1]))"), "\(error)") }
    }
    #expect(try module.text(.complete) == before)
  }

  private func operations(of module: Module) -> String {
    let text = (try? module.text(.elided)) ?? ""
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
    return lines.filter { $0.hasPrefix("%") }.joined(separator: " | ")
  }
}
