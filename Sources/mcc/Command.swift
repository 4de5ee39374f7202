import ArgumentParser
import Backends
import Driver
import Frontend
import IR
import Passes

/// The words of a command line, one property an option. Long options take one dash or two.
///
/// Options with one value are lists here, so that a second one can be refused instead of winning silently.
struct Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcc", subcommands: [RunCommand.self, CompareCommand.self, BisectCommand.self], helpNames: [])

  @Argument(help: "The models to read.", completion: .file())
  var inputs: [String] = []

  // MARK: What to run

  @Option(name: .dashed("passes"), help: .value("pipeline"))
  var passes: [String] = []

  @Option(name: .dashed("pipeline"), help: .value("file"), completion: .file(extensions: ["pipeline"]))
  var pipelines: [String] = []

  @Option(name: .dashed("dim"), help: .value("symbol=size"))
  var dims: [String] = []

  @Option(name: .dashed("inputs"), help: .value("values"))
  var extractedInputs: [String] = []

  @Option(name: .dashed("outputs"), help: .value("values"))
  var extractedOutputs: [String] = []

  @Option(name: .dashed("numerics"), help: .value("class"))
  var numerics: [Numerics] = []

  @Option(name: .dashed("opset"), help: .value("n"))
  var opset: [Int] = []

  // MARK: What to write

  @Option(name: .dashed("output", short: "o"), help: .value("file"), completion: .file())
  var output: [String] = []

  @Option(name: .dashed("emit"), help: .value("format"))
  var emit: [OutputFormat] = []

  @Option(name: .customShort("x"), help: .value("format"))
  var inputFormat: [InputFormat] = []

  @Option(name: .dashed("signature"), help: .value("name"))
  var signatures: [String] = []

  @Option(name: .dashed("external-data"), help: .value("file"))
  var externalData: [String] = []

  @Flag(name: .dashed("fsync"))
  var synchronizesFiles = false

  // MARK: How to run

  @Option(name: .customShort("j", allowingJoined: true), help: .value("n"))
  var threads: [Int] = []

  @Flag(name: .dashed("Werror"))
  var warningsAreErrors = false

  @Flag(name: .dashed("verify-each"))
  var verifiesEach = false

  @Option(name: .dashed("opt-bisect-limit"), help: .value("n"))
  var bisectionLimit: [Int] = []

  // MARK: What to tell

  @Flag(name: .dashed("time-passes"))
  var timesPasses = false

  @Option(name: .dashed("stats"), help: .value("form"))
  var statistics: [Invocation.StatisticsForm] = []

  @Option(name: .dashed("remarks"), help: .value("file"), completion: .file())
  var remarks: [String] = []

  @Option(name: .dashed("print-ir-before"), help: .value("pass"))
  var printsBefore: [String] = []

  @Option(name: .dashed("print-ir-after"), help: .value("pass"))
  var printsAfter: [String] = []

  @Flag(name: .dashed("print-ir-after-all"))
  var printsAfterAll = false

  @Flag(name: .dashed("print-changed"))
  var printsChanged = false

  // MARK: What to show instead of running

  @Flag(name: .dashed("print-pipeline"))
  var printsPipeline = false

  @Option(name: .dashed("print-passes"), help: .value("form"))
  var printsPasses: [ListForm] = []

  @Option(name: .dashed("print-ops"), help: .value("form"))
  var printsOperators: [OperatorListForm] = []

  @Flag(name: .dashed("version"))
  var printsVersion = false

  @Flag(name: .dashed("help", short: "h"))
  var printsHelp = false

  /// How a list is printed.
  enum ListForm: String, CaseIterable, ExpressibleByArgument {
    case text, markdown
  }

  /// How the list of operators is printed.
  enum OperatorListForm: String, CaseIterable, ExpressibleByArgument {
    case text, markdown, json
  }

  /// Options of which the value may be left out, and what is meant then.
  private static let impliedValues = [
    "stats": "text", "external-data": "", "print-passes": "text", "print-ops": "text",
  ]

  /// The command that `words` say.
  ///
  /// - Throws: what the argument parser throws.
  static func parse(words: [String]) throws -> Command {
    let options = words.prefix { $0 != "--" }.map { word in
      let name = word.drop { $0 == "-" }
      guard word.hasPrefix("-"), let implied = impliedValues[String(name)] else { return word }
      return "\(word)=\(implied)"
    }
    return try Command.parse(options + words.dropFirst(options.count))
  }
}

extension NameSpecification {
  /// `-name` and `--name`, and a letter where there is one.
  static func dashed(_ name: String, short: Character? = nil) -> NameSpecification {
    let long: [Element] = [.customLong(name, withSingleDash: true), .customLong(name)]
    return NameSpecification(long + (short.map { [.customShort($0)] } ?? []))
  }
}

extension ArgumentHelp {
  /// Names the value in messages.
  static func value(_ name: String) -> ArgumentHelp { ArgumentHelp(valueName: name) }
}

extension Numerics: ExpressibleByArgument {}
extension InputFormat: ExpressibleByArgument {}
extension OutputFormat: ExpressibleByArgument {}
extension Invocation.StatisticsForm: ExpressibleByArgument {}
