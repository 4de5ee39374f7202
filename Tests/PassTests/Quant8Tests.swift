import IR
import Testing

@testable import Passes

@Suite struct Quant8Tests {
  /// Runs quant8 on the text and returns the module.
  static func run(_ text: String, _ configure: (inout Quant8) -> Void = { _ in }, threads: Int = 1) throws -> Module {
    let module = try Module.parse(text)
    var pass = Quant8()
    configure(&pass)
    try pass.run(on: module, PassContext(module, pass: "quant8", threads: threads))
    return module
  }

  static func model(
    _ body: String, _ type: String, target: Int = 17, output: String = "f32[*]", arguments: String = "%x: f32[*]"
  ) -> String {
    """
    module "m" vocabulary {"" = 28} target {"" = \(target)} {
      graph @main(\(arguments)) -> (y: \(output)) {
        %w = constant #w : \(type)
        \(body)
        return %y
      }
    }
    resource #w : \(type) = seeded {seed = 7}
    """
  }

  static func operations(_ module: Module) -> [String] {
    module.main.operations.filter { !$0.isConstant && !$0.has(.terminator) }.map(\.definition.qualifiedName)
  }

  static func constant(_ module: Module, _ name: ByteString) throws -> TensorLiteral {
    try #require(module.main.operations.first { $0.result()?.name == name }?.literal)
  }

  // MARK: The forms

  static let wholeForms: [(body: String, type: String, axis: Int, channels: Int)] = [
    ("%y = Conv(%x, %w, _) : f32[*]", "f32[16, 8, 3, 3]", 0, 16),
    ("%y = ConvTranspose(%x, %w, _) {group = 2} : f32[*]", "f32[16, 8, 3, 3]", 1, 8),
    ("%y = Gemm(%x, %w, _) : f32[*]", "f32[32, 64]", 1, 64),
    ("%y = Gemm(%x, %w, _) {transB = 1} : f32[*]", "f32[32, 64]", 0, 32),
    ("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]", 1, 64),
    ("%y = MatMul(%x, %w) : f32[*]", "f32[3, 32, 64]", 2, 64),
    ("%y = MatMul(%w, %x) : f32[*]", "f32[3, 32, 64]", 1, 32),
  ]

  @Test(arguments: wholeForms.indices) func decodesAlongTheChannelAxis(_ index: Int) throws {
    let (body, type, axis, channels) = Self.wholeForms[index]
    let module = try Self.run(Self.model(body, type))
    let decoding = try #require(module.main.operations.first { $0.is(.dequantizeLinear) })
    #expect(decoding.int("axis") == axis)
    #expect(decoding.operand(0)?.literal?.elementType == .int8)
    #expect(decoding.operand(1)?.literal?.dimensions == [channels])
    #expect(module.main.operations.allSatisfy { $0.literal?.elementType != .float32 || $0.result()?.name != "w" })
    try Self.expectWithinBound(try Self.constant(try Module.parse(Self.model(body, type)), "w"), decoding, axis)
  }

