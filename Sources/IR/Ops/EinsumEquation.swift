/// Einsum's equation, read: which axis of each operand and of the result has which label.
///
/// `"bij,bjk->bik"` has the operands `b i j` and `b j k` and the result `b i k`. An ellipsis stands for any number of
/// axes that are broadcast.
package struct EinsumEquation: Hashable, Sendable {
  /// A letter, or the ellipsis.
  package enum Label: Hashable, Sendable {
    case letter(UInt8)
    case ellipsis
  }

  package let operands: [[Label]]
  package let result: [Label]

  /// - Throws: `ModelError` that says what is wrong with the equation.
  package init(_ equation: ByteString) throws {
    let bytes = equation.bytes.filter { $0 != UInt8(ascii: " ") }
    let arrow = bytes.indices.dropLast().first { bytes[$0] == UInt8(ascii: "-") && bytes[$0 + 1] == UInt8(ascii: ">") }
    let left = bytes[..<(arrow ?? bytes.endIndex)]
    do throws(Malformed) {
      var terms: [[Label]] = []
      for term in left.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
        terms.append(try Self.term(term))
      }
      operands = terms
      result = if let arrow { try Self.term(bytes[(arrow + 2)...]) } else { Self.impliedResult(terms) }
    } catch {
      throw ModelError(.invalidModel, "equation '\(equation)': \(error.reason)")
    }
    if let reason = Self.resultDefect(result, operands) {
      throw ModelError(.invalidModel, "equation '\(equation)': \(reason)")
    }
  }

  private struct Malformed: Error {
    let reason: String
  }

  private static func term(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> [Label] {
    var labels: [Label] = []
    var rest = bytes
    while let byte = rest.first {
      if rest.starts(with: "...".utf8) {
        guard !labels.contains(.ellipsis) else { throw Malformed(reason: "a term has two ellipses") }
        labels.append(.ellipsis)
        rest = rest.dropFirst(3)
        continue
      }
      guard isLetter(byte) else { throw Malformed(reason: "'\(ByteString([byte]))' is no letter") }
      labels.append(.letter(byte))
      rest = rest.dropFirst()
    }
    return labels
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte & 0x40 != 0
  }

  /// Without an arrow: the ellipsis, then the letters that occur once, upper case first.
  private static func impliedResult(_ operands: [[Label]]) -> [Label] {
    var counts = [Int](repeating: 0, count: 256)
    for case .letter(let letter) in operands.joined() { counts[Int(letter)] += 1 }
    let letters = (UInt8.min...UInt8.max).filter { counts[Int($0)] == 1 }.map { Label.letter($0) }
    return (operands.contains { $0.contains(.ellipsis) } ? [.ellipsis] : []) + letters
  }

  private static func resultDefect(_ result: [Label], _ operands: [[Label]]) -> String? {
    let known = Set(operands.joined())
    for label in result {
      guard case .letter(let letter) = label else { continue }
      if !known.contains(label) { return "no operand has the result's '\(ByteString([letter]))'" }
    }
    return Set(result).count == result.count ? nil : "the result has a letter twice"
  }
}

extension EinsumEquation {
  /// The result's shape for operands of these shapes.
  ///
  /// - Throws: `ModelError` where ranks or extents contradict the equation.
  package func resultShape(of shapes: [Shape]) throws -> Shape {
    guard shapes.count == operands.count else {
      throw ModelError(.invalidModel, "the equation has \(operands.count) operands, the operation \(shapes.count)")
    }
    var extents: [Label: Dimension] = [:]
    var broadcast: Shape = []
    for (labels, shape) in zip(operands, shapes) {
      let hidden = try hiddenAxes(labels, shape)
      var axis = 0
      var own: [Label: Dimension] = [:]
      for label in labels {
        if label == .ellipsis {
          guard let wider = broadcast.broadcast(with: Array(shape[axis..<axis + hidden])) else {
            throw ModelError(.invalidModel, "shape \(shape) does not broadcast with the other operands at the ellipsis")
          }
          broadcast = wider
          axis += hidden
          continue
        }
        guard let extent = (own[label] ?? .unknown).merged(with: shape[axis]) else {
          throw ModelError(.invalidModel, "axis \(axis) of \(shape) contradicts the other axes of its letter")
        }
        own[label] = extent
        axis += 1
      }
      // Runtimes stretch an extent of 1 between operands, but not within one.
      for label in labels {
        guard let extent = own[label] else { continue }
        guard let wider = (extents[label] ?? .known(1)).broadcast(with: extent) else {
          throw ModelError(.invalidModel, "\(extent) in \(shape) contradicts the other axes of its letter")
        }
        extents[label] = wider
      }
    }
    return result.flatMap { $0 == .ellipsis ? broadcast : [extents[$0] ?? .unknown] }
  }

  /// How many axes of `shape` the ellipsis of its term stands for.
  private func hiddenAxes(_ labels: [Label], _ shape: Shape) throws -> Int {
    let hasEllipsis = labels.contains(.ellipsis)
    let hidden = shape.count - labels.count + (hasEllipsis ? 1 : 0)
    guard hidden == 0 || (hasEllipsis && hidden > 0) else {
      throw ModelError(.invalidModel, "shape \(shape) has not the rank that its term of the equation asks for")
    }
    return hidden
  }
}
