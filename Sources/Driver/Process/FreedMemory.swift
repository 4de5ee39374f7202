import CLinux

/// What becomes of memory that is no longer needed.
enum FreedMemory {
  /// The largest that the C library allows.
  private static let threshold: Int32 = 32 << 20

  /// Keeps it for what is needed next. To get large blocks from the system anew each time, page by page, costs more than
  /// many an operation.
  static func keep() {
    _ = mallopt(M_MMAP_THRESHOLD, threshold)
    _ = mallopt(M_TRIM_THRESHOLD, .max)
  }
}
