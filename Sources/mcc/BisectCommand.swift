import ArgumentParser
import Backends
import Driver
import Frontend
import IR
import Passes

/// `mcc bisect`.
struct BisectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bisect", helpNames: [])

  @Argument(help: "The model to compile.", completion: .file())
  var model: [String] = []

  @Option(name: .dashed("passes"), help: .value("pipeline"))
  var passes: [String] = []

  @Option(name: .dashed("pipeline"), help: .value("file"), completion: .file(extensions: ["pipeline"]))
  var pipelines: [String] = []

  @Option(name: .dashed("numerics"), help: .value("class"))
  var numerics: [Numerics] = []

  @Option(
    name: .dashed("output", short: "o"), help: .value("file"), completion: .file(extensions: ["onnx", "mir", "mcb"]))
  var output: [String] = []

  @Option(name: .dashed("distribution"), help: .value("name"))
  var distributions: [RandomTensor.Distribution] = []

  @OptionGroup var options: RunningOptions

  /// - Parameter words: the command line, which tells in which order `-passes` and `-pipeline` came.
  func invocation(words: [String]) throws -> BisectInvocation {
    let models = ModelPath.models(in: model)
    guard models.count == 1 else { throw ModelError(.usage, "bisect takes one model; see mcc bisect -help") }
    var compilation = Invocation(models[0])
    let pipeline = try Command.pipeline(passes, pipelines, words: words)
    guard !pipeline.isEmpty else {
      throw ModelError(.usage, "bisect needs -passes=<pipeline> or -pipeline=<file>")
    }
    compilation.outputs = try options.outputs()
    compilation.pipeline = try Pipeline(dims: [], inputs: [], outputs: compilation.outputs).followed(by: pipeline)
    compilation.inputFormat = try single(options.inputFormat, "-x")
    compilation.signature = try single(options.signatures, "-signature")
    compilation.numerics = try single(numerics, "-numerics") ?? .rounding
    compilation.threads = try options.threadCount()
    compilation.output = try single(output, "-o").map { OutputDestination($0) }
    compilation.export.threads = compilation.threads
    var invocation = BisectInvocation(compilation: compilation)
    invocation.comparison.inputs = try options.modelInputs()
    invocation.comparison.tolerance = try options.tolerance()
    if !distributions.isEmpty { invocation.comparison.distributions = distributions }
    return invocation
  }
}
