/* rule_files.h: the files of a rule source, in the order of their paths. */
#ifndef DETECT_SIGMA_RULE_FILES_H
#define DETECT_SIGMA_RULE_FILES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define RULE_FOLDER_DEPTH_MAX 32

/* `path`: a file, or a folder: every file below it whose name `takes` says yes to; names that begin
 * with a dot and links are left out. `each` gets paths in `arena`; false stops. */
bool rule_files_walk(Arena *arena, const char *path, bool (*takes)(const char *name),
                     bool (*each)(void *ctx, const char *path, Err *err), void *ctx, Err *err);

bool rule_files_is_sigma(const char *name); /* .yml, .yaml */

#endif
