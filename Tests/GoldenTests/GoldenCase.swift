import Glibc
import Testing

/// One file of Tests/Golden: a command in its first line, and beside it what the command must say.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  /// The folder of the file, under Tests/Golden.
  let folder: String
  /// The name of the file, `<behavior>.mir`.
  let file: String

  var testDescription: String { "\(folder)/\(file)" }

  var path: String { "\(Self.root)/\(folder)/\(file)" }
  var directory: String { "\(Self.root)/\(folder)" }
  var expectedFile: String { file.dropSuffix(".mir") + ".expected" }
  var expectedPath: String { "\(directory)/\(expectedFile)" }

  /// Tests/Golden, beside the folder of this source file.
  static let root = "\(#filePath)".split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Golden"

  /// All cases, sorted by folder and name.
  static let all: [GoldenCase] = Files.list(root).flatMap { folder in
    Files.list("\(root)/\(folder)").filter { $0.hasSuffix(".mir") }.map { GoldenCase(folder: folder, file: $0) }
  }

  // MARK: The command

  private static let marker = "// RUN: mcc"

  /// The words after `// RUN: mcc` in the first line, `%s` replaced by the file's name; `nil` where the line is no such line.
  func arguments() throws -> [String]? {
    let line = try Files.read(path).prefix { $0 != "\n" }
    guard line.hasPrefix(Self.marker) else { return nil }
    return Self.words(line.dropFirst(Self.marker.count)).map { $0.replacing("%s", with: file) }
  }

  /// Splits at spaces that stand outside of single quotes. There is no shell.
  static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var current: String?
    var isQuoted = false
    for character in line {
      if character == "'" {
        isQuoted.toggle()
        current = current ?? ""
      } else if character == " " && !isQuoted {
        words += current.map { [$0] } ?? []
        current = nil
      } else {
        current = (current ?? "") + String(character)
      }
    }
    return words + (current.map { [$0] } ?? [])
  }
}

extension String {
  func dropSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
