import Backends
import Formats
import Frontend
import IR
import Testing

/// `.mcb`: what is written is read again as an equal module, and damage is an error wherever it is.
@Suite struct BinaryTests {
  let folder = TemporaryFolder()

  /// One of each thing that a module can say.
  static let everything = #"""
    module "m\x00" vocabulary {"" = 28} target {"" = 17, my.own = 2}
      with {documentation = "", metadata = {"k" = "v"}, "onnx.x" = [1, ["a", -2], []]} {
      graph @main(%x: f32[batch, 2*seq + 1] with {documentation = "in"}, %d: f32[2] = [1.0, nan] : f32[2], %s: seq<f32[]>,
          %o: optional<f32[*]>, %c: bool[]) -> (y: ?, "out put": f32[2]) with {metadata = {"a" = "b"}} {
        %w = constant splat 0.5 : f32[300, 300]
        %t = constant ["a", "\xff"] : string[2]
        %e = constant [] : f32[0, 3]
        %i = constant input -3 [1, 2] : i4[2]
        %k = constant operation {value_float = -0.0} : f32[]
        %p = constant operation {sparse_value = sparse([1.0] : f32[1] at [3] : i64[1]) : f32[8]} : f32[8]
        %a, _ = "com.example"::Foo:over(%x, _, %w) {
          f = 1.5, i = -3, fs = [1.0], is = [1, 2], r = float $alpha, s = "x", ss = ["a", ""], t = type seq<f32[2]>,
          ts = tensors [[1] : i8[1]], ty = types [map<i64, f32[1]>]
        } : f32[2] declared loc("n", prune, quant8)
        %l = Softmax@11(%x) {axis = 1} : f32[batch, 2*seq + 1] declared(f32[*])
        annotate(%a, %w) {kind = "quantization", keys = ["SCALE_TENSOR"]}
        %b = If(%c) {
          else_branch = graph @e() -> (q: f32[2]) { return %d },
          then_branch = graph @t() -> (q: f32[2]) { %q = Relu(%d) : f32[2] return %q }
        } : f32[2]
        return %a, %b
      }
      function "my.own"::Twice:o(%v: ?) -> (r: ?) attributes {alpha, beta = 1.0} opsets {"" = 17} {
        %r = Add(%v, %v) : ?
        return %r
      }
    }
    """#

  private func write(_ module: Module, threads: Int = 2, to name: String = "m.mcb") throws -> [UInt8] {
    _ = try BinaryExporter().write(
      module, to: .file(folder.path(name)), options: ExportOptions(threads: threads), diagnostics: Diagnostics())
    return try folder.contents(name)
  }

  private func read(_ bytes: [UInt8]) throws -> Module {
    try Module.read(
      ModelFile(path: "m.mcb", contents: ByteSlice(bytes)), ImportOptions(threads: 2), diagnostics: Diagnostics())
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let module = try Module.parse(Self.everything)
    let again = try read(try write(module))
    #expect(try again.difference(from: module) == nil)
  }

  @Test func theBytesDependOnTheModuleAlone() throws {
    let module = try Module.parse(Self.everything)
    let bytes = try write(module, threads: 1)
    #expect(try write(module, threads: 3, to: "n.mcb") == bytes)
    #expect(try write(try read(bytes), to: "o.mcb") == bytes)
  }

  @Test func weightsAreAlignedAndZerosTakeNoRoom() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @g() -> (a: f32[3], b: f32[100], c: i8[5000000]) {
          %a = constant [1.0, 2.0, 3.0] : f32[3]
          %b = constant splat 0.25 : f32[100]
          %c = constant splat 7 : i8[5000000]
          return %a, %b, %c
        }
      }
      """)
    let bytes = try write(module)
    #expect(bytes.count < 5000)
    let table = try BinaryFile(ByteSlice(bytes)).table
    #expect(table.weights.map(\.name) == ["a", "b", "c"])
    #expect(table.sections.map(\.encoding) == [.raw, .zstd, .zstd])
    #expect(table.weights[1].place == WeightPlace(section: 0, offset: 64))
    #expect(try read(bytes).difference(from: module) == nil)
  }

  // MARK: Damage

  @Test func everyFlippedBitIsNoticed() throws {
    let bytes = try write(try Module.parse(Self.everything))
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 1 << UInt8(position % 8)
      #expect(throws: ModelError.self, "byte \(position)") { try read(damaged) }
    }
  }

  @Test func everyTruncationIsNoticed() throws {
    let bytes = try write(try Module.parse(Self.everything))
    for count in bytes.indices where count % 7 == 0 || count < 200 {
      #expect(throws: ModelError.self, "\(count) bytes") { try read(Array(bytes[..<count])) }
    }
  }

  /// A file with right checksums over a structure that chance has changed.
  @Test func aHostileStructureIsAnErrorOrAModule() throws {
    let bytes = try write(try Module.parse(Self.everything))
    let file = try BinaryFile(ByteSlice(bytes))
    let structure = try Self.structure(of: file)
    var random = Linear(state: 1)
    for _ in 0..<3000 {
      var changed = structure
      for _ in 0...Int(random.next() % 3) {
        changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next() >> 8)
      }
      do {
        let module = try read(Self.file(bytes, file.table, structure: changed))
        try? module.verify()
      } catch is ModelError {
        continue
      }
    }
  }

  @Test func whatThisBuildDoesNotKnowIsRefusedByName() throws {
    let bytes = try write(try Module.parse(Self.everything))
    let table = try BinaryFile(ByteSlice(bytes)).table
    func message(_ bytes: [UInt8]) -> String {
      do {
        _ = try read(bytes)
        return ""
      } catch { return "\(error)" }
    }

    var newer = BinaryFormat.header
    newer[8] = 2
    newer.replaceSubrange(56..<64, with: withUnsafeBytes(of: Checksum.of(Array(newer[..<56]))) { Array($0) })
    #expect(message(newer + bytes[64...]).contains("version 2"))

    var vocabulary = table
    vocabulary.vocabulary[""] = 99
    #expect(message(Self.file(bytes, vocabulary)).contains("opset 99"))

    let encoding = Self.file(bytes, table, replacing: "zstd", by: "lz4!")
    #expect(message(encoding).contains("'lz4!'"))
    #expect(message(Self.file(bytes, table, replacing: "f32", by: "g32")).contains("'g32'"))
  }

  // MARK: Making files

  private static func structure(of file: BinaryFile) throws -> [UInt8] {
    let index = try #require(file.table.sections.firstIndex { $0.kind == .structure })
    let section = file.table.sections[index]
    let blocks = try ZstdBlocks(section, stored: try file.stored(index), place: "")
    var bytes = [UInt8](repeating: 0, count: section.byteCount)
    try bytes.withUnsafeMutableBytes { try blocks.read(from: 0, into: $0) }
    return bytes
  }

  /// The file with another structure, raw, where that is the last section.
  private static func file(_ bytes: [UInt8], _ table: SectionTable, structure: [UInt8]) -> [UInt8] {
    var table = table
    let last = table.sections.count - 1
    let offset = table.sections[last].offset
    table.sections[last] = SectionTable.Section(
      kind: .structure, encoding: .raw, offset: offset, storedBytes: structure.count, byteCount: structure.count,
      checksum: Checksum.combining([Checksum.of(structure)]))
    return bytes[..<offset] + structure + table.encodedEnd(at: offset + structure.count)
  }

  /// The file with another table.
  private static func file(
    _ bytes: [UInt8], _ table: SectionTable, replacing text: String = "", by other: String = ""
  ) -> [UInt8] {
    let start = table.sections.last.map { $0.offset + $0.storedBytes } ?? 0
    var encoded = table.encoded
    if let range = encoded.firstRange(of: Array(text.utf8)), !text.isEmpty {
      encoded.replaceSubrange(range, with: other.utf8)
    }
    var trailer = ByteWriter()
    trailer.appendFixed(UInt64(start))
    trailer.appendFixed(UInt64(encoded.count))
    trailer.appendFixed(Checksum.of(encoded))
    return bytes[..<start] + encoded + trailer.bytes + BinaryFormat.magic
  }

  /// Numbers that are the same on every run.
  private struct Linear: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 11
    }
  }
}
