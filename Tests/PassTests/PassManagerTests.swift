import IR
import Passes
import Testing

@Suite struct PassManagerTests {
  private func pipeline(_ text: String) throws -> Pipeline { try PipelineParser.parse(text.utf8, .samples) }

  private func run(_ text: String, _ manager: PassManager = PassManager()) throws -> Int? {
    let module = Module(name: "m")
    try manager.run(try pipeline(text), on: module)
    return module.target["count"]
  }

  @Test(arguments: [
    ("count", 1), ("count,count", 2), ("twice", 2), ("repeat{n=3}(count)", 3), ("fixpoint(count)", 3),
    ("fixpoint{max=2}(count)", 2), ("fixpoint(count{limit=9})", 9), ("repeat(repeat(count{limit=9}))", 4),
    ("nested", 3),
  ])
  func runsAsWritten(text: String, value: Int) throws {
    #expect(try run(text) == value)
  }

  private final class Watch: Instrumentation {
    var seen: [String] = []
    func didRun(_ application: PassApplication, on module: Module, changed: Bool) {
      seen.append("\(application.number) \(application.name) \(changed)")
    }
  }

  @Test func changeIsMeasured() throws {
    let watch = Watch()
    _ = try run("count{limit=1},sample,count{limit=1}", PassManager(instruments: [watch]))
    #expect(watch.seen == ["1 count true", "2 sample false", "3 count false"])
  }

  /// What nobody asked for by name, and what cannot find anything: a pass that was idle and has the same module again.
  @Test func idlePassesAreNotRepeatedInVain() throws {
    let watch = Watch()
    let text = "fixpoint(sample,count{limit=1}),fixpoint(sample,sample{count=4}),sample"
    #expect(try run(text, PassManager(instruments: [watch])) == 1)
    #expect(
      watch.seen == [
        "1 sample false", "2 count true", "3 sample false", "4 count false", "5 sample false", "6 sample false",
      ])
  }

  @Test func bisectionLetsTheFirstApplicationsRun() throws {
    var lines: [String] = []
    let bisection = Bisection(limit: 2) { lines.append($0) }
    #expect(try run("count,sample{count=4},count,sample{count=4}", PassManager(instruments: [bisection])) == 1)
    #expect(
      lines == [
        "BISECT: running pass (1) count", "BISECT: running pass (2) sample{count=4}",
        "BISECT: NOT running pass (3) count", "BISECT: NOT running pass (4) sample{count=4}",
      ])
  }

  @Test func statisticsAndRemarksAreCollected() throws {
    let manager = PassManager()
    _ = try run("fixpoint(count)", manager)
    #expect(manager.statistics.map { "\($0.pass) \($0.name) \($0.count)" } == ["count steps 3"])
    #expect(manager.remarks.map(\.message) == ["nothing to do: is at 3"])
  }

  @Test func aFixpointThatIsNotReachedIsARemark() throws {
    let manager = PassManager()
    _ = try run("fixpoint{max=2}(count)", manager)
    #expect(manager.remarks.map(\.message) == ["still changing the model after 2 rounds of count"])
  }

  @Test func timesAreAddedUpByPass() throws {
    let timer = PassTimer()
    _ = try run("count,sample,count", PassManager(instruments: [timer]))
    #expect(timer.entries.map { "\($0.name) \($0.applications)" } == ["count 2", "sample 1"])
  }

  @Test func aFailureCarriesWhatRan() throws {
    let failure = #expect(throws: PassFailure.self) { try run("repeat(count{limit=8}),sample{count=4},fail,count") }
    #expect(failure?.prefix.description == "count{limit=8},count{limit=8},sample{count=4},fail")
    #expect(failure?.isDefect == true)
    #expect(throws: PassFailure.self) { try run("fail{innocent=true}") }
  }

  @Test func whatDidNotRunIsNotInThePrefix() throws {
    final class Skip: Instrumentation {
      func admits(_ application: PassApplication) -> Bool { application.name != "count" }
    }
    let failure = #expect(throws: PassFailure.self) {
      try run("count,fail{innocent=true}", PassManager(instruments: [Skip()]))
    }
    #expect(failure?.prefix.description == "fail{innocent=true}")
    #expect(failure?.isDefect == false)
  }

  @Test func aPassThatBreaksTheModuleIsFound() throws {
    var configuration = PassManager.Configuration()
    configuration.verifiesEach = true
    configuration.verify = { module in
      if module.target["count"] == 2 { throw ModelError(.invalidModel, "two is wrong") }
    }
    let failure = #expect(throws: PassFailure.self) { try run("count,count,count", PassManager(configuration)) }
    #expect(failure?.application.number == 2)
    #expect(failure?.error.message == "count: broke the module: error: two is wrong")
    #expect(failure?.isDefect == true)
  }

  @Test func aModelWithTrainingGraphsIsRefused() throws {
    let module = Module(name: "m")
    module.annotations = Annotations()
    module.annotations?["format.training_info"] = .list([])
    let failure = #expect(throws: PassFailure.self) { try PassManager().run(try pipeline("count"), on: module) }
    #expect(failure?.error.kind == .invalidModel)
  }
}
