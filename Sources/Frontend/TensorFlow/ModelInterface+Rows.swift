import Formats
import IR

extension ModelInterface {
  /// The interface with one symbol for the first axes of inputs that the model computes with row by row: those of
  /// questions and of answers to choose from stay apart.
  ///
  /// - Parameter lower: what the model becomes with an interface.
  func sharingRows(_ lower: (ModelInterface) throws -> Module) throws -> ModelInterface {
    guard inputs.count > 1, isBatched else { return self }
    var interface = self
    // What two extents that may differ become is not known, so that some pairs are seen only where others are one.
    for _ in 1..<inputs.count {
      let symbols = Set(interface.inputs.map { interface.symbol(of: $0, axis: 0) })
      // What cannot be lowered with extents that may differ may well be with one.
      guard let module = try? lower(interface) else { return sharingAllRows }
      for (first, second) in Self.pairs(of: symbols, in: module) {
        let (kept, other) = (interface.symbol(for: first), interface.symbol(for: second))
        for input in interface.inputs where interface.symbol(of: input, axis: 0) == other {
          interface.rows[input.name] = kept
        }
      }
      let rest = Set(interface.inputs.map { interface.symbol(of: $0, axis: 0) })
      if rest.count == 1 { return sharingAllRows }
      if rest.count == symbols.count { break }
    }
    return interface
  }

  private var sharingAllRows: ModelInterface {
    var interface = self
    for input in inputs { interface.rows[input.name] = Self.batch }
    return interface
  }

  /// The symbol that now stands for the first axis of the inputs whose symbol was `symbol`.
  private func symbol(for symbol: ByteString) -> ByteString {
    let input = inputs.first { ByteString("\($0.name.text)_d0") == symbol }
    return input.map { self.symbol(of: $0, axis: 0) } ?? symbol
  }

  /// The symbols that stand for one axis of operands which an operation takes element by element.
  private static func pairs(of symbols: Set<ByteString>, in module: Module) -> [(ByteString, ByteString)] {
    let names = Dictionary(uniqueKeysWithValues: symbols.map { (Dimension.symbol($0), $0) })
    var pairs: [(ByteString, ByteString)] = []
    module.forEachOperation { operation in
      var known: [Int: ByteString] = [:]
      for shape in rowwiseShapes(of: operation) {
        for (place, dimension) in shape.reversed().enumerated() {
          guard let name = names[dimension] else { continue }
          if let other = known[place], other != name { pairs.append((other, name)) }
          known[place] = known[place] ?? name
        }
      }
    }
    return pairs
  }

  /// The shapes of operands whose axes stand for the same, counted from the last; axes that do not are 1.
  private static func rowwiseShapes(of operation: Operation) -> [Shape] {
    let shapes = operation.operands.compactMap { $0?.tensorType?.shape }
    if operation.definition.traits.contains(.elementwise) { return shapes }
    if operation.is(.matMul) { return shapes.map { $0.dropLast(2) + $0.suffix(2).map { _ in .known(1) } } }
    guard operation.is(.concat), let rank = shapes.first?.count, let axis = operation.int("axis") else { return [] }
    let place = axis < 0 ? axis + rank : axis
    return shapes.map { $0.enumerated().map { $0.offset == place ? .known(1) : $0.element } }
  }
}