  /// |w - s q| <= s (1/2 + 2^-16), and s <= largest / 127 (1 + 2^-22), in double.
  static func expectWithinBound(_ weight: TensorLiteral, _ decoding: Operation, _ axis: Int) throws {
    let weights = try floats(weight)
    let scales = try floats(try #require(decoding.operand(1)?.literal)).map(Double.init)
    let integers = try #require(decoding.operand(0)?.literal).smallBytes().map { Double(Int8(bitPattern: $0)) }
    let layout = try #require(ChannelLayout(weight.dimensions, axis: axis))
    var largest = Array(repeating: 0.0, count: layout.channels)
    for (index, value) in weights.enumerated() {
      let channel = index / layout.inner % layout.channels
      largest[channel] = max(largest[channel], abs(Double(value)))
      #expect(abs(Double(value) - scales[channel] * integers[index]) <= scales[channel] * (0.5 + 0x1p-16))
      #expect(abs(integers[index]) <= 127)
    }
    for (scale, largest) in zip(scales, largest) { #expect(scale <= largest / 127 * (1 + 0x1p-22)) }
  }

  static func floats(_ literal: TensorLiteral) throws -> [Float] {
    let bytes = try literal.smallBytes()
    return bytes.withUnsafeBytes { bytes in
      (0..<literal.elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test func gathersTablesFirst() throws {
    let module = try Self.run(
      Self.model("%y = Gather(%w, %x) : f32[*]", "f32[100, 64]", arguments: "%x: i64[5]"))
    #expect(Self.operations(module) == ["Gather", "Cast", "Gather", "Mul"])
    #expect(try Self.constant(module, "w_scale").dimensions == [100, 1])
  }

  @Test func sharesATableWithTheOutputProjection() throws {
    let body = "%e = Gather(%w, %x) : f32[5, 64] %y = Gemm(%e, %w, _) {transB = 1} : f32[*]"
    let module = try Self.run(Self.model(body, "f32[100, 64]", arguments: "%x: i64[5]"))
    #expect(
      Self.operations(module) == ["Gather", "Cast", "Gather", "Unsqueeze", "Mul", "DequantizeLinear", "Gemm"])
    #expect(module.main.operations.count { $0.literal?.elementType == .int8 } == 1)
  }

  @Test func encodesGatesAsAMatrix() throws {
    let body =
      "%r = constant #w : f32[2, 64, 16] %y = GRU(%x, %r, %q, _, _, _) {direction = \"bidirectional\", hidden_size = 16} : ?"
    let text = Self.model(body, "f32[2, 48, 16]", output: "?").replacing("%q", with: "%w").replacing(
      "#w : f32[2, 64, 16]", with: "#w : f32[2, 48, 16]")
    let module = try Self.run(text)
    #expect(
      Self.operations(module).filter { $0 != "GRU" } == ["DequantizeLinear", "Reshape", "DequantizeLinear", "Reshape"])
    #expect(try Self.constant(module, "w_int8").dimensions == [96, 16])
  }

  @Test func keepsHalfPrecisionBehindACast() throws {
    for type in ["f16", "bf16"] {
      let module = try Self.run(
        Self.model(
          "%y = MatMul(%x, %w) : \(type)[*]", "\(type)[32, 64]", output: "\(type)[*]", arguments: "%x: \(type)[*]"))
      #expect(Self.operations(module) == ["DequantizeLinear", "Cast", "MatMul"])
      #expect(try Self.constant(module, "w_scale").elementType == .float32)
    }
  }

  @Test func hasOneScaleATensorWhenAsked() throws {
    let module = try Self.run(Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]")) { $0.granularity = .tensor }
    #expect(try Self.constant(module, "w_scale").dimensions == [])
  }

  // MARK: The target

  @Test func raisesAnOldTarget() throws {
    let module = try Self.run(Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]", target: 9))
    #expect(module.target[""] == 13)
  }

  @Test func raisesAnOldTargetNoFurtherThanNeeded() throws {
    let product = Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]", target: 9)
    #expect(try Self.run(product) { $0.granularity = .tensor }.target[""] == 10)
    #expect(try Self.run(product) { $0.activations = .dynamic }.target[""] == 11)
    let rows = "%i = constant [1, 2] : i64[2] %y = Gather(%w, %i) {axis = 0} : f32[*]"
    #expect(try Self.run(Self.model(rows, "f32[64, 64]", target: 9)).target[""] == 9)
  }

  @Test func keepsAPinnedTarget() throws {
    let module = try Module.parse(Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]", target: 11))
    module.isTargetPinned = true
    let context = PassContext(module, pass: "quant8")
    try Quant8().run(on: module, context)
    #expect(module.target[""] == 11)
    #expect(try Self.constant(module, "w_scale").dimensions == [])
    #expect(context.remarks.contains { $0.kind == .warning })
  }

  // MARK: Integer arithmetic

  @Test func computesProductsInIntegers() throws {
    let module = try Self.run(Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]")) { $0.activations = .dynamic }
    #expect(Self.operations(module) == ["DynamicQuantizeLinear", "MatMulInteger", "Cast", "Mul", "Mul"])
  }

  @Test func decodesTheWeightOfAnInputOfUnknownType() throws {
    let text = Self.model("%y = MatMul(%x, %w) : ?", "f32[32, 64]", output: "?", arguments: "%x: ?")
    let module = try Self.run(text) { $0.activations = .dynamic }
    #expect(Self.operations(module) == ["DequantizeLinear", "MatMul"])
    #expect(module.main.operations.count { $0.isConstant } == 2)
  }

  @Test func transposesTheWeightOfAGemm() throws {
    let body = "%y = Gemm(%x, %w, _) {transB = 1, alpha = 0.5} : f32[*]"
    let text = Self.model(body, "f32[32, 64]")
    let plain = try Self.run(text)
    let dynamic = try Self.run(text) { $0.activations = .dynamic }
    let integers = try Self.constant(plain, "w_int8").smallBytes()
    let turned = try Self.constant(dynamic, "w_uint8")
    #expect(turned.elementType == .uint8)
    #expect(turned.dimensions == [64, 32])
    let bytes = try turned.smallBytes()
    for row in 0..<32 {
      let isTurned = (0..<64).allSatisfy { column in bytes[column * 32 + row] == integers[row * 64 + column] ^ 128 }
      #expect(isTurned)
    }
    let halves = try Self.floats(try Self.constant(plain, "w_scale")).map { $0 * 0.5 }
    #expect(try Self.floats(try Self.constant(dynamic, "w_scale")) == halves)
    #expect(try Self.constant(dynamic, "w_zero_point").smallBytes() == [128])
  }

  @Test func sharesTheQuantizedInput() throws {
    let body = "%a = MatMul(%x, %w) : f32[*] %b = MatMul(%x, %w) : f32[*] %y = Add(%a, %b) : f32[*]"
    let module = try Self.run(Self.model(body, "f32[32, 64]")) { $0.activations = .dynamic }
    #expect(Self.operations(module).count { $0 == "DynamicQuantizeLinear" } == 1)
  }

  @Test func addsTheBiasOfAConvolutionAlongItsChannels() throws {
    let body = "%b = constant [0.5, 0.25, 1.0, 2.0] : f32[4] %y = Conv(%x, %w, %b) : f32[*]"
    let module = try Self.run(Self.model(body, "f32[4, 32, 3, 3]")) { $0.activations = .dynamic }
    #expect(Self.operations(module) == ["DynamicQuantizeLinear", "ConvInteger", "Cast", "Mul", "Mul", "Add"])
    #expect(try Self.constant(module, "w_scale").dimensions == [4, 1, 1])
    #expect(try Self.constant(module, "b_channels").dimensions == [4, 1, 1])
  }

  // MARK: What it leaves alone

  @Test func leavesSmallReturnedAndUnlikelyConstantsAlone() throws {
    for (body, type) in [
      ("%y = MatMul(%x, %w) : f32[*]", "f32[31, 33]"), ("%y = Add(%x, %w) : f32[*]", "f32[64, 64]"),
      ("%y = MatMul(%x, %w) : f64[*]", "f64[64, 64]"),
    ] {
      let element = type.prefix(3)
      let text = Self.model(
        body.replacing("f32[*]", with: "\(element)[*]"), type, output: "\(element)[*]", arguments: "%x: \(element)[*]")
      #expect(try Self.run(text).text() == Module.parse(text).text())
    }
    let returned = Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[64, 64]")
      .replacing("return %y", with: "return %w").replacing("(y: f32[*])", with: "(y: f32[64, 64])")
    #expect(try Self.run(returned).text() == Module.parse(returned).text())
  }

  @Test func runsTwiceAndTheSecondChangesNothing() throws {
    for activations in [Quant8.Activations.float, .dynamic] {
      let module = try Self.run(Self.model("%y = MatMul(%x, %w) : f32[*]", "f32[32, 64]")) {
        $0.activations = activations
      }
      let context = PassContext(module, pass: "quant8")
      var pass = Quant8()
      pass.activations = activations
      try pass.run(on: module, context)
      #expect(context.rewriter.mutationCount == 0)
      #expect(context.remarks.contains { $0.message.hasPrefix("nothing to quantize") })
    }
  }

  @Test func refusesNaNAndInfinityByName() throws {
    for value in ["nan", "inf", "-inf"] {
      let text = """
        module "m" vocabulary {"" = 28} target {"" = 17} {
          graph @main(%x: f32[1, 2]) -> (y: f32[1, 2]) {
            %w = constant [1.0, 2.0, \(value), 4.0] : f32[2, 2]
            %y = MatMul(%x, %w) : f32[1, 2]
            return %y
          }
        }
        """
      let error = #expect(throws: ModelError.self) { try Self.run(text) { $0.minElements = 1 } }
      #expect(error?.place == "tensor 'w'")
    }
  }
}
