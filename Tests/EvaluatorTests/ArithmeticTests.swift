import IR
import Testing

@testable import Evaluator

@Suite struct ArithmeticTests {
  @Test func broadcasts() throws {
    let sum = try result(of: .add, .f32([2, 1], [1, 2]), .f32([3], [10, 20, 30]))
    #expect(sum.dimensions == [2, 3])
    #expect(try sum.floats == [11, 21, 31, 12, 22, 32])
    #expect(refusal(of: .add, try .counting([2]), try .counting([3])) == .undefined)
    #expect(try result(of: .add, .counting([0, 1]), .counting([1, 3])).dimensions == [0, 3])
  }

  @Test func floatArithmeticIsThatOfFloats() throws {
    var generator = SystemRandomNumberGenerator.seeded(3)
    let numbers = (0..<4_000).map { _ in Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator)) }
    let a = Array(numbers[..<2_000])
    let b = Array(numbers[2_000...])
    let operators: [(OpDefinition, (Float, Float) -> Float)] = [(.add, +), (.sub, -), (.mul, *), (.div, /)]
    for (definition, function) in operators {
      let computed = try result(of: definition, .f32([2_000], a), .f32([2_000], b)).floats
      for index in a.indices {
        let expected = function(a[index], b[index])
        #expect(expected.isNaN ? computed[index].isNaN : computed[index].bitPattern == expected.bitPattern)
      }
    }
    let roots = try result(of: .sqrt, .f32([2_000], a.map { abs($0) })).floats
    #expect(zip(roots, a).allSatisfy { $0.isNaN || $0.bitPattern == abs($1).squareRoot().bitPattern })
  }

  @Test func integersWrap() throws {
    #expect(try result(of: .add, .i64([.max]), .i64([1])).ints == [.min])
    let bytes = try result(of: .mul, .of(.int8, [2], [100, -128] as [Int8]), .of(.int8, [2], [2, -1] as [Int8]))
    #expect(try bytes.values(Int8.self) == [-56, -128])
    #expect(try result(of: .neg, .i64([.min])).ints == [.min])
    #expect(try result(of: .abs, .of(.int8, [1], [-128] as [Int8])).values(Int8.self) == [-128])
  }

  @Test func integersDivideTowardsZero() throws {
    #expect(try result(of: .div, .i64([-7, 7]), .i64([2, -2])).ints == [-3, -3])
    #expect(refusal(of: .div, try .i64([1]), try .i64([0])) == .undefined)
    #expect(refusal(of: .div, try .i64([.min]), try .i64([-1])) == .undefined)
    #expect(try result(of: .mod, .i64([-7, 7]), .i64([3, -3])).ints == [2, -2])
    #expect(try result(of: .mod, .i64([-7, 7]), .i64([3, -3]), attributes: ["fmod": .int(1)]).ints == [-1, 1])
    #expect(refusal(of: .mod, try .i64([1]), try .i64([0])) == .undefined)
    #expect(try result(of: .div, .f32([2], [1, -1]), .f32([], [0])).floats == [.infinity, -.infinity])
  }

  @Test func zeroesKeepTheirSigns() throws {
    #expect(same(try result(of: .add, .f32([1], [-0.0]), .f32([1], [0])).floats, [0]))
    #expect(same(try result(of: .mul, .f32([1], [-0.0]), .f32([1], [1])).floats, [-0.0]))
    #expect(same(try result(of: .neg, .f32([1], [0])).floats, [-0.0]))
    #expect(same(try result(of: .ceil, .f32([1], [-0.5])).floats, [-0.0]))
    #expect(try result(of: .round, .f32([4], [0.5, 1.5, 2.5, -2.5])).floats == [0, 2, 2, -2])
  }

  @Test func notANumberSpreads() throws {
    #expect(try result(of: .max, .f32([2], [.nan, 1]), .f32([2], [1, .nan])).floats.allSatisfy(\.isNaN))
    #expect(try result(of: .relu, .f32([1], [.nan])).floats[0].isNaN)
    #expect(try result(of: .clip, .f32([1], [.nan]), .f32([], [0])).floats[0].isNaN)
  }

  @Test func clips() throws {
    #expect(try result(of: .clip, .counting([4]), .f32([], [1]), .f32([], [2])).floats == [1, 1, 2, 2])
    #expect(try result(of: .clip, .counting([3]), nil, .f32([1], [1])).floats == [0, 1, 1])
    #expect(try result(of: .clip, .i64([-5, 5]), .i64(0)).ints == [0, 5])
  }

  @Test func shiftsBeyondTheWidthLeaveNothing() throws {
    let bytes = try TensorLiteral.of(.uint8, [2], [129, 3] as [UInt8])
    let one = try TensorLiteral.of(.uint8, [], [1] as [UInt8])
    let left = try result(of: .bitShift, bytes, one, attributes: ["direction": .string("LEFT")])
    #expect(try left.values(UInt8.self) == [2, 6])
    let eight = try TensorLiteral.of(.uint8, [], [8] as [UInt8])
    let right = try result(of: .bitShift, bytes, eight, attributes: ["direction": .string("RIGHT")])
    #expect(try right.values(UInt8.self) == [0, 0])
  }

  @Test func powers() throws {
    #expect(try result(of: .pow, .f32([3], [2, -3, 4]), .f32([3], [10, 2, 0.5])).floats == [1024, 9, 2])
    #expect(try result(of: .pow, .i64([2, -3]), .i64([10, 3])).ints == [1024, -27])
    #expect(refusal(of: .pow, try .i64([2]), try .i64([-1])) == .undefined)
    #expect(try result(of: .pow, .f32([1], [3]), .i64([2])).floats == [9])
  }

  @Test func compares() throws {
    #expect(
      try result(of: .equal, .f32([3], [.nan, 0, 1]), .f32([3], [.nan, -0.0, 2])).truths == [false, true, false])
    #expect(try result(of: .less, .of(.uint64, [1], [1 as UInt64]), .of(.uint64, [1], [UInt64.max])).truths == [true])
    #expect(try result(of: .and, .bools([2], [true, true]), .bools([2], [true, false])).truths == [true, false])
    #expect(try result(of: .not, .bools([2], [true, false])).truths == [false, true])
  }

  @Test func activationsKeepTheirLimits() throws {
    let extremes = try TensorLiteral.f32([4], [-.infinity, -1000, 1000, .infinity])
    #expect(try result(of: .sigmoid, extremes).floats == [0, 0, 1, 1])
    #expect(try result(of: .softplus, extremes).floats == [0, 0, 1000, .infinity])
    #expect(try result(of: .tanh, extremes).floats == [-1, -1, 1, 1])
    #expect(try result(of: .elu, extremes, attributes: ["alpha": .float(2)]).floats == [-2, -2, 1000, .infinity])
    #expect(try result(of: .leakyRelu, .f32([2], [-2, 2]), attributes: ["alpha": .float(0.5)]).floats == [-1, 2])
    let gelu = try result(of: .gelu, .f32([2], [1, -1])).floats
    #expect(abs(gelu[0] - 0.84134475) < 1e-7 && abs(gelu[1] + 0.15865526) < 1e-7)
  }

  @Test func halfArithmeticRoundsOnce() throws {
    let a: [Float16] = [1, 2048, 65504, 0.1]
    let b: [Float16] = [0x1p-11, 1, 16, 0.2]
    let sum = try result(of: .add, .of(.float16, [4], a), .of(.float16, [4], b))
    #expect(try sum.values(Float16.self) == zip(a, b).map { $0 + $1 })
  }
}
