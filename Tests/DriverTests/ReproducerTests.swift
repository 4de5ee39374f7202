import Backends
import FoundationEssentials
import IR
import Passes
import Testing

@testable import Driver

/// Fails as a defect does.
private struct Fail: Pass {
  static let name = "fail"
  static let summary = "fails"
  static let details = "Fails."

  func run(on module: Module, _ context: PassContext) throws {
    throw ModelError(.internalFailure, "it cannot be")
  }
}

/// Leaves a module that is not valid.
private struct Break: Pass {
  static let name = "break"
  static let summary = "breaks the module"
  static let details = "Takes an operand away."

  func run(on module: Module, _ context: PassContext) throws {
    module.forEachOperation { operation in
      if operation.is(.relu) { context.rewriter.setOperand(0, of: operation, to: nil) }
    }
  }
}

@Suite struct ReproducerTests {
  private let bench = Bench()

  /// The error of a run of `passes`, and the folder that it names.
  private func fail(_ passes: [any Pass]) throws -> (error: ModelError, folder: URL) {
    let input = try bench.file("m.mir", sampleModel)
    let error = try #require(
      throws: ModelError.self, performing: { try bench.compile(input) { $0.pipeline = Pipeline(passes: passes) } })
    let words = error.message.split { $0 == " " || $0 == "\n" }
    let folder = try #require(words.first { $0.contains("/mcc-reproducer-") })
    return (error, URL(filePath: String(folder)))
  }

  @Test func aDefectIsReportedWithAllThatIsNeededToSeeItAgain() throws {
    let (error, folder) = try fail([FreezeDefaults(), Fail(), FreezeDefaults()])
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(error.kind == .internalFailure)
    #expect(error.message.hasPrefix("fail: it cannot be\n  This is a defect of mcc. "))
    let command = try String(contentsOf: folder.appending(path: "command"), encoding: .utf8)
    #expect(command == "mcc \(bench.path("m.mir")) -passes='freeze-defaults,fail' -verify-each -emit=none\n")
    let model = try String(contentsOf: folder.appending(path: "model.mir"), encoding: .utf8)
    #expect(model.contains("%y = Relu(%s)"))
  }

  @Test func thePassThatBreaksTheModuleIsNamed() throws {
    let (error, folder) = try fail([FreezeDefaults(), Break(), FreezeDefaults()])
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(error.kind == .internalFailure)
    #expect(error.message.hasPrefix("break: broke the module: "))
    let command = try String(contentsOf: folder.appending(path: "command"), encoding: .utf8)
    #expect(command.contains("'freeze-defaults,break'"))
  }

  @Test func anErrorOfTheModelMakesNoReproducer() throws {
    let input = try bench.file("m.mir", sampleModel)
    let error = #expect(throws: ModelError.self) { try bench.compile(input, "prune{include=zzz}") }
    #expect(error?.message.contains("defect") == false)
  }
}
