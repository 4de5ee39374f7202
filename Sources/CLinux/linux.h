// Functions of the C library that Swift's Glibc module leaves out, because it is built without _GNU_SOURCE.

#include <malloc.h>
#include <spawn.h>
#include <sys/types.h>

int fallocate(int descriptor, int mode, off_t offset, off_t length);
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *folder);
