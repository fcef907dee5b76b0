#include "app/case_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/interrupt.h"

#define SUMMARY_BYTES (64 * 1024)

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool load_tables(CaseReader *reader, Err *err)
{
    const Settings *settings = &reader->settings;
    const char *folders[TABLES_MAX];
    for (size_t i = 0; i < settings->table_count; i++)
        folders[i] = settings->tables[i];
    reader->schema = schema_load(folders, settings->table_count, err);
    return reader->schema != NULL;
}

bool case_reader_open(CaseReader *reader, const char *command, const Arguments *arguments, Err *err)
{
    *reader = (CaseReader){.command = command, .arguments = arguments, .started = seconds_now()};
    buf_init(&reader->summary, SUMMARY_BYTES);
    if (!settings_read(arguments, &reader->settings, err))
        return false;
    reader->console = console_create(reader->settings.console);
    if (!reader->console)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to begin");
    interrupt_watch(NULL);
    if (!case_open(arguments, STORE_READ, reader->settings.temporary, &reader->opened, err) ||
        !load_tables(reader, err))
        return false;
    reader->output = output_open(reader->settings.output, reader->settings.output_rule, err);
    return reader->output && case_part_output(&reader->opened, reader->output, err) &&
           output_begin(reader->output, err);
}

void case_reader_close(CaseReader *reader)
{
    output_close(reader->output);
    schema_destroy(reader->schema);
    case_close(&reader->opened);
    console_destroy(reader->console);
    settings_done(&reader->settings);
    buf_done(&reader->summary);
}

bool case_reader_progress(void *ctx, uint64_t done, uint64_t segments)
{
    const CaseReader *reader = ctx;
    if (done < segments)
        console_status(reader->console, "reading the case: %" PRIu64 " of %" PRIu64 " segments",
                       done, segments);
    else
        console_status_end(reader->console);
    return !interrupted();
}

static void print_summary(const CaseReader *reader)
{
    if (reader->settings.console & CONSOLE_QUIET)
        return;
    bool color = reader->settings.engine.color;
    Buf out;
    buf_init(&out, SUMMARY_BYTES);
    buf_printf(&out, "%sDuration %s %.1f s\n", color ? "\033[1m" : "", color ? "\033[0m" : "",
               seconds_now() - reader->started);
    buf_add_text(&out, buf_text(&reader->summary));
    /* Nobody can be told that standard error is gone. */
    if (!out.failed && write(STDERR_FILENO, out.ptr, out.len) < 0)
        buf_clear(&out);
    buf_done(&out);
}

ExitCode case_reader_end(CaseReader *reader, bool ok, const Err *err)
{
    Err finish = {0};
    if (reader->console)
        console_status_end(reader->console);
    if (ok && !output_finish(reader->output, &finish)) {
        ok = false;
        err = &finish;
    }
    if (reader->console)
        console_finish(reader->console);
    if (!ok) {
        console_fail("%s: %s", reader->command, err->text);
        return err->code == ERR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    print_summary(reader);
    return reader->lost ? EXIT_DAMAGE : EXIT_DONE;
}
