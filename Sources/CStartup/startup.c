#include <stdlib.h>
#include <unistd.h>

/// Lets a statically linked program start where /proc is absent, as in an empty chroot.
///
/// While it starts, Swift's runtime looks for its backtracer beside the program, whose path it asks of /proc, and aborts
/// when it gets no answer. Naming a backtracer, even one that is not used, spares the question. The priority makes this
/// run before the runtime's own initializers.
__attribute__((constructor(101))) static void name_a_backtracer(void) {
  if (access("/proc/self/exe", F_OK) != 0) {
    setenv("SWIFT_BACKTRACE", "enable=no,swift-backtrace=none", 0);
  }
}
