import IR
import Testing

@Suite struct BroadcastingTests {
  static let n = Dimension.symbol("n")

  static let shapes: [(a: Shape, b: Shape, result: Shape?)] = [
    ([], [], []),
    ([2, 3], [3], [2, 3]),
    ([2, 1], [1, 3], [2, 3]),
    (["n", 1], ["n"], ["n", "n"]),
    (["n"], [1], ["n"]),
    (["n"], ["n"], ["n"]),
    (["n"], ["m"], ["?"]),
    (["n"], [7], [7]),
    ([7], ["?"], [7]),
    ([0], [1], [0]),
    ([0], ["n"], [0]),
    (["?"], ["?"], ["?"]),
    ([1], ["?"], ["?"]),
    (["n"], ["?"], ["?"]),
    ([n + 2], ["m"], [n + 2]),
    ([n + 2], [7], [7]),
    ([n], [n + 1], ["?"]),
    ([n + 2], [n + 3], nil),
    ([n + 8], [7], nil),
    ([2], [3], nil),
    ([0], [2], nil),
    ([4, 2, 3], [4, 3], nil),
  ]

  @Test(arguments: shapes) func broadcasts(_ a: Shape, _ b: Shape, _ result: Shape?) {
    #expect(a.broadcast(with: b) == result)
    #expect(b.broadcast(with: a) == result)
  }

  /// A result may be narrower than what holds for some values of the symbols, never different: every assignment under
  /// which numbers broadcast
  /// gives the extent that was said.
  @Test(arguments: shapes) func agreesWithNumbers(_ a: Shape, _ b: Shape, _ result: Shape?) throws {
    for n in 0...9 {
      for m in 0...9 {
        let values: [ByteString: Int] = ["n": n, "m": m]
        guard let x = a.assigned(values), let y = b.assigned(values) else { continue }
        guard let concrete = x.broadcast(with: y) else { continue }
        let said = try #require(result, "\(x) and \(y) broadcast")
        for (extent, number) in zip(said, concrete) where !extent.isUnknown {
          #expect([extent].assigned(values) == [number], "n = \(n), m = \(m)")
        }
      }
    }
  }
}

extension Shape {
  /// The shape with numbers for symbols; `nil` where something is unknown.
  func assigned(_ values: [ByteString: Int]) -> Shape? {
    let numbers = compactMap { $0.assigned(values) }
    return numbers.count == count ? numbers.map { .known($0) } : nil
  }
}

extension Dimension {
  /// The number for given values of the symbols.
  func assigned(_ values: [ByteString: Int]) -> Int? {
    switch self {
    case .known(let number): number
    case .unknown: nil
    case .symbolic(let polynomial):
      polynomial.terms.reduce(0) { sum, term in
        sum
          + term.factors.reduce(term.coefficient) { product, factor in
            switch factor {
            case .symbol(let symbol): product * (values[symbol.name] ?? 0)
            case .floorQuotient(let a, let b):
              product
                * Self.floor(Dimension.symbolic(a).assigned(values) ?? 0, Dimension.symbolic(b).assigned(values) ?? 1)
            }
          }
      }
    }
  }

  private static func floor(_ a: Int, _ b: Int) -> Int { a / b - (a % b < 0 ? 1 : 0) }
}
