import IR
import Testing

@testable import Passes

/// A module around the text of its main graph, and of functions before it.
func module(_ graphs: String) throws -> Module {
  let opsets = #"vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17}"#
  return try Module.parse("module \"m\" \(opsets) {\n\(graphs)\n}\n")
}

/// Runs `pass` and returns what it had to say.
@discardableResult
func run(_ pass: some Pass, on module: Module, numerics: Numerics = .rounding) throws -> PassContext {
  let context = PassContext(module, pass: type(of: pass).name, numerics: numerics, isStrict: true)
  try pass.run(on: module, context)
  return context
}

/// Expects `pass` to make `after` of `before`, and to change nothing when it runs again.
func expect(
  _ pass: some Pass, makes before: String, into after: String, numerics: Numerics = .rounding,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let changed = try module(before)
  try run(pass, on: changed, numerics: numerics)
  #expect(try changed.text() == module(after).text(), sourceLocation: location)
  let again = try run(pass, on: changed, numerics: numerics)
  #expect(again.rewriter.mutationCount == 0, "changes something again", sourceLocation: location)
}

/// Expects `pass` to leave the module alone, and to say so with `remark` somewhere in what it says.
func expect(
  _ pass: some Pass, leaves graphs: String, saying remark: String = "", numerics: Numerics = .rounding,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let module = try module(graphs)
  let before = try module.text()
  let context = try run(pass, on: module, numerics: numerics)
  #expect(context.rewriter.mutationCount == 0, sourceLocation: location)
  #expect(try module.text() == before, sourceLocation: location)
  let said = context.remarks.map(\.message)
  #expect(remark.isEmpty || said.contains { $0.contains(remark) }, "\(said)", sourceLocation: location)
}
