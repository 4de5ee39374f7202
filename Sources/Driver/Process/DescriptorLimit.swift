import Glibc

/// How many files the process may have open.
package enum DescriptorLimit {
  /// Raises the limit as far as it may be raised: a model may have a data file for each of its weights, and each stays
  /// open while its pages are mapped.
  package static func raise() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
      return
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
