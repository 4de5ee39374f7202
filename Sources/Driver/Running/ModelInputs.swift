import Evaluator
import Formats
import Frontend
import Glibc
import IR

/// What the arguments of a model are given: arrays from files, test data of ONNX, or random numbers.
package struct ModelInputs: Sendable {
  /// One `-i` of the command line.
  package enum Source: Sendable {
    /// `name=x.npy`, or a file of more than one array, or of the one input's.
    case file(name: String?, path: String)
    /// `random`, or `name=random`: within a range where one is given.
    case random(name: String?, range: ClosedRange<Double>?)

    /// - Throws: a usage error where a range is none.
    package init(_ argument: String) throws {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      let (name, what) = parts.count == 2 ? (parts[0], parts[1]) : (nil, argument)
      let words = what.split(separator: ":", omittingEmptySubsequences: false)
      guard words.first == "random" else {
        self = .file(name: name, path: what)
        return
      }
      guard words.count > 1 else {
        self = .random(name: name, range: nil)
        return
      }
      guard words.count == 3, let low = Double(words[1]), let high = Double(words[2]), low <= high else {
        throw ModelError(.usage, "-i \(argument): random takes a range like random:-1:1")
      }
      self = .random(name: name, range: low...high)
    }
  }

  package var sources: [Source] = []
  package var seed: UInt64 = 0
  package var distribution = RandomTensor.Distribution.normal
  /// What extents that the model leaves open are, by symbol.
  package var extents: [String: Int] = [:]

  package init() {}

  /// What an extent is that neither the model nor the user says.
  private static let openExtent = 2

  /// One value for each argument of `graph`; `nil` where the argument's default is meant.
  ///
  /// - Throws: `ModelError` that names the file or the input.
  package func values(for graph: Graph) throws -> [RuntimeValue?] {
    try checkExtents(of: graph)
    var given: [ByteString: RuntimeValue] = [:]
    var ranges: [ByteString: ClosedRange<Double>] = [:]
    var common: ClosedRange<Double>?
    for source in sources {
      switch source {
      case .random(nil, let range): common = range ?? common
      case .random(let name?, let range):
        _ = try argument(named: name, of: graph)
        if let range { ranges[ByteString(name)] = range }
      case .file(let name, let path):
        for (name, value) in try read(path, name, graph) { given[name] = value }
      }
    }
    return try graph.arguments.enumerated().map { index, argument in
      if let value = given[argument.name] { return value }
      if argument.defaultLiteral != nil { return nil }
      return try random(argument, ranges[argument.name] ?? common, index)
    }
  }

  private func checkExtents(of graph: Graph) throws {
    var symbols: Set<String> = []
    for case let shape? in graph.arguments.lazy.map(\.tensorType?.shape) {
      for dimension in shape { dimension.forEachSymbol { symbols.insert($0.name.text) } }
    }
    guard let lost = extents.keys.filter({ !symbols.contains($0) }).min() else { return }
    let known = symbols.sorted()
    let advice = known.isEmpty ? "all are numbers" : "there is \(known.joined(separator: ", "))"
    throw ModelError(
      .usage, "-dim: no input has an extent '\(lost)'\(Suggestion.hint(for: lost, among: known)); \(advice)")
  }

  private func argument(named name: String, of graph: Graph) throws -> Value {
    let names = graph.arguments.map(\.name.text)
    guard let argument = graph.arguments.first(where: { $0.name.text == name }) else {
      let hint = Suggestion.hint(for: name, among: names)
      throw ModelError(
        .usage, "-i: there is no input '\(name)'\(hint); there is \(names.joined(separator: ", "))")
    }
    return argument
  }

  // MARK: Files

  private func read(_ path: String, _ name: String?, _ graph: Graph) throws -> [(ByteString, RuntimeValue)] {
    if TestData.isFolder(path) { return try TestData(path).inputs(of: graph) }
    do {
      let file = ByteSlice(Buffer(try MappedFile(path: path)))
      if ZipArchive.recognizes(file) {
        let archive = try ZipArchive(file)
        return try graph.arguments.compactMap { argument in
          guard name == nil || argument.name.text == name,
            let array = try archive.contents(of: argument.name.text + ".npy")
          else { return nil }
          return (argument.name, .tensor(try NumPyArray.read(array)))
        }
      }
      let argument = try name.map { try self.argument(named: $0, of: graph) } ?? onlyArgument(of: graph)
      return [(argument.name, try Self.value(in: file, for: argument))]
    } catch let error as ModelError {
      throw error.inFile(path)
    }
  }

  private func onlyArgument(of graph: Graph) throws -> Value {
    let open = graph.arguments.filter { $0.defaultLiteral == nil }
    guard open.count == 1 else {
      throw ModelError(.usage, "-i: say which input it is, as in -i \(open.first?.name.text ?? "x")=<file>")
    }
    return open[0]
  }

  /// The value in a `.npy` or `.pb` file.
  static func value(in file: ByteSlice, for argument: Value) throws -> RuntimeValue {
    if NumPyArray.recognizes(file) { return .tensor(try NumPyArray.read(file)) }
    return try ValueFile.read(file, as: argument.type)
  }

  // MARK: Random numbers

  /// What a dimension is with the user's extents for its symbols.
  private func extent(of dimension: Dimension) -> Int {
    var symbols: [ByteString: Dimension] = [:]
    dimension.forEachSymbol { symbols[$0.name] = .known(extents[$0.name.text] ?? Self.openExtent) }
    return max(dimension.replacing(symbols).value ?? Self.openExtent, 0)
  }

  private func random(_ argument: Value, _ range: ClosedRange<Double>?, _ index: Int) throws -> RuntimeValue {
    guard let type = argument.tensorType, let shape = type.shape else {
      throw ModelError(
        .usage, "input '\(argument.name)' is \(argument.type), for which there are no random values; give it with -i")
    }
    let dimensions = shape.map { extent(of: $0) }
    let tensor = RandomTensor(distribution: distribution, range: range, seed: seed &+ UInt64(index) &* 0x9E37_79B9)
    do {
      return .tensor(try tensor.literal(type.elementType, dimensions))
    } catch let error as ModelError {
      throw error.at("input '\(argument.name)'")
    }
  }
}

/// A folder of ONNX's test data: `input_0.pb`, `output_0.pb` and so on.
package struct TestData: Sendable {
  private let folder: String

  package init(_ folder: String) {
    self.folder = folder
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The inputs that there are files for.
  package func inputs(of graph: Graph) throws -> [(ByteString, RuntimeValue)] {
    try graph.arguments.enumerated().compactMap { index, argument in
      try value("input_\(index).pb", argument.type).map { (argument.name, $0) }
    }
  }

  /// What each output is expected to be; `nil` where there is no file for it.
  package func outputs(of graph: Graph) throws -> [RuntimeValue?] {
    try graph.outputs.enumerated().map { index, output in
      let type = graph.terminator?.operand(index)?.type.merged(with: output.type) ?? output.type
      return try value("output_\(index).pb", type)
    }
  }

  private func value(_ name: String, _ type: ValueType) throws -> RuntimeValue? {
    let path = "\(folder)/\(name)"
    guard access(path, F_OK) == 0 else { return nil }
    do {
      return try ValueFile.read(ByteSlice(Buffer(try MappedFile(path: path))), as: type)
    } catch let error as ModelError {
      throw error.inFile(path)
    }
  }
}
