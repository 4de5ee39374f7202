/// Where an output goes.
package enum OutputDestination: Hashable, Sendable {
  /// A file, a FIFO or a device. A file appears, or is replaced, only once it is complete.
  case file(String)
  /// Standard output, written in order.
  case standardOutput

  /// What `-o` says: a path, or `-` for standard output.
  package init(_ argument: String) {
    self = argument == "-" ? .standardOutput : .file(argument)
  }

  /// How messages name it.
  package var name: String {
    switch self {
    case .file(let path): path
    case .standardOutput: "standard output"
    }
  }
}
