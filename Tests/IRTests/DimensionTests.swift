import IR
import Testing

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
}
