import CXXHash
import IR

/// XXH3 of a literal's bytes: equal contents have equal hashes.
struct ContentHash: LiteralAnalysis {
  let value: UInt64

  /// The hash of `literal`, computed by one read of all its bytes, or found where that was done before in this run.
  static func of(_ literal: TensorLiteral, _ context: PassContext) throws -> ContentHash {
    if let known = context.analyses.known(ContentHash.self, of: literal) { return known }
    guard let state = XXH3_createState(), XXH3_64bits_reset(state) == XXH_OK else {
      throw ModelError(.outOfMemory, "no memory for a hash")
    }
    defer { XXH3_freeState(state) }
    try literal.forEachWindow { window, _ in XXH3_64bits_update(state, window.baseAddress, window.count) }
    let hash = ContentHash(value: XXH3_64bits_digest(state))
    context.analyses.store(hash, of: literal)
    return hash
  }
}
