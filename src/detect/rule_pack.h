/* rule_pack.h: the rules that come with Constat, in one compressed file. Rules quote what attackers
 * type, and antivirus takes such files away; it does not look into this one.
 *
 * One zstd frame, whose content size is told. Its content, integers little-endian:
 *   "constat rules 1\n", then for each file:  4 length of its name  4 length of its text  name text
 */
#ifndef DETECT_RULE_PACK_H
#define DETECT_RULE_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "detect/sigma/ruleset.h"

#define RULE_PACK_BYTES_MAX (64u * 1024 * 1024) /* unpacked */
#define RULE_PACK_FILES_MAX 100000

/* What stands before names of packed files, so that they are told from files on the disk. */
#define RULE_PACK_PREFIX "builtin/"

/* The files of the pack at `path`, as sources whose texts live in `arena`, in their order. */
bool rule_pack_read(Arena *arena, const char *path, RuleSource **ret, size_t *ret_count, Err *err);

/* All rule files at and below `folder` (none: an empty pack) as a pack, appended to `out`. */
bool rule_pack_write(const char *folder, Buf *out, Err *err);

#endif
