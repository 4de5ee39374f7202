import ArgumentParser
import Driver
import IR
import Passes

/// One run of the program: words in, an exit code out.
struct Tool {
  private let words: [String]
  private let console: Console

  init(_ words: [String], _ console: Console) {
    self.words = words
    self.console = console
  }

  /// Runs what the words say, tells what went wrong, and returns the exit code.
  func run() -> Int32 {
    do {
      let isContent = try dispatch()
      return console.outputIsOpen ? (isContent ? 0 : 1) : ModelError.Kind.inputOutput.rawValue
    } catch let error as ModelError {
      console.error((error.file == nil ? "mcc: \(error)" : "\(error)") + "\n")
      return error.kind.rawValue
    } catch {
      console.error("mcc: error: internal failure: \(error)\n")
      return ModelError.Kind.internalFailure.rawValue
    }
  }

  /// - Returns: whether what was compared agrees.
  private func dispatch() throws -> Bool {
    guard let first = words.first else { throw usage() }
    switch first {
    case "help": try help(Array(words.dropFirst()))
    case "run":
      guard let command = try parse({ try RunCommand.parse(Array(words.dropFirst())) }) else { return true }
      if command.options.printsHelp {
        console.output(HelpScreen.run)
      } else {
        return try Runner(command.invocation(), console).run()
      }
    case "compare":
      guard let command = try parse({ try CompareCommand.parse(Array(words.dropFirst())) }) else { return true }
      if command.options.printsHelp {
        console.output(HelpScreen.compare)
      } else {
        return try Comparer(command.invocation(), console).run()
      }
    case "bisect":
      guard let command = try parse({ try BisectCommand.parse(Array(words.dropFirst())) }) else { return true }
      if command.options.printsHelp {
        console.output(HelpScreen.bisect)
      } else {
        return try Bisector(command.invocation(words: words), console).run()
      }
    default: try compile()
    }
    return true
  }

  private func compile() throws {
    guard let command = try parse({ try Command.parse(words: words) }) else { return }
    if let text = try answer(command) { return console.output(text) }
    let invocations = try command.invocations(words: words)
    guard !invocations.isEmpty else { throw ModelError(.usage, "no input; name a model, or see mcc -help") }
    for invocation in invocations { try Compiler(invocation, console).run() }
  }

  /// What the words say; `nil` where the argument parser has answered them itself.
  private func parse<Words: ParsableCommand>(_ read: () throws -> Words) throws -> Words? {
    do {
      return try read()
    } catch {
      let message = Words.message(for: error)
      guard Words.exitCode(for: error).isSuccess else { throw Self.usageError(message) }
      console.output(message + "\n")
      return nil
    }
  }

  /// The argument parser's message as ours are written.
  private static func usageError(_ message: String) -> ModelError {
    let line = message.prefix { $0 != "\n" }
    let parts = line.split(separator: ". ").map { $0.prefix(1).lowercased() + $0.dropFirst() }
    var text = parts.joined(separator: "; ")
    if text.hasSuffix(".") { text.removeLast() }
    return ModelError(.usage, text + "\n  mcc -help lists the options")
  }

  /// The text of an option that asks for one instead of a run.
  private func answer(_ command: Command) throws -> String? {
    if command.printsHelp { return HelpScreen.text }
    if command.printsVersion { return "mcc \(Version.current)\n" }
    if let form = command.printsPasses.first {
      return form == .markdown ? PassReference.markdown : PassReference.list
    }
    if let form = command.printsOperators.first {
      switch form {
      case .text: return OperatorReference.list
      case .markdown: return OperatorReference.markdown
      case .json: return OperatorReference.json
      }
    }
    guard command.printsPipeline else { return nil }
    let pipeline = try command.pipeline(words: words)
    guard !pipeline.isEmpty else {
      throw ModelError(.usage, "-print-pipeline needs -passes=<pipeline> or -pipeline=<file>")
    }
    return pipeline.expandedDescription + "\n"
  }

  private func help(_ names: [String]) throws {
    if names.isEmpty { return console.output(HelpScreen.text) }
    for name in names {
      guard let text = PassReference.help(for: name) else {
        let hint = Suggestion.hint(for: name, among: PassReference.names)
        throw ModelError(.usage, "there is no pass '\(name)'\(hint)\n  mcc -print-passes lists what there is")
      }
      console.output(text)
    }
  }

  private func usage() -> ModelError {
    console.error(HelpScreen.usage)
    return ModelError(.usage, "no input")
  }
}
