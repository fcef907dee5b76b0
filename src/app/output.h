/* output.h: where a command's data goes: standard output, or a file that appears complete or not at
 * all (it is written as FILE.part and renamed at the end). Every failure to write is reported:
 * full disks, closed pipes, device errors. */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/span.h"

typedef struct Output Output;

typedef enum OutputRule { OUTPUT_KEEP_EXISTING, OUTPUT_OVERWRITE } OutputRule;

/* `path` NULL or "-": standard output. An existing file is refused (ERR_USAGE) unless the rule says
 * otherwise; a device or pipe is written directly. Changes nothing yet. */
Output *output_open(const char *path, OutputRule rule, Err *err);

/* Create FILE.part. Before it: ask output_what_is about the evidence. */
bool output_begin(Output *output, Err *err);

/* Without output_finish, a FILE.part is removed. NULL is fine. */
void output_close(Output *output);

bool output_write(Output *output, Span bytes, Err *err);

/* Write what is pending; a file gets its name. */
bool output_finish(Output *output, Err *err);

bool output_on_terminal(const Output *output);

typedef enum OutputFile {
    OUTPUT_OTHER,    /* has nothing to do with the output */
    OUTPUT_WRITES,   /* is being written */
    OUTPUT_REPLACES, /* will be replaced, or is where FILE.part has to be */
} OutputFile;

/* What a file is to the output: evidence must not be read while it is written, nor replaced. */
OutputFile output_what_is(const Output *output, dev_t device, ino_t inode);

#endif
