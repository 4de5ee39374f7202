// Functions of the C library that Swift's Glibc module leaves out, because it is built without _GNU_SOURCE.

#include <sys/types.h>

int fallocate(int descriptor, int mode, off_t offset, off_t length);
ssize_t copy_file_range(int input, off_t *input_offset, int output, off_t *output_offset, size_t length, unsigned flags);
