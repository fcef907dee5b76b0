/* constat search: the events of a case that match a query. */
#include "app/command.h"

#include <inttypes.h>

#include "app/rows.h"
#include "base/cleanup.h"
#include "store/query.h"

#define LIMIT_ON_TERMINAL 1000 /* nobody reads more there, and the first ones are there at once */

/* The words of the command line are one query. */
static Query *read_query(const Arguments *arguments, Err *err)
{
    Buf text;
    buf_init(&text, 2 * QUERY_BYTES_MAX);
    for (size_t i = 0; i < arguments->operand_count; i++) {
        if (i)
            buf_add_char(&text, ' ');
        buf_add_text(&text, text_from_z(arguments->operands[i]));
    }
    Query *query = NULL;
    if (arguments->operand_count == 0)
        (void)err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no query given ('*' finds every event)");
    else if (text.failed)
        (void)err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the query is too long");
    else if (!(query = query_parse(buf_text(&text), err)))
        (void)err_wrap(err, "query");
    buf_done(&text);
    return query;
}

static bool read_limit(const CaseReader *reader, uint64_t *ret, Err *err)
{
    const char *value = arguments_value(reader->arguments, OPTION_LIMIT);
    if (!value)
        *ret = output_on_terminal(reader->output) ? LIMIT_ON_TERMINAL : 0;
    else if (!text_to_u64(text_from_z(value), ret))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--limit: \"%s\" is not a number",
                       quote_z(value).str);
    return true;
}

static void summarize(CaseReader *reader, const SearchStats *stats)
{
    bool color = reader->settings.engine.color;
    uint64_t skipped = stats->scan.skipped_by_summary + stats->scan.skipped_by_values;
    buf_printf(&reader->summary,
               "%sSearch   %s %" PRIu64 " %s; %" PRIu64 " of %" PRIu64
               " segments could be passed over\n",
               color ? "\033[1m" : "", color ? "\033[0m" : "", stats->rows,
               stats->rows == 1 ? "event" : "events", skipped, stats->scan.segments);
    if (!stats->more)
        return;
    char id[EVENT_ID_ROOM];
    int len = (int)event_id_write(&stats->last, id);
    console_note(reader->console, "there are more; they follow with --after %.*s", len, id);
}

static bool run_query(CaseReader *reader, const Query *query, Err *err)
{
    const char *after = arguments_value(reader->arguments, OPTION_AFTER);
    SearchPage page = {.query = query, .after = text_from_z(after), .with_ids = true};
    SearchStats stats;
    if (query->hint)
        console_note(reader->console, "query: %s", query->hint);
    if (!read_limit(reader, &page.limit, err) ||
        !rows_choose_format(&search_command, reader->arguments, &reader->settings, &page.format,
                            err) ||
        !rows_write(reader, &page, &stats, err))
        return false;
    summarize(reader, &stats);
    return true;
}

static ExitCode run_search(const Arguments *arguments)
{
    CaseReader reader = {.command = "search"};
    Err err = {0};
    CLEANUP(query_destroyp) Query *query = read_query(arguments, &err);
    bool ok = query && case_reader_open(&reader, "search", arguments, &err) &&
              run_query(&reader, query, &err);
    ExitCode code = case_reader_end(&reader, ok, &err);
    case_reader_close(&reader);
    return code;
}

const Command search_command = {
    .name = "search",
    .summary = "the events of a case that match a query, in order of time",
    .usage = "[OPTION...] --case DIR QUERY...",
    .about =
        "QUERY is words and FIELD:VALUE terms with AND, OR, NOT and ( ); terms side by side must\n"
        "all hold. Case does not matter. A word is sought in all values of an event; a VALUE is\n"
        "the whole value of its field. * stands for anything, ? for one character, quotes hold\n"
        "blanks together, FIELD:* is any value, FIELD:>N and FIELD:[A TO B] compare numbers and\n"
        "times, FIELD:10.0.0.0/8 addresses. Fields: time, host, user, action, outcome, source,\n"
        "channel, provider, code, record_id, item, class, quality; all ECS fields, roles and\n"
        "native fields. On a terminal the first 1000 events are shown.\n",
    .format = rows_format_row,
    .examples =
        "constat search --case case mimikatz\tthe word anywhere in an event\n"
        "constat search --case case 'user:alice AND action:logon*' -o alice.csv\t"
        "logons of one account, as CSV\n"
        "constat search --case case 'source.ip:10.0.0.0/8 code:(4624 OR 4625)' --from 2026-03-01\t"
        "logons from a net, since March\n"
        "constat search --case case 'process.command_line:\"*-enc *\" NOT host:dc1' --json | "
        "jq .fields\tencoded commands, but on one host\n",
    .set = FOR_SEARCH,
    .no_files = true,
    .run = run_search,
};
