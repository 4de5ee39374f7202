import CModelProtos
import Formats
import IR

/// The numbers of a parameter, where they are in a file.
struct Blob {
  let message: Caffe__BlobProto
  let document: CaffeDocument

  /// Its extents; files before 2015 say four, the first of which may be 1 to fill up.
  var dimensions: [Int] {
    if message.has_num != 0 || message.has_channels != 0 || message.has_height != 0 || message.has_width != 0 {
      return [message.num, message.channels, message.height, message.width].map { Int($0) }
    }
    return message.shape?.dimensions ?? []
  }

  /// Whether it may stand for a parameter of these extents: those above 1 are the same, in their order.
  private func fits(_ expected: [Int]) -> Bool { dimensions.filter { $0 != 1 } == expected.filter { $0 != 1 } }

  /// The numbers as a tensor of the extents that the layer gives its parameter.
  ///
  /// - Throws: `ModelError` where the blob is of other extents, or has not as many numbers as they ask for.
  func literal(_ expected: [Int]) throws -> TensorLiteral {
    guard fits(expected) else {
      throw ModelError(.invalidModel, "needs a blob of extents \(expected), but the file has one of \(dimensions)")
    }
    let floats = UnsafeBufferPointer(start: message.data, count: message.n_data)
    let doubles = UnsafeBufferPointer(start: message.double_data, count: message.n_double_data)
    guard floats.isEmpty || doubles.isEmpty else {
      throw ModelError(.invalidModel, "has its numbers twice: data, and double_data")
    }
    if doubles.isEmpty {
      let bytes = ByteSlice(joining: try floats.map { try document.payload($0.bitPattern) })
      return try TensorLiteral(.float32, expected, .bytes(bytes))
    }
    let bytes = ByteSlice(joining: try doubles.map { try document.payload($0.bitPattern) })
    let wide = try TensorLiteral(.float64, expected, .bytes(bytes))
    return try TensorLiteral(.float32, expected, .elementwise(RoundedDoubles(), wide))
  }
}

/// Doubles, each rounded to the nearest float, as Caffe reads them.
private struct RoundedDoubles: ElementwiseTransform {
  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    for index in 0..<input.count / 8 {
      let element = Float(input.loadUnaligned(fromByteOffset: index * 8, as: Double.self))
      output.storeBytes(of: element, toByteOffset: index * 4, as: Float.self)
    }
  }
}
