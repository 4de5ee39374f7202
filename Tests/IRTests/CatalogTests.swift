import FoundationEssentials
import Testing

@testable import IR

@Suite struct CatalogTests {
  /// What a source file of operators declares, and what its family lists, both in the order of the file.
  struct SourceFile {
    let name: String
    let declared: [String]
    let listed: [String]
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/IR/Ops")

  /// The files that declare operators, names in lower case.
  private static func sourceFiles() throws -> [SourceFile] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
      .sorted()
    return try names.compactMap { name in
      let text = "\n" + (try String(contentsOf: folder.appending(path: name), encoding: .utf8))
      let family = text.firstMatch(of: /Family: \[OpDefinition\] = \[([^\]]*)\]/)?.output.1 ?? ""
      let extensions = text.matches(of: /\nextension OpDefinition {\n.*?\n}/.dotMatchesNewlines()).map(\.output)
      let declared = extensions.flatMap { $0.matches(of: /\n  package static let `?(\w+)`?(?: =|: OpDefinition)/) }
      let listed = family.matches(of: /\.(\w+)/)
      return declared.isEmpty
        ? nil
        : SourceFile(
          name: name, declared: declared.map { $0.output.1.lowercased() },
          listed: listed.map { $0.output.1.lowercased() })
    }
  }

  @Test func everyDeclarationIsInItsFamilyAndEveryFamilyIsSorted() throws {
    for file in try Self.sourceFiles() where file.name != "Builtin.swift" {
      #expect(Set(file.declared) == Set(file.listed), "\(file.name)")
      #expect(file.listed == file.listed.sorted(), "\(file.name)")
      #expect(Set(file.listed).count == file.listed.count, "\(file.name)")
    }
  }

  /// A declaration is called as its operator is, so that one can be found from the other.
  @Test func catalogHasEveryDeclarationOnce() throws {
    let declared = try Self.sourceFiles().flatMap(\.declared).sorted()
    let catalog = OpCatalog.all.map { $0.name.text.lowercased() }.sorted()
    #expect(catalog == declared)
    #expect(Set(OpCatalog.all.map { OpCatalog.Key($0.domain, $0.name) }).count == OpCatalog.all.count)
  }

  @Test(arguments: OpCatalog.all.map { OpCatalog.Key($0.domain, $0.name) })
  func declarationIsWellFormed(_ key: OpCatalog.Key) throws {
    let definition = try #require(OpCatalog.definition(domain: key.domain, name: key.name))
    #expect(!definition.summary.isEmpty && definition.summary.hasSuffix("."))
    #expect(!definition.versions.isEmpty && zip(definition.versions, definition.versions.dropFirst()).allSatisfy(<))
    #expect(try definition.since <= #require(OpCatalog.vocabulary[definition.domain]))
    Self.checkNames(definition.operands.map(\.name))
    Self.checkNames(definition.results.map(\.name))
    let attributes = definition.attributes.map(\.name)
    #expect(attributes == attributes.sorted() && Set(attributes).count == attributes.count)
    for attribute in definition.attributes {
      #expect(attribute.defaultValue?.kind ?? attribute.kind == attribute.kind, "\(attribute.name)")
      #expect(attribute.defaultValue == nil || !attribute.isRequired, "\(attribute.name)")
    }
    Self.checkOperands(definition)
    for result in definition.results {
      guard case .same(let operand) = result.rule else { continue }
      #expect(definition.operands.contains { $0.name == operand }, "\(result.name) is of the type of \(operand)")
    }
  }

  private static func checkNames(_ names: [String]) {
    #expect(Set(names).count == names.count)
  }

  /// Optional operands follow required ones, a variadic one is the last; types are shared with earlier operands.
  private static func checkOperands(_ definition: OpDefinition) {
    for (index, operand) in definition.operands.enumerated() {
      let earlier = definition.operands[..<index]
      if let source = operand.elementTypeSource { #expect(earlier.contains { $0.name == source }, "\(operand.name)") }
      #expect(!operand.elementTypes.isEmpty || operand.acceptsNonTensors, "\(operand.name)")
      switch operand.arity {
      case .required: #expect(earlier.allSatisfy { $0.arity == .required }, "\(operand.name)")
      case .optional: break
      case .variadic: #expect(index == definition.operands.count - 1, "\(operand.name)")
      }
    }
  }
}
