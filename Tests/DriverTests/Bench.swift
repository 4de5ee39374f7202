import FoundationEssentials
import Frontend
import Passes

@testable import Driver

/// A folder of its own, a console that remembers, and models to compile.
final class Bench {
  let folder = FileManager.default.temporaryDirectory.appending(path: "mcc-test-\(UUID().uuidString)")
  private(set) var output = ""
  private(set) var error = ""

  init() {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// Writes `text` to a file and returns its path.
  func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return path(name)
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func contents(_ name: String) -> String? { try? String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  /// Compiles `input`, set up by `prepare`.
  func compile(_ input: String, _ passes: String = "", _ prepare: (inout Invocation) -> Void = { _ in }) throws {
    var invocation = Invocation(ModelPath(input))
    if !passes.isEmpty { invocation.pipeline = try PipelineParser.parse(passes.utf8) }
    prepare(&invocation)
    try Compiler(invocation, console).run()
  }

  /// What the verbs say is remembered.
  var console: Console {
    Console(output: { [self] in remember($0, in: \.output) }, error: { [self] in remember($0, in: \.error) })
  }

  private func remember(_ bytes: UnsafeRawBufferPointer, in stream: ReferenceWritableKeyPath<Bench, String>) -> Bool {
    self[keyPath: stream] += String(decoding: bytes, as: UTF8.self)
    return true
  }
}

/// A model in which every verb finds something to do.
let sampleModel = """
  module "m" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17} {
    graph @main(%x: f32[2], %b: f32[2] = [1.0, 2.0] : f32[2]) -> (y: f32[2]) {
      %s = Add(%x, %b) : f32[2]
      %y = Relu(%s) : f32[2]
      return %y
    }
  }

  """
