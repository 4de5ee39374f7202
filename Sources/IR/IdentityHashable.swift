/// An object that equals only itself.
///
/// No file chooses where an object lies, so that its place, well mixed, needs none of the care that keeps names from
/// being chosen to collide: sets of objects are asked some ten times as often as anything else.
package protocol IdentityHashable: AnyObject, Hashable {}

extension IdentityHashable {
  package static func == (a: Self, b: Self) -> Bool { a === b }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  // The name is the standard library's.
  // swift-format-ignore: NoLeadingUnderscores
  package func _rawHashValue(seed: Int) -> Int {
    let place = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
    // Fibonacci hashing: the high bits of the product depend on all of the place.
    let mixed = (place ^ UInt(bitPattern: seed)) &* 0x9E37_79B9_7F4A_7C15
    return Int(bitPattern: mixed ^ (mixed >> 32))
  }
}
