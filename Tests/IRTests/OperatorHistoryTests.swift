import Testing

@testable import IR

@Suite struct OperatorHistoryTests {
  private static let declared = OpCatalog.all.filter { $0.form == .declared }

  @Test(arguments: declared.map { OpCatalog.Key($0.domain, $0.name) })
  func aDeclarationHasTheVersionsOfItsOperator(_ key: OpCatalog.Key) throws {
    let definition = try #require(OpCatalog.definition(domain: key.domain, name: key.name))
    let history = try #require(OperatorHistory.of(domain: key.domain, name: key.name))
    #expect(history.versions.filter { !history.isDeprecated($0) } == definition.versions)
    for addition in history.additions { try checkNames(addition.feature, definition) }
  }

  /// What the table says that was added is in the declaration.
  private func checkNames(_ feature: OperatorHistory.Feature, _ definition: OpDefinition) throws {
    switch feature {
    case .attribute(let name): #expect(definition.attributes.contains { $0.name == name })
    case .operand(let index), .absentOperand(let index), .operandTypes(let index, _), .operandKind(let index, _):
      #expect(definition.operands.indices.contains(index))
    case .differentElementTypes(let index, let other): #expect(other < index)
    case .result(let index), .resultTypes(let index, _), .resultKind(let index, _):
      #expect(definition.results.indices.contains(index))
    }
  }

  @Test func everyOperatorOfTheVocabularyIsDeclared() {
    let keys = OperatorHistory.table.keys.filter { OpCatalog.vocabulary[$0.domain] != nil }
    // A constant is the IR's own operation; the others have other names now.
    let elsewhere: [ByteString] = ["Constant", "Scatter", "Upsample"]
    let expected = Set(keys.filter { !$0.domain.isEmpty || !elsewhere.contains($0.name) })
    #expect(expected == Set(Self.declared.map { OpCatalog.Key($0.domain, $0.name) }))
  }

  @Test func readsALine() throws {
    let history = OperatorHistory(line: "1 8 !10 .a@8 1@8 1?@8 1~0@8 0:bf16,i8@9 2:seq,optional@10 >1@8 >0:f16@9")
    #expect(history.versions == [1, 8, 10])
    #expect(history.isDeprecated(10) && !history.isDeprecated(8))
    #expect(history.additions.map(\.version) == [8, 8, 8, 8, 9, 10, 10, 8, 9])
    #expect(
      history.additions.map(\.feature) == [
        .attribute("a"), .operand(1), .absentOperand(1), .differentElementTypes(1, 0),
        .operandTypes(0, ElementTypes(.bfloat16, .int8)), .operandKind(2, .sequence), .operandKind(2, .optional),
        .result(1), .resultTypes(0, ElementTypes(.float16)),
      ])
    #expect(history.version(inOpset: 7) == 1)
    #expect(history.version(inOpset: 0) == nil)
    #expect(history.opsets(of: 1) == 1...7)
    #expect(history.opsets(of: 10) == 10...(Int.max))
  }

  @Test func aTargetAdmitsWhatItCanSay() {
    let target = OpsetVersions([.init(domain: "", version: 12)])
    #expect(target.admits(.relu))
    #expect(!target.admits(.gelu))
    #expect(target.admits(.dequantizeLinear))
    #expect(!target.admits(.dequantizeLinear, .attribute("axis")))
    #expect(target.admits(.maxPool, .attribute("dilations"), .result(1)))
    #expect(!target.admits(.relu, .operandTypes(0, ElementTypes(.bfloat16))))
    #expect(!OpsetVersions().admits(.relu))
  }
}
