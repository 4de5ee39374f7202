import Testing

@testable import IR

@Suite struct DimensionTests {
  @Test func arithmeticIsCanonical() {
    let n = Dimension.symbol("n")
    #expect(n + .known(1) - n == .known(1))
    #expect((n * .known(4) + .known(3)).floorDivided(by: .known(2)) == n * .known(2) + .known(1))
    #expect(n.isEqual(to: n + .known(1)) == false)
    #expect(n.isEqual(to: .symbol("m")) == nil)
  }

  @Test func productsOfLongSumsAreGivenUp() {
    let sum = (0..<9).map { Dimension.symbol(ByteString("s\($0)")) }.reduce(.known(0), +)
    #expect((sum * .known(3)).isUnknown == false)
    #expect((sum * sum).isUnknown)
  }

  @Test func rangesOfSymbolsDecideComparisons() {
    func symbol(_ name: ByteString, _ range: ClosedRange<Int>) -> Dimension {
      .symbolic(Polynomial(symbol: Symbol(name, in: range)))
    }
    let n = symbol("n", 2...9)
    #expect(n == .symbol("n"))
    #expect(n.isEqual(to: .known(1)) == false)
    #expect(n.isEqual(to: .known(9)) == nil)
    #expect(n.isEqual(to: .known(10)) == false)
    #expect((n * n).isEqual(to: .known(82)) == false)
    #expect(n.isEqual(to: symbol("m", 10...Int.max)) == false)
    #expect((n - .known(10)).isEqual(to: .known(0)) == false)
    #expect((n.floorDivided(by: .known(2)) + .known(1)).isEqual(to: .known(6)) == false)
    #expect(n.broadcast(with: .symbol("m")) == n)
    #expect(n.broadcast(with: symbol("m", 10...20)) == nil)
  }

  @Test func boundsThatDoNotFitAreNone() {
    let n = Polynomial(symbol: Symbol("n", in: 2...Int.max / 2))
    #expect(n.bounds == Bounds(low: 2, high: .max / 2))
    #expect(n.multiplied(by: n)?.bounds == Bounds(low: 4, high: nil))
    #expect(n.multiplied(by: Polynomial(constant: -1))?.bounds == Bounds(low: -(.max / 2), high: -2))
    #expect(n.multiplied(by: Polynomial(constant: 3))?.bounds == Bounds(low: 6, high: nil))
    #expect(Polynomial(symbol: Symbol("m")).bounds == Bounds(low: 0, high: nil))
  }

  @Test func symbolsAreReplacedInsideTerms() {
    let n = Dimension.symbol("n")
    let m = Dimension.symbol("m")
    let term = (n * m + .known(1)).floorDivided(by: .known(2)) + n
    #expect(term.replacing(["n": .known(4)]) == m * .known(2) + .known(4))
    #expect(term.replacing(["n": .known(3), "m": .known(5)]) == .known(11))
    #expect(term.replacing(["k": .known(3)]) == term)
    #expect(term.replacing(["n": .unknown]).isUnknown)
  }
}
