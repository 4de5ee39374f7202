import Frontend
import IR
import Testing

/// Where a tensor's data may be, and what does not fit.
@Suite struct ONNXTensorTests {
  private static func bytes(_ tensor: (inout WireMessage) -> Void) throws -> [UInt8]? {
    try TestModel.read(TestModel.tensor(tensor)).main.first?.literal?.smallBytes()
  }

  @Test func rawDataStaysWhereItIs() throws {
    let model = TestModel.tensor {
      $0.int(1, 2)
      $0.int(2, 1)
      $0.data(9, [1, 2, 3, 4, 5, 6, 7, 8])
    }
    let file = ModelFile(path: "model.onnx", contents: ByteSlice(model.bytes))
    let literal = try Module.read(file, diagnostics: Diagnostics()).main.first?.literal
    guard case .bytes(let slice)? = literal?.source else { throw ModelError(.internalFailure, "no bytes") }
    #expect(slice.buffer === file.contents.buffer)
    #expect(try literal?.smallBytes() == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test(
    arguments: [
      (6, [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), (5, [1, 0, 0xff, 0xff]), (3, [1, 0xff]), (2, [1, 0xff]),
      (10, [1, 0, 0xff, 0xff]),
      (9, [1, 0xff]), (17, [1, 0xff]),
    ] as [(Int, [UInt8])])
  func int32Data(dataType: Int, expected: [UInt8]) throws {
    let numbers = WireMessage.varint(1) + WireMessage.varint(UInt64(bitPattern: -1))
    #expect(
      try Self.bytes {
        $0.int(1, 2)
        $0.int(2, dataType)
        $0.data(5, numbers)
      } == expected)
    #expect(
      try Self.bytes {
        $0.int(1, 2)
        $0.int(2, dataType)
        $0.int(5, 1)
        $0.int(5, -1)
      } == expected)
  }

  @Test func fourBitsArePackedTwoANumber() throws {
    #expect(
      try Self.bytes {
        $0.int(1, 3)
        $0.int(2, 22)
        $0.data(5, WireMessage.varint(0xa5) + [7])
      } == [0xa5, 7])
  }

  @Test func floatsInPiecesAreJoined() throws {
    #expect(
      try Self.bytes {
        $0.int(1, 3)
        $0.int(2, 1)
        $0.data(4, [1, 2, 3, 4])
        $0.data(4, [5, 6, 7, 8, 9, 10, 11, 12])
      } == Array(1...12))
  }

  @Test func wideNumbers() throws {
    #expect(
      try Self.bytes {
        $0.int(1, 1)
        $0.int(2, 7)
        $0.int(7, -2)
      } == [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    #expect(
      try Self.bytes {
        $0.int(1, 1)
        $0.int(2, 12)
        $0.int(11, 258)
      } == [2, 1, 0, 0])
    #expect(
      try Self.bytes {
        $0.int(2, 15)
        $0.data(10, Array(0..<16))
      } == Array(0..<16))
  }

  @Test func strings() throws {
    let module = try TestModel.read(
      TestModel.tensor {
        $0.int(1, 2)
        $0.int(2, 8)
        $0.text(6, "a")
        $0.text(6, "")
      })
    #expect(module.main.first?.literal?.source == .strings(["a", ""]))
  }

  @Test(
    arguments: [
      ("needs 8 bytes for f32[2], the file holds 4 there", [(1, 2), (2, 1)], 9, [0, 0, 0, 0]),
      ("has dimension -4", [(1, -4), (2, 1)], 9, [0, 0, 0, 0]),
      ("has data type 99, which this build does not know", [(1, 1), (2, 99)], 9, [0, 0, 0, 0]),
      ("has data type 0, which this build does not know", [(1, 1)], 9, [0, 0, 0, 0]),
      (
        "needs 4611686018427387904 bytes for f32[1099511627776, 1048576], the file holds 1 there",
        [(1, 1 << 40), (1, 1 << 20), (2, 1)], 9, [0]
      ),
      ("needs 4 bytes for f32[1], the file holds 0 there", [(1, 1), (2, 1)], 12, []),
      ("has its f32 elements in int32_data, which is not for them", [(1, 1), (2, 1)], 5, [0]),
      ("needs 3 bytes for i8[3], the file holds 2 there", [(1, 3), (2, 3)], 5, [0, 1]),
    ] as [(String, [(Int, Int)], Int, [UInt8])])
  func refused(message: String, fields: [(Int, Int)], dataField: Int, data: [UInt8]) {
    let model = TestModel.tensor {
      for (field, value) in fields { $0.int(field, value) }
      $0.data(dataField, data)
    }
    #expect(TestModel.refusal(model) == "model.onnx: tensor 'w': error: \(message)")
  }

  @Test func dataInTwoPlacesIsRefused() {
    let model = TestModel.tensor {
      $0.int(1, 1)
      $0.int(2, 1)
      $0.data(4, [0, 0, 0, 0])
      $0.data(9, [0, 0, 0, 0])
    }
    #expect(TestModel.refusal(model) == "model.onnx: tensor 'w': error: has its data twice: raw_data, and float_data")
  }
}
