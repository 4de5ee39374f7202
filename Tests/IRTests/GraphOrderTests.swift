import Testing

@testable import IR

@Suite struct GraphOrderTests {
  /// Insertions at one place use up the room between two numbers; the order must still be that of the list.
  @Test func isBeforeFollowsTheListWhereverOperationsAreInserted() throws {
    let module = Module(name: "m")
    let x = Builder(module, at: .end(of: module.main)).addArgument(
      to: module.main, name: "x", type: .tensor(.float32, []))
    var anchor = Builder(module, at: .end(of: module.main)).insertReturn([x])
    for index in 0..<200 {
      let builder = Builder(module, at: index % 3 == 0 ? .after(anchor) : .before(anchor))
      let operation = builder.insert(.relu, operands: [x], results: [.init(ByteString("r\(index)"))])
      if index % 2 == 0 { anchor = operation }
    }
    let operations = Array(module.main.operations)
    for (first, second) in zip(operations, operations.dropFirst()) {
      #expect(first.isBefore(second))
      #expect(!second.isBefore(first))
    }
  }
}
