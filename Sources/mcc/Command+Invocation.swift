import Backends
import Driver
import Frontend
import Glibc
import IR
import Passes

extension Command {
  /// One invocation for each input.
  ///
  /// - Parameter words: the command line, which tells in which order `-passes` and `-pipeline` came.
  /// - Throws: a usage error where options contradict each other, or a pipeline is none.
  func invocations(words: [String]) throws -> [Invocation] {
    let template = try invocation(pipeline: pipeline(words: words))
    let models = ModelPath.models(in: inputs)
    guard models.count <= 1 || output.isEmpty else {
      let others = models.dropFirst().map { "'\($0.path)'" }.joined(separator: ", ")
      let hint = passes.isEmpty ? "" : "; if the shell split the pipeline, quote it: '-passes=...'"
      throw ModelError(.usage, "-o takes one input, but there is also \(others)\(hint)")
    }
    return models.map { model in
      var invocation = template
      invocation.model = model
      return invocation
    }
  }

  private func invocation(pipeline: Pipeline) throws -> Invocation {
    var invocation = Invocation(ModelPath(""))
    invocation.pipeline = pipeline
    invocation.inputFormat = try single(inputFormat, "-x")
    invocation.signature = try single(signatures, "-signature")
    invocation.outputs = try single(extractedOutputs, "-outputs").map(Self.names) ?? []
    invocation.inputs = try single(extractedInputs, "-inputs").map(Self.names) ?? []
    invocation.output = try single(output, "-o").map { OutputDestination($0) }
    invocation.emit = try single(emit, "-emit")
    invocation.opset = try number(opset, "-opset", in: 7...OpCatalog.newestOpset)
    invocation.numerics = try single(numerics, "-numerics") ?? .rounding
    invocation.threads = try number(threads, "-j", in: 1...1024) ?? Self.processorCount
    invocation.export.threads = invocation.threads
    invocation.export.synchronizesFiles = synchronizesFiles
    if let file = try single(externalData, "-external-data") {
      invocation.export.externalData = file.isEmpty ? .besideModel : .file(file)
    }
    invocation.warningsAreErrors = warningsAreErrors
    invocation.verifiesEach = verifiesEach
    invocation.bisectionLimit = try number(bisectionLimit, "-opt-bisect-limit", in: 0...Int.max)
    invocation.timesPasses = timesPasses
    invocation.statistics = try single(statistics, "-stats")
    invocation.remarksPath = try single(remarks, "-remarks")
    invocation.printing.before = try passNames(printsBefore, "-print-ir-before")
    invocation.printing.after = try passNames(printsAfter, "-print-ir-after")
    invocation.printing.afterAll = printsAfterAll
    invocation.printing.changed = printsChanged
    return invocation
  }

  /// What `-inputs`, `-outputs` and `-dim` say, then all of `-passes` and `-pipeline`, in the order of the command line.
  func pipeline(words: [String]) throws -> Pipeline {
    let preparation = try Pipeline(
      dims: dims, inputs: try single(extractedInputs, "-inputs").map(Self.names) ?? [],
      outputs: try single(extractedOutputs, "-outputs").map(Self.names) ?? [])
    return preparation.followed(by: try Self.pipeline(passes, pipelines, words: words))
  }

  /// What these values of `-passes` and `-pipeline` say, in the order of the command line.
  static func pipeline(_ passes: [String], _ pipelines: [String], words: [String]) throws -> Pipeline {
    var texts = passes[...]
    var files = pipelines[...]
    var pipeline = Pipeline()
    for word in words.prefix(while: { $0 != "--" }) where word.hasPrefix("-") {
      let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
      if name == "passes", let text = texts.popFirst() {
        pipeline = pipeline.followed(by: try parse(Array(text.utf8), in: "-passes"))
      } else if name == "pipeline", let path = files.popFirst() {
        pipeline = pipeline.followed(by: try parse(try contents(of: path), in: path))
      }
    }
    return pipeline
  }

  private static func parse(_ text: [UInt8], in source: String) throws -> Pipeline {
    do {
      return try PipelineParser.parse(text)
    } catch {
      throw error.modelError(in: source)
    }
  }

  private static func contents(of path: String) throws -> [UInt8] {
    let slice = ByteSlice(Buffer(try MappedFile(path: path)))
    return slice.withUnsafeBytes { Array($0) }
  }

  private func number(_ values: [Int], _ option: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = try single(values, option) else { return nil }
    guard range.contains(value) else {
      let upper = range.upperBound == Int.max ? "or more" : "to \(range.upperBound)"
      throw ModelError(.usage, "\(option) takes \(range.lowerBound) \(upper), not \(value)")
    }
    return value
  }

  static func names(_ list: String) -> [String] { list.split(separator: ",").map(String.init) }

  private func passNames(_ values: [String], _ option: String) throws -> [String] {
    let names = values.flatMap(Self.names)
    let known = PassRegistry.all.map { $0.name }
    for name in names where !known.contains(name) {
      throw ModelError(.usage, "\(option): unknown pass '\(name)'\(Suggestion.hint(for: name, among: known))")
    }
    return names
  }

  static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
