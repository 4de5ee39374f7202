import IR
import Testing

@testable import Formats

/// NumPy's files.
@Suite struct ArrayTests {
  private func file(_ header: String, _ data: [UInt8]) -> ByteSlice {
    let length = header.utf8.count
    return ByteSlice([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length), 0] + Array(header.utf8) + data)
  }

  @Test func whatIsWrittenIsRead() throws {
    for dimensions in [[], [3], [2, 3]] {
      let count = dimensions.reduce(1, *)
      let literal = try TensorLiteral(.int16, dimensions, bytes: (0..<2 * count).map { UInt8($0) })
      let header = try #require(NumPyArray.header(for: literal))
      #expect(header.count.isMultiple(of: 64))
      let read = try NumPyArray.read(ByteSlice(header + literal.withWindow(0..<count) { Array($0) }))
      #expect(read.type == literal.type)
      #expect(try read.smallBytes() == literal.smallBytes())
    }
  }

  @Test func textsAreRead() throws {
    let header = "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }\n"
    let read = try NumPyArray.read(file(header, [97, 0, 0, 0, 98, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0]))
    #expect(read.source == .strings(["ab", "c"]))
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "{'descr': '<f4', 'shape': (1,", "",
  ])
  func othersAreRefused(_ header: String) {
    #expect(throws: ModelError.self) { try NumPyArray.read(file(header, [0, 0, 0, 0])) }
  }

  @Test func damagedArchivesAreRefused() {
    let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]
    #expect(throws: ModelError.self) { try ZipArchive(ByteSlice([0x50, 0x4B, 3, 4] + end)) }
    #expect(throws: ModelError.self) { try ZipArchive(ByteSlice([0x50, 0x4B, 3, 4])) }
  }
}
