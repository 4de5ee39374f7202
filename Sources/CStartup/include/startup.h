#pragma once

/// The word of the command line at `index`, that of the program's name being 0; NULL beyond the last.
const char *_Nullable startup_argument(int index);
