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
      let helpers = (1..<min(threads, count)).compactMap { _ in Helper.start(on: queue) }
      queue.work()
      for helper in helpers { helper.finish() }
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

  /// A thread that works on one queue after the other. Between them it waits: to start a thread anew for each queue costs
  /// more than many a queue's work.
  private final class Helper: @unchecked Sendable {
    private static let idle = Mutex<[Helper]>([])

    private let begin = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let end = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    /// Written before `begin` is posted, and before `end` is.
    private var queue: WorkQueue?

    private init() {
      sem_init(begin, 0, 0)
      sem_init(end, 0, 0)
    }

    /// A helper at work on `queue`; `nil` where the system has no thread to give.
    static func start(on queue: WorkQueue) -> Helper? {
      guard let helper = idle.withLock({ $0.popLast() }) ?? create() else { return nil }
      helper.queue = queue
      sem_post(helper.begin)
      return helper
    }

    private static func create() -> Helper? {
      let helper = Helper()
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(helper)
      let status = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          Unmanaged<Helper>.fromOpaque(argument).takeUnretainedValue().serve()
          return nil
        }, argument.toOpaque())
      guard status == 0 else {
        argument.release()
        return nil
      }
      pthread_detach(thread)
      return helper
    }

    private func serve() {
      while true {
        Self.wait(begin)
        queue?.work()
        queue = nil
        sem_post(end)
      }
    }

    /// Waits until the work is done.
    func finish() {
      Self.wait(end)
      Self.idle.withLock { $0.append(self) }
    }

    /// A signal may end a wait early.
    private static func wait(_ semaphore: UnsafeMutablePointer<sem_t>) {
      while sem_wait(semaphore) != 0 {}
    }
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
