/* file_text.h: a small file as text in an arena: rules, lists, tables. Not for evidence. */
#ifndef DETECT_FILE_TEXT_H
#define DETECT_FILE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* ERR_IO: it cannot be read, or is no ordinary file; ERR_LIMIT: larger than `limit` bytes. */
bool file_text_read(Arena *arena, const char *path, size_t limit, Text *ret, Err *err);

#endif
