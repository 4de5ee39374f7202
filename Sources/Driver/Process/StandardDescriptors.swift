import Glibc

/// The three descriptors that every process begins with.
package enum StandardDescriptors {
  /// Opens those that the caller closed, so that no file of ours gets their numbers and messages end up in it.
  package static func secure() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is taken: this one. What cannot be read from or written to fails there as it should.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY)
    }
  }
}
