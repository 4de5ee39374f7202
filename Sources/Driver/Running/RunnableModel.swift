import Frontend
import IR
import Passes

extension Module {
  /// Reads a model that is to be run; where outputs are named, only what those need is left.
  ///
  /// - Throws: `ModelError` where the model cannot be read, is not valid, or has no such output.
  static func readRunnable(_ model: ModelPath, _ options: ImportOptions) throws -> Module {
    let module = try Module.read(model, options, diagnostics: Diagnostics())
    if !options.outputs.isEmpty {
      let pipeline = try Pipeline(dims: [], inputs: [], outputs: options.outputs)
      do {
        try PassManager().run(pipeline, on: module)
      } catch {
        throw error.error
      }
    }
    try module.verify()
    return module
  }
}
