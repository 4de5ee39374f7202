import IR
import Testing

@Suite struct TextPrintingTests {
  @Test func printsAsTheDesignShows() throws {
    let module = try Self.digits()
    let text = try module.text()
    #expect(
      text == """
        module "mnist" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17} {
          graph @main(%x: f32[batch, 1, 28, 28]) -> (logits: f32[batch, 8, 28, 28]) {
            %conv1.weight = constant #conv1.weight : i8[8, 1, 5, 5]
            %s = constant [0.011, -0.0, 1e-05] : f32[3]
            %"/conv1/Conv_output_0" = Conv(%x, %conv1.weight, _) {auto_pad = "NOTSET", pads = [2, 2, 2, 2]} : f32[batch, 8, 28, 28]
            %"\\xff\\n{\\"\\xc3\\xa9" = "com.microsoft"::FusedConv:v2(%"/conv1/Conv_output_0") {alpha = 1.0, none = floats []} : ?
            return %"/conv1/Conv_output_0"
          }
        }
        resource #conv1.weight : i8[8, 1, 5, 5] = elided {bytes = 200, hash = 0xeb3cd20ab5004575, zeros = 100}

        """)
  }

  static func digits() throws -> Module {
    let module = Module(name: "mnist", target: OpsetVersions([.init(domain: "", version: 17)]))
    module.main.name = "main"
    let builder = Builder(module, at: .end(of: module.main))
    let shape: Shape = [.symbol("batch"), .known(1), .known(28), .known(28)]
    let x = builder.addArgument(to: module.main, name: "x", type: .tensor(.float32, shape))
    let output: ValueType = .tensor(.float32, [.symbol("batch"), .known(8), .known(28), .known(28)])
    builder.addOutput(to: module.main, Graph.Output(name: "logits", type: output))
    let weight = try TensorLiteral(.int8, [8, 1, 5, 5], bytes: (0..<200).map { $0 % 2 == 0 ? 0 : UInt8($0) })
    let w = try builder.insertConstant(.tensor(weight), name: "conv1.weight")
    let scales: [Float] = [0.011, -0.0, 1e-5]
    let literal = try TensorLiteral(.float32, [3], bytes: scales.withUnsafeBytes { Array($0) })
    try builder.insertConstant(.tensor(literal), name: "s")
    let y = builder.insert(
      OpCatalog.definition(domain: "", name: "Conv") ?? .opaque(domain: "", name: "Conv"),
      operands: [x, w.result(), nil],
      results: [.init("/conv1/Conv_output_0", output)],
      attributes: ["pads": .ints([2, 2, 2, 2]), "auto_pad": .string("NOTSET")])
    builder.insert(
      .opaque(domain: "com.microsoft", name: "FusedConv"), operands: [y.result()],
      results: [.init(ByteString([0xff, 10] + Array("{\"é".utf8)))],
      attributes: ["alpha": .float(1), "none": .floats([])]
    ).overload = "v2"
    builder.insertReturn([y.result()].compactMap { $0 })
    return module
  }
}
