// Functions of the C library that Swift's Glibc module leaves out, because it is built without _GNU_SOURCE.

#include <sys/types.h>

int fallocate(int descriptor, int mode, off_t offset, off_t length);
