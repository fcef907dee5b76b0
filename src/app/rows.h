/* rows.h: for the commands that write events as rows: their formats, and the rows of a case. */
#ifndef APP_ROWS_H
#define APP_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/case_reader.h"
#include "app/command.h"
#include "report/search.h"
#include "report/timeline_format.h"

FormatRow rows_format_row(size_t index); /* Command.format */

/* The format of --format, csv without it; it must suit the output file. */
bool rows_choose_format(const Command *command, const Arguments *arguments,
                        const Settings *settings, const TimelineFormat **ret, Err *err);

/* Header and rows of the page to the output of the case. page->filter, folder and workers are those
 * of the settings. */
bool rows_write(CaseReader *reader, const SearchPage *page, SearchStats *ret, Err *err);

#endif
