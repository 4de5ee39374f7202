import Frontend
import IR
import Testing

/// What an archive may say of its files, and of the tensors in them.
@Suite struct PyTorchArchiveTests {
  private static let relu = TestProgram.node("aten.relu.default", [("self", TestProgram.argument("x"))], "y")
  private static let sum = TestProgram.node(
    "aten.add.Tensor", [("self", TestProgram.argument("x")), ("other", TestProgram.argument("w"))], "y")

  private static let numbers: [UInt8] = (0..<12).flatMap { value in
    withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
  }

  private static func archive(_ description: String, pickled: Bool = false, bytes: [UInt8] = numbers) -> [UInt8] {
    TestProgram.archive(
      TestProgram.program([sum]), weights: TestProgram.weights(description, pickled: pickled),
      files: [("m/data/weights/weight_0", bytes)])
  }

  private static func weight(_ description: String) throws -> [Float] {
    let module = try TestProgram.read(archive(description))
    guard let literal = module.main.operations.first(where: { $0.isConstant })?.literal else { return [] }
    return try literal.smallBytes().withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test func weightsLieByStrides() throws {
    #expect(try Self.weight(TestProgram.tensor([2, 3])) == [0, 1, 2, 3, 4, 5])
    #expect(try Self.weight(TestProgram.tensor([2, 3], offset: 6)) == [6, 7, 8, 9, 10, 11])
    #expect(try Self.weight(TestProgram.tensor([2, 3], strides: [1, 2], offset: 1)) == [1, 3, 5, 2, 4, 6])
    #expect(try Self.weight(TestProgram.tensor([2, 3], strides: [0, 4])) == [0, 4, 8, 0, 4, 8])
  }

  @Test(
    arguments: [
      (TestProgram.tensor([2, 3], offset: 7), "does not lie inside"),
      (TestProgram.tensor([2, 3], offset: .max), "does not lie inside"),
      (TestProgram.tensor([2, 3], strides: [.max, .max]), "does not lie inside"),
      (TestProgram.tensor([1 << 40, 1 << 40], strides: [0, 0]), "repeats the few bytes"),
      (TestProgram.tensor([-1, 3], strides: [1, 1]), "is no number"),
      (TestProgram.tensor([2, 3], strides: [1]), "a stride too many"),
    ])
  func weightsThatDoNotFit(description: String, message: String) throws {
    #expect(try TestProgram.refusal(of: Self.archive(description)).contains(message))
  }

  @Test func picklesAreNotRead() throws {
    let refusal = try TestProgram.refusal(of: Self.archive(TestProgram.tensor([2, 3]), pickled: true))
    #expect(refusal.contains("is a pickle in the form before PyTorch 1.6"))
    for (files, what) in [
      (["m/data.pkl", "m/constants.pkl", "m/code/m.py"], "TorchScript archive"), (["m/data.pkl"], "pickled checkpoint"),
      (["m/data/aotinductor/model/x.so"], "AOTInductor"), (["other"], "without a program"),
    ] {
      let refusal = try TestProgram.refusal(of: TestProgram.zip(files.map { ($0, [0]) }))
      #expect(refusal.contains(what))
    }
    let legacy = try TestProgram.refusal(of: [0x80, 0x02, 0x8A, 0x0A])
    #expect(legacy.contains("torch.export.save(torch.export.export(model"))
  }

  @Test func misleadingArchives() throws {
    let program = (name: "m/models/model.json", content: Array(TestProgram.program([Self.relu]).utf8))
    #expect(try TestProgram.refusal(of: TestProgram.zip([program])).isEmpty)
    #expect(try TestProgram.refusal(of: TestProgram.zip([program, program])).contains("twice"))
    #expect(try TestProgram.refusal(of: TestProgram.zip([program, ("../x", [0])])).contains("leads out"))
    let overlapping = TestProgram.zip([program, ("b", [0])], offsets: [1: 0])
    #expect(try TestProgram.refusal(of: overlapping).contains("overlap"))
    let outside = TestProgram.zip([program], offsets: [0: 1 << 30])
    #expect(try TestProgram.refusal(of: outside).contains("damaged"))
  }

  @Test(
    arguments: [
      String(repeating: "[", count: 100_000), String(repeating: "{\"graph_module\":", count: 100_000), "", "{",
      "{\"a\"}",
      "[1, 2]", "{\"schema_version\": {\"major\": 9}}", "{\"torch_version\": \"\\ud8\"}", "{} {}",
      "{\"graph_module\": {\"graph\": {\"nodes\": [" + String(repeating: "{},", count: 200_000) + "{}]}}}",
    ])
  func hostileText(text: String) throws {
    #expect(try !TestProgram.refusal(of: TestProgram.archive(text)).isEmpty)
  }

  @Test func damageInAnyByte() throws {
    let archive = Self.archive(TestProgram.tensor([2, 3], strides: [1, 2]))
    for index in archive.indices {
      for flip in [0x01, 0x20, 0xFF] as [UInt8] {
        var damaged = archive
        damaged[index] ^= flip
        _ = try TestProgram.refusal(of: damaged)
      }
    }
  }
}
