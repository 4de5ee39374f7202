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
    for _ in 1..<min(inputs.count, Self.maximumRounds) {
      let symbols = Set(interface.inputs.map { interface.symbol(of: $0, axis: 0) })
      // What cannot be lowered with extents that may differ may well be with one.
      guard let module = try? lower(interface) else { return sharingAllRows }
      interface.join(Self.pairs(of: symbols, in: module))
      let rest = Set(interface.inputs.map { interface.symbol(of: $0, axis: 0) })
      if rest.count == 1 { return sharingAllRows }
      if rest.count == symbols.count { break }
    }
    return interface
  }

  /// Each round lowers the model once. What later ones would find stays apart, which is right, too.
  private static let maximumRounds = 9

  /// Gives the inputs that have either symbol of a pair the first.
  private mutating func join(_ pairs: [(ByteString, ByteString)]) {
    var replacements: [ByteString: ByteString] = [:]
    func current(_ symbol: ByteString) -> ByteString {
      var symbol = symbol
      while let next = replacements[symbol] { symbol = next }
      return symbol
    }
    for (first, second) in pairs {
      let (kept, other) = (current(first), current(second))
      if kept != other { replacements[other] = kept }
    }
    for input in inputs { rows[input.name] = current(symbol(of: input, axis: 0)) }
  }

  private var sharingAllRows: ModelInterface {
    var interface = self
    for input in inputs { interface.rows[input.name] = Self.batch }
    return interface
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
