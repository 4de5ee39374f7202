import ArgumentParser
import Driver
import Frontend
import IR

/// What `run` and `compare` have in common: inputs, and what is allowed between results.
struct RunningOptions: ParsableArguments {
  @Option(name: .dashed("input", short: "i"), help: .value("name=file"), completion: .file())
  var inputs: [String] = []

  @Option(name: .dashed("seed"), help: .value("n"))
  var seed: [UInt64] = []

  @Option(name: .dashed("dim"), help: .value("symbol=n"))
  var extents: [String] = []

  @Option(name: .dashed("rtol"), help: .value("x"))
  var relative: [Double] = []

  @Option(name: .dashed("atol"), help: .value("x"))
  var absolute: [Double] = []

  @Option(name: .customShort("x"), help: .value("format"))
  var inputFormat: [InputFormat] = []

  @Option(name: .dashed("signature"), help: .value("name"))
  var signatures: [String] = []

  @Option(name: .dashed("outputs"), help: .value("a,b"))
  var extractedOutputs: [String] = []

  @Option(name: .customShort("j", allowingJoined: true), help: .value("n"))
  var threads: [Int] = []

  @Flag(name: .dashed("help", short: "h"))
  var printsHelp = false

  /// - Throws: a usage error where an option makes no sense.
  func modelInputs() throws -> ModelInputs {
    var result = ModelInputs()
    result.sources = try inputs.map { try ModelInputs.Source($0) }
    result.seed = try single(seed, "-seed") ?? 0
    for text in extents {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let extent = Int(parts[1]), extent >= 0 else {
        throw ModelError(.usage, "-dim \(text): say a symbol and its extent, as in -dim batch=1")
      }
      result.extents[parts[0]] = extent
    }
    return result
  }

  func tolerance() throws -> Tolerance {
    var tolerance = Tolerance()
    tolerance.relative = try single(relative, "-rtol") ?? tolerance.relative
    tolerance.absolute = try single(absolute, "-atol") ?? tolerance.absolute
    guard tolerance.relative >= 0, tolerance.absolute >= 0 else {
      throw ModelError(.usage, "-rtol and -atol take numbers from 0 on")
    }
    return tolerance
  }

  func outputs() throws -> [String] { try single(extractedOutputs, "-outputs").map(Command.names) ?? [] }

  func threadCount() throws -> Int {
    guard let threads = try single(threads, "-j") else { return Command.processorCount }
    guard (1...1024).contains(threads) else { throw ModelError(.usage, "-j takes 1 to 1024, not \(threads)") }
    return threads
  }
}

/// The one value of an option, or none.
func single<Value>(_ values: [Value], _ option: String) throws -> Value? {
  guard values.count <= 1 else { throw ModelError(.usage, "\(option) is given \(values.count) times; say it once") }
  return values.first
}

/// `mcc run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", helpNames: [])

  @Argument(help: "The model to run.", completion: .file())
  var model: [String] = []

  @Option(name: .dashed("output", short: "o"), help: .value("folder"), completion: .directory)
  var output: [String] = []

  @Option(name: .dashed("repeat"), help: .value("n"))
  var repetitions: [Int] = []

  @OptionGroup var options: RunningOptions

  func invocation() throws -> RunInvocation {
    let models = ModelPath.models(in: model)
    guard models.count == 1 else { throw ModelError(.usage, "run takes one model; see mcc run -help") }
    var invocation = RunInvocation(models[0])
    invocation.inputFormat = try single(options.inputFormat, "-x")
    invocation.signature = try single(options.signatures, "-signature")
    invocation.outputs = try options.outputs()
    invocation.threads = try options.threadCount()
    invocation.inputs = try options.modelInputs()
    invocation.tolerance = try options.tolerance()
    invocation.outputFolder = try single(output, "-o")
    invocation.repetitions = try single(repetitions, "-repeat") ?? 1
    guard (1...1_000_000).contains(invocation.repetitions) else {
      throw ModelError(.usage, "-repeat takes 1 to 1000000, not \(invocation.repetitions)")
    }
    return invocation
  }
}

/// `mcc compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "compare", helpNames: [])

  @Argument(help: "The models to compare; the second is the reference.", completion: .file())
  var models: [String] = []

  @Option(name: .dashed("distribution"), help: .value("name"))
  var distributions: [RandomTensor.Distribution] = []

  @OptionGroup var options: RunningOptions

  func invocation() throws -> CompareInvocation {
    let models = ModelPath.models(in: models)
    guard models.count == 2 else { throw ModelError(.usage, "compare takes two models; see mcc compare -help") }
    var invocation = CompareInvocation(models: models)
    invocation.inputFormat = try single(options.inputFormat, "-x")
    invocation.signature = try single(options.signatures, "-signature")
    invocation.outputs = try options.outputs()
    invocation.threads = try options.threadCount()
    invocation.inputs = try options.modelInputs()
    invocation.tolerance = try options.tolerance()
    if !distributions.isEmpty { invocation.distributions = distributions }
    return invocation
  }
}

extension RandomTensor.Distribution: ExpressibleByArgument {}
