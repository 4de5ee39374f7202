import FoundationEssentials
import Passes
import Testing

@Suite struct RegistryTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The names of the types below `Sources` that are declared to conform to `conformance`, sorted.
  private func declaredTypes(conformingTo conformance: String) throws -> [String] {
    let sources = Self.repository.appending(path: "Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
    return try paths.flatMap { path in
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      let lines = text.utf8.split(separator: UInt8(ascii: "\n")).filter { $0.last == UInt8(ascii: "{") }
      return lines.compactMap { Self.type(declaredBy: Substring($0), conformance) }
    }.sorted()
  }

  /// `Prune` for `package struct Prune: Pass {`.
  private static func type(declaredBy line: Substring, _ conformance: String) -> String? {
    let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != ":" }
    guard let keyword = words.firstIndex(where: { ["struct", "class", "enum"].contains($0) }),
      words.dropFirst(keyword + 1).first?.hasSuffix(":") == true,
      words.dropFirst(keyword + 2).contains(where: { $0 == conformance })
    else { return nil }
    return String(words[keyword + 1].dropLast())
  }

  @Test func everyPassIsRegistered() throws {
    #expect(try declaredTypes(conformingTo: "Pass") == PassRegistry.all.map { String(describing: $0) }.sorted())
  }

  @Test func everyCombinatorIsRegistered() throws {
    let registered = PassRegistry.combinators.map { String(describing: $0) }.sorted()
    #expect(try declaredTypes(conformingTo: "Combinator") == registered)
  }

  @Test func everyPipelineFileIsShipped() throws {
    let folder = Self.repository.appending(path: "pipelines").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(files == ShippedPipeline.all.map { "\($0.name).pipeline" })
  }

  @Test(arguments: ShippedPipeline.all.map(\.name))
  func aShippedPipelineParses(name: String) throws {
    let pipeline = try PipelineParser.parse(name.utf8)
    #expect(pipeline.description == name)
    #expect(try PipelineParser.parse(pipeline.expandedDescription.utf8).passes.isEmpty == false)
  }

  @Test func namesAreSortedAndUnique() {
    let passes = PassRegistry.all.map { $0.name }
    #expect(passes == passes.sorted())
    let all = passes + PassRegistry.combinators.map { $0.name } + ShippedPipeline.all.map(\.name)
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { $0.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil })
  }

  @Test func everythingIsDescribed() {
    func check(_ type: (some Configurable).Type) {
      #expect(!type.summary.isEmpty && !type.summary.hasSuffix("."), "\(type.name)")
      #expect(type.details.count > type.summary.count / 2, "\(type.name)")
      let names = type.options.map(\.name)
      #expect(Set(names).count == names.count, "\(type.name)")
      #expect(type.options.allSatisfy { !$0.help.isEmpty }, "\(type.name)")
      #expect(type.init().writtenOptions.isEmpty, "\(type.name)")
    }
    for pass in PassRegistry.all { check(pass) }
    for combinator in PassRegistry.combinators { check(combinator) }
    #expect(ShippedPipeline.all.allSatisfy { !$0.summary.isEmpty })
  }
}
