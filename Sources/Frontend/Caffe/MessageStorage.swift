/// Owns messages that no file holds: those that older forms are upgraded to.
final class MessageStorage {
  private var release: [() -> Void] = []

  /// A message with its type's defaults. It lives as long as the storage.
  func make<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message> {
    let pointer = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    initialize(pointer)
    release.append { pointer.deallocate() }
    return pointer
  }

  /// The elements of a repeated field.
  func list<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
    pointer.initialize(from: elements, count: elements.count)
    release.append { pointer.deallocate() }
    return pointer
  }

  deinit {
    for release in release { release() }
  }
}
