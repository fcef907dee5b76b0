#include "app/rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/interrupt.h"

#define STATUS_BYTES (32u * 1024 * 1024) /* written between two updates of the status line */

FormatRow rows_format_row(size_t index)
{
    if (index >= TIMELINE_FORMAT_COUNT)
        return (FormatRow){0};
    return (FormatRow){TIMELINE_FORMATS[index]->name, TIMELINE_FORMATS[index]->summary};
}

bool rows_choose_format(const Command *command, const Arguments *arguments,
                        const Settings *settings, const TimelineFormat **ret, Err *err)
{
    const char *name = arguments_value(arguments, OPTION_FORMAT);
    const TimelineFormat *format = timeline_format_by_name(text_from_z(name ? name : "csv"));
    if (!format)
        return command_bad_format(command, name, err);
    if (settings->output && format->ending &&
        !text_ends(text_from_z(settings->output), text_from_z(format->ending)))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s takes only files whose name ends in %s",
                       format->name, format->ending);
    *ret = format;
    return true;
}

typedef struct RowsOut {
    CaseReader *reader;
    uint64_t written, told_at;
} RowsOut;

static bool write_row(void *ctx, Text line, Err *err)
{
    RowsOut *out = ctx;
    if (interrupted())
        return interrupt_error(err);
    out->written += line.len;
    if (out->written >= out->told_at && !output_on_terminal(out->reader->output)) {
        console_status(out->reader->console, "writing: %" PRIu64 " MB", out->written / 1000000);
        out->told_at = out->written + STATUS_BYTES;
    }
    return output_write(out->reader->output, text_span(line), err);
}

static bool show_progress(void *ctx, uint64_t done, uint64_t segments)
{
    const RowsOut *out = ctx;
    return case_reader_progress(out->reader, done, segments);
}

bool rows_write(CaseReader *reader, const SearchPage *page, SearchStats *ret, Err *err)
{
    SearchPage wanted = *page;
    RowsOut out = {.reader = reader};
    SearchCalls calls = {.row = write_row, .progress = show_progress, .ctx = &out};
    wanted.filter.from = reader->settings.from;
    wanted.filter.to = reader->settings.to;
    wanted.workers = reader->settings.engine.workers;
    wanted.folder = reader->settings.temporary;
    Text header = text_from_z(page->format->header);
    if (header.len && !output_write(reader->output, text_span(header), err))
        return false;
    if (!search(reader->opened.store, reader->schema, &wanted, &calls, ret, err))
        return false;
    reader->lost = ret->too_large;
    if (ret->too_large)
        console_fail("%" PRIu64 " events are too large to be written as lines, and were left out",
                     ret->too_large);
    return true;
}
