/* golden_files.h: the inputs of tests/golden/<folder>/ and the outputs that are expected of them.
 *
 * Beside each input NAME stands NAME.expected.jsonl. With the environment variable
 * CONSTAT_RECORD_GOLDEN set, golden_check writes it instead of comparing: read the change before
 * committing it. */
#ifndef GOLDEN_FILES_H
#define GOLDEN_FILES_H

#include <stddef.h>

#include "base/span.h"
#include "base/text.h"

#define GOLDEN_FILES_MAX 64

typedef struct GoldenFile {
    char name[64];
    Span input;
} GoldenFile;

typedef struct GoldenFiles {
    const char *folder;
    size_t count;
    GoldenFile list[GOLDEN_FILES_MAX]; /* by name */
} GoldenFiles;

/* Reads them all; ends the test with a message if there are none. */
void golden_open(GoldenFiles *files, const char *folder);
void golden_close(GoldenFiles *files);

/* Fails the test at the first line that differs. */
void golden_check(const GoldenFiles *files, size_t i, Text actual);

#endif
