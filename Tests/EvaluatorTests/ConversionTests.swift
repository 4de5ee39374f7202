import IR
import Testing

@testable import Evaluator

@Suite struct ConversionTests {
  private func cast(_ literal: TensorLiteral, to type: ElementType) throws -> TensorLiteral {
    try result(of: .cast, literal, attributes: ["to": .int(Int64(type.dataType))])
  }

  @Test func fractionsGoTowardsZero() throws {
    #expect(try cast(.f32([4], [1.9, -1.9, -0.5, 0]), to: .int64).ints == [1, -1, 0, 0])
    #expect(try cast(.f32([2], [255.9, 0]), to: .uint8).values(UInt8.self) == [255, 0])
  }

  @Test func whatDoesNotFitIsRefused() throws {
    for value in [Float.nan, .infinity, 3e9] {
      #expect(refusal(of: .cast, try .f32([1], [value]), attributes: ["to": .int(6)]) == .undefined)
    }
    #expect(refusal(of: .cast, try .f32([1], [-1]), attributes: ["to": .int(2)]) == .undefined)
    #expect(refusal(of: .cast, try .f32([1], [0x1p63]), attributes: ["to": .int(7)]) == .undefined)
    #expect(try cast(.f32([1], [-0x1p63]), to: .int64).ints == [.min])
  }

  @Test func integersKeepTheirLowBits() throws {
    #expect(try cast(.i64([300, -1]), to: .uint8).values(UInt8.self) == [44, 255])
    #expect(try cast(.i64([0x8000_0000]), to: .int32).values(Int32.self) == [.min])
    #expect(try cast(.of(.uint8, [1], [200 as UInt8]), to: .int8).values(Int8.self) == [-56])
  }

  @Test func integersRoundOnce() throws {
    let tie: Int64 = (1 << 60) + (1 << 36) + 1
    #expect(try cast(.i64([tie]), to: .float32).floats == [Float(tie)])
    #expect(try cast(.of(.uint64, [1], [UInt64.max]), to: .float32).floats == [0x1p64])
  }

  @Test func truthsAreNotZero() throws {
    #expect(try cast(.f32([4], [0, -0.0, .nan, 0.1]), to: .bool).truths == [false, false, true, true])
    #expect(try cast(.bools([2], [true, false]), to: .float32).floats == [1, 0])
  }

  @Test func float8Saturates() throws {
    let large = try TensorLiteral.f32([2], [1000, -1000])
    #expect(try cast(large, to: .float8e4m3fn).values(UInt8.self) == [0x7E, 0xFE])
    let without: Attributes = ["to": .int(Int64(ElementType.float8e4m3fn.dataType)), "saturate": .int(0)]
    #expect(try result(of: .cast, large, attributes: without).values(UInt8.self).map { $0 & 0x7F } == [0x7F, 0x7F])
  }

  @Test func aLargeCastIsMadeWhenRead() throws {
    let large = try TensorLiteral.counting([600, 1000])
    let halves = try result(
      of: .cast, large, attributes: ["to": .int(Int64(ElementType.float16.dataType))],
      budget: .init(resultBytes: 1 << 30))
    guard case .elementwise = halves.source else {
      Issue.record("made at once")
      return
    }
    #expect(try halves.values(Float16.self) == large.floats.map { Float16($0) })
  }

  @Test func castLikeTakesTheTypeOfItsSecondOperand() throws {
    #expect(try result(of: .castLike, .f32([1], [2.5]), .i64(0)).ints == [2])
  }
}
