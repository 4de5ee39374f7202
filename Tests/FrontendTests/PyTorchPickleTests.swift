import Frontend
import IR
import Testing

/// Tensors that `torch.save` wrote, and what else a pickle may say.
@Suite struct PyTorchPickleTests {
  private static func text(_ text: String) -> [UInt8] {
    [0x58] + withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8)
  }

  private static func name(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  /// The opcodes that rebuild a tensor of [2, 3] from the storage `0`.
  private static func tensor(offset: UInt8 = 0, strides: [UInt8] = [3, 1], kind: String = "FloatStorage") -> [UInt8] {
    let reference =
      Array("((".utf8) + text("storage") + name("torch", kind) + text("0") + text("cpu") + Array("K\u{6}tQ".utf8)
    let sizes: [UInt8] = [0x4B, 2, 0x4B, 3, 0x86]
    let places: [UInt8] = [0x4B, strides[0], 0x4B, strides[1], 0x86]
    let end: [UInt8] = [0x89] + name("collections", "OrderedDict") + Array(")RtR".utf8)
    return name("torch._utils", "_rebuild_tensor_v2") + reference + [0x4B, offset] + sizes + places + end
  }

  private static func dictionary(_ value: [UInt8]) -> [UInt8] {
    [0x80, 2] + Array("}".utf8) + text("weight") + value + Array("s.".utf8)
  }

  private static func archive(_ pickle: [UInt8]) -> [UInt8] {
    let numbers = (0..<8).flatMap { value in withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) } }
    let saved = TestProgram.zip([("archive/data.pkl", pickle), ("archive/data/0", numbers)])
    let sum = TestProgram.node(
      "aten.add.Tensor", [("self", TestProgram.argument("x")), ("other", TestProgram.argument("w"))], "y")
    return TestProgram.zip([
      ("version", Array("8.8".utf8)), ("serialized_exported_program.json", Array(TestProgram.program([sum]).utf8)),
      ("serialized_state_dict.pt", saved), ("serialized_constants.pt", []),
    ])
  }

  private static func weight(_ value: [UInt8]) throws -> [Float] {
    let module = try TestProgram.read(archive(dictionary(value)))
    guard let literal = module.main.operations.first(where: { $0.isConstant })?.literal else { return [] }
    return try literal.smallBytes().withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test func tensorsOfAnEarlierArchive() throws {
    #expect(try Self.weight(Self.tensor()) == [0, 1, 2, 3, 4, 5])
    #expect(try Self.weight(Self.tensor(offset: 1, strides: [1, 2])) == [1, 3, 5, 2, 4, 6])
    let parameter =
      Self.name("torch._utils", "_rebuild_parameter") + Array("(".utf8) + Self.tensor() + [0x88]
      + Self.name("collections", "OrderedDict") + Array(")RtR".utf8)
    #expect(try Self.weight(parameter) == [0, 1, 2, 3, 4, 5])
  }

  @Test func whatIsNoTensorIsNotMade() throws {
    let call = Self.name("os", "system") + Array("(".utf8) + Self.text("true") + Array("tR".utf8)
    let deep = Array(repeating: UInt8(0x29), count: 1) + Array(repeating: UInt8(0x85), count: 100_000)
    let grown = Array("]".utf8) + Array(repeating: [0x4E, 0x61], count: 8_000).joined()
    let recalled =
      Array("(".utf8) + Array(repeating: 0x4E, count: 4_000) + Array("tq\u{1}".utf8)
      + Array(repeating: [0x68, 1], count: 5_000).joined()
    for (value, message) in [
      (grown, "in too many steps"), (recalled, "in too many steps"), (call, "is made by os.system"),
      (Self.tensor(offset: 3), "does not lie inside"),
      (Self.tensor(kind: "QInt8Storage"), "has elements of torch.QInt8Storage"), ([0x4E], "is no tensor"),
      ([0x81], "does more than hold data"), (deep, "nests values deeper"), ([0x52], "calls with no arguments"),
      ([0x68, 9], "has not kept"), (Array("}q\u{1}".utf8) + [0x68, 1], "in two places"),
      (Array("}}b".utf8) + [0x4E, 0x4E], "pickle"), (Self.text("x") + [0x61], "pickle"),
    ] {
      let refusal = try TestProgram.refusal(of: Self.archive(Self.dictionary(value)))
      #expect(refusal.contains(message), "\(message): \(refusal)")
    }
  }

  @Test func damageInAnyByte() throws {
    let pickle = Self.dictionary(Self.tensor())
    for index in pickle.indices {
      for flip in [0x01, 0x20, 0x80, 0xFF] as [UInt8] {
        var damaged = pickle
        damaged[index] ^= flip
        _ = try TestProgram.refusal(of: Self.archive(damaged))
      }
      _ = try TestProgram.refusal(of: Self.archive(Array(pickle[..<index])))
    }
  }
}
