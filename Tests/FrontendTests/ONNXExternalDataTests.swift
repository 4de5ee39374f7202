import Frontend
import Glibc
import IR
import Testing

/// Where external data may lie, and what of it a tensor may take.
@Suite final class ONNXExternalDataTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/mcc-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ModelError.system(errno, opening: "/tmp") }
    folder = template.withUnsafeBufferPointer {
      String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    try mkdir("models")
    try mkdir("blobs")
    try write("secret.bin", count: 64)
  }

  deinit {
    for file in ["models/w.data", "models/model.onnx", "models/link.data", "blobs/model", "blobs/data", "secret.bin"] {
      unlink("\(folder)/\(file)")
    }
    for name in ["models", "blobs", ""] { rmdir("\(folder)/\(name)") }
  }

  private func mkdir(_ name: String) throws {
    guard Glibc.mkdir("\(folder)/\(name)", 0o700) == 0 else { throw ModelError.system(errno, opening: name) }
  }

  private func write(_ name: String, count: Int) throws {
    guard let file = fopen("\(folder)/\(name)", "w") else { throw ModelError.system(errno, opening: name) }
    defer { fclose(file) }
    for index in 0..<count { fputc(Int32(index), file) }
  }

  /// Reads a model of i8[8] tensors whose external data is as `entries` say.
  private func read(_ tensors: [[String: String]], path: String = "models/model.onnx") throws -> Module {
    let model = TestModel.model(graph: {
      for (index, entries) in tensors.enumerated() {
        $0.message(5) {
          $0.int(1, 8)
          $0.int(2, 3)
          $0.text(8, "w\(index)")
          for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
            $0.message(13) {
              $0.text(1, key)
              $0.text(2, value)
            }
          }
          $0.int(14, 1)
        }
      }
      $0.message(12) { $0.text(1, "w0") }
    })
    return try TestModel.read(model, path: "\(folder)/\(path)")
  }

  private func refusal(_ tensors: [[String: String]], path: String = "models/model.onnx") -> String {
    do {
      _ = try read(tensors, path: path)
      return "read"
    } catch {
      var text = "\(error)"
      while let range = text.firstRange(of: folder) { text.replaceSubrange(range, with: "") }
      return text
    }
  }

  @Test func aRangeOfAFileBeside() throws {
    try write("models/w.data", count: 64)
    let module = try read([["location": "w.data", "offset": "16", "length": "8"]])
    #expect(try module.main.first?.literal?.smallBytes() == Array(16..<24))
    #expect(module.annotations?["onnx.external_data"] == .list([.bytes("w.data")]))
    #expect(try read([["location": "./w.data"]]).main.first?.literal?.smallBytes() == Array(0..<8))
  }

  @Test func equalRangesAreOneStorage() throws {
    try write("models/w.data", count: 64)
    let module = try read([["location": "w.data"], ["location": "./w.data", "offset": "0"]])
    let constants = module.main.operations.compactMap(\.literal)
    #expect(constants.count == 2 && constants[0] == constants[1])
  }

  @Test func whatLiesElsewhereIsRefused() throws {
    try write("models/w.data", count: 64)
    symlink("../secret.bin", "\(folder)/models/link.data")
    #expect(
      refusal([["location": "../secret.bin"]])
        == "/models/model.onnx: tensor 'w0': error: its external data is at '../secret.bin': only files under the model's own folder are read"
    )
    #expect(refusal([["location": "x/../../secret.bin"]]).contains("only files under the model's own folder are read"))
    #expect(
      refusal([["location": "\(folder)/models/w.data"]]).contains("only files under the model's own folder are read"))
    #expect(
      refusal([["location": "link.data"]])
        == "/models/model.onnx: tensor 'w0': error: its external data 'link.data' is a link to '/secret.bin': only files under the model's own folder are read"
    )
    #expect(
      refusal([["location": "none.data"]]).hasSuffix(
        "its external data 'none.data' is not there; it belongs beside the model"))
    #expect(refusal([["location": ""]]).contains("no usable location"))
    #expect(refusal([["location": "w.data\0"]]).contains("no usable location"))
    #expect(refusal([["location": "."]]).contains("only files under"))
  }

  @Test func aCacheLinksModelAndData() throws {
    try write("blobs/data", count: 64)
    try write("blobs/model", count: 0)
    symlink("../blobs/model", "\(folder)/models/model.onnx")
    symlink("../blobs/data", "\(folder)/models/w.data")
    #expect(try read([["location": "w.data"]]).main.first?.literal?.smallBytes() == Array(0..<8))
  }

  @Test func rangesThatDoNotFit() throws {
    try write("models/w.data", count: 64)
    #expect(
      refusal([["location": "w.data", "offset": "60"]])
        == "/models/model.onnx: tensor 'w0': error: needs 8 bytes at offset 60 of 'w.data', which has 64")
    #expect(refusal([["location": "w.data", "offset": "9223372036854775807"]]).contains("which has 64"))
    #expect(refusal([["location": "w.data", "offset": "-8"]]).contains("offset '-8', which is no count of bytes"))
    #expect(
      refusal([["location": "w.data", "length": "9"]]).contains(
        "needs 8 bytes for i8[8], its external data has length 9"))
    #expect(
      refusal([["location": "w.data"], ["location": "w.data", "offset": "4"]])
        == "/models/model.onnx: tensor 'w1': error: its external data (4..<12) overlaps a part of that of 'w0' (0..<8)")
  }
}
