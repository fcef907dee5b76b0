/* constat report: the report of a case, again. */
#include "app/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/case.h"
#include "app/case_report.h"
#include "app/console.h"
#include "app/interrupt.h"
#include "app/output.h"
#include "app/run_info.h"
#include "app/settings.h"

typedef struct ReportCommand {
    const Arguments *arguments;
    Settings settings;
    Console *console;
    Case opened;
    Output *output; /* NULL: into the case's folder */
    RunDescription description;
    CaseReport report;
    RunResult result;
    CaseFigures figures;
} ReportCommand;

/* ---- options ---- */

static bool read_language(ReportCommand *run, Err *err)
{
    const char *value = arguments_value(run->arguments, OPTION_LANG);
    bool known = !value;
    for (size_t i = 0; i < REPORT_LANGUAGES && !known; i++)
        known = strcmp(value, REPORT_LANGUAGE[i]) == 0;
    run->report.language = value;
    return known || err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--lang: \"%s\" is not one of en, fr",
                            quote_z(value).str);
}

static bool progress(void *ctx, uint64_t done, uint64_t all)
{
    const ReportCommand *run = ctx;
    console_status(run->console, "counting: %" PRIu64 " of %" PRIu64 " segments", done, all);
    return !interrupted();
}

static bool read_options(ReportCommand *run, Err *err)
{
    if (run->arguments->operand_count)
        return err_set(
            err, ERR_USAGE, ERR_NO_OFFSET,
            "%s: a report is made from the case alone; constat investigate adds evidence",
            quote_z(run->arguments->operands[0]).str);
    if (!settings_read(run->arguments, &run->settings, err) || !read_language(run, err))
        return false;
    run->console = console_create(run->settings.console);
    if (!run->console)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to begin");
    run_describe("report", run->arguments, &run->settings, &run->description);
    run->report.settings = &run->settings;
    run->report.info = &run->description.info;
    run->report.progress = progress;
    run->report.progress_ctx = run;
    return true;
}

/* ---- into a file ---- */

static bool write_out(void *ctx, Span bytes, Err *err)
{
    const ReportCommand *run = ctx;
    return output_write(run->output, bytes, err);
}

static bool write_file(ReportCommand *run, Err *err)
{
    if (!run->report.language)
        run->report.language = REPORT_LANGUAGE[0];
    run->output = output_open(run->settings.output, run->settings.output_rule, err);
    return run->output &&
           case_open(run->arguments, STORE_READ, run->settings.temporary, &run->opened, err) &&
           case_part_output(&run->opened, run->output, err) && output_begin(run->output, err) &&
           case_report_stream(run->opened.store, &run->report, write_out, run, err) &&
           output_finish(run->output, err);
}

/* ---- into the case ---- */

/* Writing to a case would undo what an interrupted run has done of its last items: that run is to
 * be completed first. */
static bool check_complete(Store *store, Err *err)
{
    const StoredItem *items;
    size_t count, open = 0;
    if (!store_items(store, &items, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        open += !items[i].complete;
    return !open || err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                            "%zu items are not complete: run constat investigate again to complete "
                            "them, or use -o FILE for a provisional report",
                            open);
}

static bool check_plain(const Store *store, Err *err)
{
    return !store_is_encrypted(store) ||
           err_set(
               err, ERR_USAGE, ERR_NO_OFFSET,
               "the case is encrypted, its report would not be: -o FILE says where it is to go");
}

/* Opened for reading first: a case that is not there is not made. */
static bool write_case(ReportCommand *run, Err *err)
{
    Case *opened = &run->opened;
    const char *temporary = run->settings.temporary;
    const RunInfo *info = &run->description.info;
    return case_open(run->arguments, STORE_READ, temporary, opened, err) &&
           check_complete(opened->store, err) && check_plain(opened->store, err) &&
           case_reopen(opened, STORE_WRITE, temporary, err) &&
           store_run_begin(opened->store, info, err) &&
           store_run_end(opened->store, info->workers, &run->result, err) &&
           case_report_write(opened->store, &run->report, &run->result, &run->figures, err);
}

static void tell(const ReportCommand *run)
{
    for (size_t i = 0; i < REPORT_LANGUAGES; i++)
        if (!run->report.language || strcmp(run->report.language, REPORT_LANGUAGE[i]) == 0)
            console_note(run->console, "%s/%s", run->opened.folder, REPORT_FILE[i]);
}

/* ---- the command ---- */

static bool make_report(ReportCommand *run, Err *err)
{
    bool ok = read_options(run, err);
    if (ok)
        interrupt_watch(NULL);
    ok = ok && (run->settings.output || arguments_has(run->arguments, OPTION_OUTPUT)
                    ? write_file(run, err)
                    : write_case(run, err));
    if (run->console)
        console_status_end(run->console);
    if (ok && !run->output)
        tell(run);
    return ok;
}

static ExitCode run_report(const Arguments *arguments)
{
    ReportCommand run = {.arguments = arguments};
    Err err = {0};
    bool ok = make_report(&run, &err);
    if (!ok)
        console_fail("report: %s", err.text);
    output_close(run.output);
    case_close(&run.opened);
    console_destroy(run.console);
    settings_done(&run.settings);
    run_description_done(&run.description);
    if (ok)
        return EXIT_DONE;
    return err.code == ERR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

const Command report_command = {
    .name = "report",
    .summary = "what a case holds, what is missing from it: one page to read, print and sign",
    .usage = "[OPTION...] --case DIR",
    .about =
        "Writes report.en.html and report.fr.html into the folder of the case and notes their\n"
        "hashes in its ledger; with --lang only one of them. With -o the case is only read.\n"
        "A report is one file, without scripts readable, and the same for the same evidence but\n"
        "for the section that says who made it, when and how.\n",
    .examples = "constat report --case CASE\tboth reports, in the folder of the case\n"
                "constat report --case CASE --lang fr -o rapport.html\tthe French one, elsewhere\n",
    .set = FOR_REPORT,
    .run = run_report,
};
