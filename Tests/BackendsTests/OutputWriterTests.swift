import Glibc
import IR
import Testing

@testable import Backends

@Suite struct OutputWriterTests {
  /// Adds a number to each byte.
  struct Adding: ElementwiseTransform {
    let amount: UInt8

    func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
      for index in input.indices { output[index] = input[index] &+ amount }
    }
  }

  /// The bytes of its input, backwards.
  struct Reversing: WholeTransform {
    func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
      try inputs[0].read(0..<inputs[0].elementCount, into: output)
      var output = output
      output.reverse()
    }
  }

  let folder = TemporaryFolder()

  /// Pieces of all kinds, whose borders lie anywhere, and the bytes that they stand for.
  func sample() throws -> (layout: OutputLayout, bytes: [UInt8]) {
    let large = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }
    let stored = folder.file("weights", large)
    let mapped = ByteSlice(Buffer(try MappedFile(path: stored)))
    let slice = try #require(mapped.slice(offset: 5, count: 2_900_004))
    let floats = try TensorLiteral(.float32, [725_001], .bytes(slice))
    let bytes = try TensorLiteral(.uint8, [2_900_004], .bytes(slice))
    let sum = try TensorLiteral(.uint8, [2_900_004], .elementwise(Adding(amount: 3), bytes))
    let backwards = try TensorLiteral(.uint8, [2_900_004], .whole(WholeEvaluation(Reversing(), of: [bytes])))
    let splat = try TensorLiteral(.float32, [400_000], .splat([1, 2, 3, 4]))
    let nibbles = try TensorLiteral(.int4, [7], .splat([0xF]))
    let content = Array(large[5..<5 + 2_900_004])

    var layout = OutputLayout()
    layout.append(.bytes([1, 2, 3]))
    layout.append(.literal(floats))
    layout.append(.zeros(11))
    layout.append(.literal(sum))
    layout.append(.literal(backwards))
    layout.append(.literal(splat))
    layout.append(.literal(nibbles))
    layout.pad(toMultipleOf: 4096)
    var expected: [UInt8] = [1, 2, 3] + content + Array(repeating: 0, count: 11)
    expected += content.map { $0 &+ 3 } + content.reversed()
    expected += (0..<1_600_000).map { UInt8($0 % 4 + 1) } + [0xFF, 0xFF, 0xFF, 0xFF]
    expected += Array(repeating: 0, count: (4096 - expected.count % 4096) % 4096)
    return (layout, expected)
  }

  @Test(arguments: [1, 2, 3]) func writesTheSameBytesOnAnyNumberOfThreads(threads: Int) throws {
    let (layout, expected) = try sample()
    let path = folder.path("output")
    try OutputFile.write(to: .file(path), synchronizes: false) { file in
      try OutputWriter(layout).write(to: file, threads: threads)
    }
    #expect(try folder.contents("output") == expected)
    #expect(folder.names() == ["output", "weights"])
  }

  @Test func leavesTheOldFileAfterAnError() throws {
    struct Failing: WholeTransform {
      func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
        throw ModelError(.invalidModel, "no bytes")
      }
    }
    let path = folder.file("output", [7])
    var layout = OutputLayout()
    layout.append(.literal(try TensorLiteral(.uint8, [3_000_000], .whole(WholeEvaluation(Failing(), of: [])))))
    #expect(throws: ModelError.self) {
      try OutputFile.write(to: .file(path), synchronizes: false) { file in
        try OutputWriter(layout).write(to: file, threads: 2)
      }
    }
    #expect(try folder.contents("output") == [7])
    #expect(folder.names() == ["output"])
  }

  @Test func keepsTheModeAndTheLinkOfAFileThatItReplaces() throws {
    let path = folder.file("output", [7])
    chmod(path, 0o640)
    symlink("output", folder.path("link"))
    try OutputFile.write(to: .file(folder.path("link")), synchronizes: true) { try write([8, 9], to: $0) }
    #expect(try folder.contents("output") == [8, 9])
    var status = stat()
    #expect(lstat(path, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o640)
    #expect(lstat(folder.path("link"), &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func saysWhyItCannotCreate() throws {
    func kind(_ path: String) -> ModelError.Kind? {
      do {
        try OutputFile.write(to: .file(path), synchronizes: false) { try write([1], to: $0) }
        return nil
      } catch { return (error as? ModelError)?.kind }
    }
    #expect(kind(folder.path("missing/output")) == .cannotCreate)
    #expect(kind(folder.path("")) == .cannotCreate)
    #expect(kind("/dev/full") == .inputOutput)
    #expect(kind("/dev/null") == nil)
  }

  @Test func writesAFIFOInOrder() throws {
    let (layout, expected) = try sample()
    let path = folder.path("pipe")
    mkfifo(path, 0o600)
    let received = Box<[UInt8]>([])
    try Parallel.forEach(2, threads: 2) { index in
      if index == 0 {
        try OutputFile.write(to: .file(path), synchronizes: true) { try OutputWriter(layout).write(to: $0, threads: 2) }
      } else {
        received.value = try folder.contents("pipe")
      }
    }
    #expect(received.value == expected)
  }

  @Test func reportsWindowsToItsObserver() throws {
    let (layout, expected) = try sample()
    let windows = layout.windows()
    let seen = Box<[[UInt8]]>(Array(repeating: [], count: windows.count))
    try OutputFile.write(to: .file(folder.path("output")), synchronizes: false) { file in
      let writer = OutputWriter(layout) { window, bytes in seen.withLock { $0[window] = Array(bytes) } }
      try writer.write(to: file, threads: 2)
    }
    #expect(seen.value.flatMap { $0 } == expected)
  }

  @Test func removesListedTemporaries() throws {
    let path = folder.file("temporary", [1])
    let forgotten = folder.file("complete", [2])
    let files = TemporaryFiles()
    _ = try #require(files.register(path))
    files.forget(files.register(forgotten))
    files.removeAll()
    #expect(folder.names() == ["complete"])
  }

  private func write(_ bytes: [UInt8], to file: OutputFile) throws {
    var layout = OutputLayout()
    layout.append(.bytes(bytes))
    try OutputWriter(layout).write(to: file, threads: 1)
  }
}
