/* case_reader.h: what every command that reads a case does around its own work: settings, messages,
 * the case, the tables, the output, the last lines and the exit code.
 *
 *     case_reader_open    options understood, case and output opened
 *     case_reader_end     last lines, output complete, exit code
 *     case_reader_close   always */
#ifndef APP_CASE_READER_H
#define APP_CASE_READER_H

#include <stdbool.h>

#include "app/case.h"
#include "app/command.h"
#include "app/console.h"
#include "app/output.h"
#include "app/settings.h"
#include "event/schema.h"

typedef struct CaseReader {
    const char *command;
    const Arguments *arguments;
    Settings settings;
    Console *console;
    Case opened;
    Schema *schema;
    Output *output;
    double started; /* monotonic seconds */
    Buf summary;    /* lines that the command adds at the end */
    uint64_t lost;  /* what could not be given; each was named */
} CaseReader;

/* The case of --case for reading. Failure: case_reader_end and case_reader_close are still due. */
bool case_reader_open(CaseReader *reader, const char *command, const Arguments *arguments,
                      Err *err);

/* For scans: is it to go on? Shows how far it is. `ctx`: the reader. */
bool case_reader_progress(void *ctx, uint64_t segments_done, uint64_t segments);

/* `ok` and `err`: how all of it went. Prints why not, or the summary. */
ExitCode case_reader_end(CaseReader *reader, bool ok, const Err *err);
void case_reader_close(CaseReader *reader);

#endif
