import IR
import Passes
import Testing

@Suite struct NameFilterTests {
  private let module = Module(name: "m")

  /// Two Relus, of which `first` reads the weight `w`.
  init() throws {
    let builder = Builder(module, at: .end(of: module.main))
    let literal = try TensorLiteral(.float32, [1], bytes: [0, 0, 0, 0])
    let weight = try builder.insertConstant(.tensor(literal), name: "layer.w").result()
    let first = builder.insert(
      .relu, operands: [weight], results: [.init("y")], location: Location(name: "block/first"))
    builder.insert(.relu, operands: [first.result()], results: [.init("z")], location: Location(name: "block/second"))
  }

  private func admitted(include: [String] = [], exclude: [String] = []) throws -> [String] {
    let filter = try NameFilter(
      include: include.map { try Glob($0) }, exclude: exclude.map { try Glob($0) }, in: module)
    return module.main.operations.filter { filter.admits($0) }.compactMap { $0.result()?.name.text }
  }

  @Test func withoutGlobsEverythingIsAdmitted() throws {
    #expect(try admitted() == ["layer.w", "y", "z"])
  }

  @Test func aWeightIsAlsoKnownByItsUsers() throws {
    #expect(try admitted(include: ["block/first"]) == ["layer.w", "y"])
    #expect(try admitted(include: ["layer.*"]) == ["layer.w"])
    #expect(try admitted(exclude: ["*first"]) == ["z"])
  }

  @Test func anOperationIsAlsoKnownByItsResults() throws {
    #expect(try admitted(include: ["z"]) == ["z"])
  }

  @Test func exclusionWins() throws {
    #expect(try admitted(include: ["block/*"], exclude: ["block/s*"]) == ["layer.w", "y"])
  }

  @Test func aGlobThatMatchesNothingIsAnError() {
    let slip = #expect(throws: ModelError.self) { try admitted(include: ["layer.v"]) }
    #expect(slip?.message == "include=layer.v matches nothing; did you mean 'layer.w'?")
    #expect(slip?.kind == .usage)
    let part = #expect(throws: ModelError.self) { try admitted(exclude: ["attention"]) }
    #expect(part?.message == "exclude=attention matches nothing; '*' is any text, as in '*attention*'")
  }
}
