import Glibc
import Synchronization

/// Work over independent pieces on several threads. Results must not depend on who does which piece: write to slots
/// that the index names.
package enum Parallel {
  /// Calls `body` once for each index below `count`, on up to `threads` threads, this one included. Indices are handed
  /// out in ascending order.
  ///
  /// - Throws: the error of the smallest failing index; no further index is started after a failure.
  package static func forEach(_ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Void) throws {
    guard threads > 1, count > 1 else {
      for index in 0..<max(count, 0) { try body(index) }
      return
    }
    try withoutActuallyEscaping(body) { body in
      let queue = WorkQueue(count: count, body)
      let helpers = (1..<min(threads, count)).compactMap { _ in startThread(queue) }
      queue.work()
      for helper in helpers { pthread_join(helper, nil) }
      if let error = queue.failure { throw error }
    }
  }

  /// The results of `body` for each index below `count`, in order of the indices.
  ///
  /// - Throws: as `forEach` does.
  package static func map<Result: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Result?]>(Array(repeating: nil, count: max(count, 0)))
    try forEach(count, threads: threads) { index in
      let result = try body(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap { $0 } }
  }

  private static func startThread(_ queue: WorkQueue) -> pthread_t? {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(queue)
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<WorkQueue>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, argument.toOpaque())
    guard status == 0 else {
      argument.release()
      return nil
    }
    return thread
  }

  private final class WorkQueue: Sendable {
    private let next = Atomic<Int>(0)
    private let firstFailure = Mutex<(index: Int, error: any Error)?>(nil)
    private let count: Int
    private let body: @Sendable (Int) throws -> Void

    init(count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
      self.count = count
      self.body = body
    }

    var failure: (any Error)? { firstFailure.withLock { $0?.error } }

    func work() {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        do {
          try body(index)
        } catch {
          firstFailure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
          next.store(count, ordering: .relaxed)
        }
      }
    }
  }
}
