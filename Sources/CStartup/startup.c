#include "startup.h"

#include <stdlib.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

/// Lets a statically linked program start where /proc is absent, as in an empty chroot.
///
/// While it starts, Swift's runtime looks for its backtracer beside the program, whose path it asks of /proc, and aborts
/// when it gets no answer. Naming a backtracer, even one that is not used, spares the question. Swift reads the command
/// line from /proc, too, so that it is kept here. The priority makes this run before the runtime's own initializers.
__attribute__((constructor(101))) static void prepare_start(int count, char **values) {
  argument_count = count;
  arguments = values;
  if (access("/proc/self/exe", F_OK) != 0) {
    setenv("SWIFT_BACKTRACE", "enable=no,swift-backtrace=none", 0);
  }
}

const char *startup_argument(int index) {
  return index >= 0 && index < argument_count ? arguments[index] : NULL;
}
