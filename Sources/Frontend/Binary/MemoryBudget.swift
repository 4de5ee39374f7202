import IR

/// What reading a file may take: a small file must not make a large module.
struct MemoryBudget {
  private var remaining: Int

  /// - Parameter fileBytes: the size of the file.
  init(fileBytes: Int) {
    // No file is long enough for this to overflow.
    remaining = (64 << 20) + 16 * min(fileBytes, 1 << 56)
  }

  /// - Throws: `ModelError` where no more than `bytes` are left.
  mutating func take(_ bytes: Int) throws {
    guard bytes < remaining else {
      throw ModelError(.invalidModel, "says more than a file of its size should: it would take too much memory")
    }
    remaining -= bytes
  }
}

/// About what the parts of a module take, in bytes.
enum MemoryCost {
  static let operation = 512
  static let operand = 96
  static let value = 256
  static let attribute = 128
  static let element = 16
  static let graph = 256
  static let annotation = 160
  static let type = 96
  static let text = 64
}
