/* constat verify: what is intact, what was altered and where. */
#include "app/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/console.h"
#include "app/interrupt.h"
#include "app/output.h"
#include "app/passphrase.h"
#include "base/buf.h"
#include "base/json.h"
#include "report/visible.h"
#include "store/keys.h"
#include "store/verify.h"

#define LINE_BYTES (1024 * 1024)

typedef struct VerifyRun {
    const Arguments *arguments;
    VerifyOptions options;
    CaseKey *key;
    PublicKey public_key;
    Sha256 ledger_hash;
    bool json, quiet;
    Output *output;
    Console *console;
    Buf line;
    Err err; /* of the output: the first */
} VerifyRun;

/* ---- lines ---- */

static void write_range(Buf *line, const VerifyFinding *finding)
{
    if (finding->end > finding->begin + 1)
        buf_printf(line, "bytes %" PRIu64 "-%" PRIu64 ": ", finding->begin, finding->end - 1);
    else if (finding->end)
        buf_printf(line, "byte %" PRIu64 ": ", finding->begin);
}

/* What the finding is about, before its item. */
static void write_place(Buf *line, const VerifyFinding *finding)
{
    switch (finding->place) {
    case PLACE_CASE:
        BUF_LITERAL(line, "case.sqlite: ");
        break;
    case PLACE_TABLE:
        BUF_LITERAL(line, "table ");
        buf_add_text(line, finding->what);
        if (finding->number)
            buf_printf(line, ", number %" PRIu64, finding->number);
        BUF_LITERAL(line, ": ");
        break;
    case PLACE_SEGMENT:
        buf_printf(line, "segment %" PRIu64 ", ", finding->number);
        buf_add_text(line, finding->what);
        BUF_LITERAL(line, ": ");
        break;
    case PLACE_DERIVED:
        BUF_LITERAL(line, "derived");
        if (finding->what.len)
            BUF_LITERAL(line, ", ");
        buf_add_text(line, finding->what);
        BUF_LITERAL(line, ": ");
        break;
    case PLACE_LEDGER:
        BUF_LITERAL(line, "ledger");
        if (finding->number)
            buf_printf(line, ", entry %" PRIu64, finding->number);
        BUF_LITERAL(line, ": ");
        break;
    case PLACE_SEAL:
        BUF_LITERAL(line, "case.seal: ");
        break;
    case PLACE_REPORT:
        visible_text(line, finding->what);
        BUF_LITERAL(line, ": ");
        break;
    default:
        BUF_LITERAL(line, "evidence: ");
        break;
    }
}

static void write_text_line(Buf *line, const VerifyFinding *finding)
{
    buf_add_text(line, text_from_z(VERIFY_WEIGHT_TEXT[finding->weight]));
    BUF_LITERAL(line, ": ");
    write_place(line, finding);
    if (finding->item.len) {
        visible_text(line, finding->item);
        BUF_LITERAL(line, ": ");
    }
    write_range(line, finding);
    visible_text(line, text_from_z(finding->text));
    buf_add_char(line, '\n');
}

static void write_json_line(Buf *line, const VerifyFinding *finding)
{
    buf_printf(line, "{\"weight\":\"%s\",\"place\":\"%s\"", VERIFY_WEIGHT_TEXT[finding->weight],
               VERIFY_PLACE_TEXT[finding->place]);
    if (finding->what.len) {
        BUF_LITERAL(line, ",\"what\":");
        json_text(line, finding->what);
    }
    if (finding->number)
        buf_printf(line, ",\"number\":%" PRIu64, finding->number);
    if (finding->item.len) {
        BUF_LITERAL(line, ",\"item\":");
        json_name(line, finding->item);
    }
    if (finding->end)
        buf_printf(line, ",\"begin\":%" PRIu64 ",\"end\":%" PRIu64, finding->begin, finding->end);
    BUF_LITERAL(line, ",\"text\":");
    json_text(line, text_from_z(finding->text));
    BUF_LITERAL(line, "}\n");
}

static void put_line(VerifyRun *run)
{
    if (run->err.code == ERR_NONE && run->line.failed)
        (void)err_set(&run->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a line");
    if (run->err.code == ERR_NONE)
        (void)output_write(run->output, buf_span(&run->line), &run->err);
}

static void take_finding(void *ctx, const VerifyFinding *finding)
{
    VerifyRun *run = ctx;
    if (run->quiet && finding->weight == VERIFY_NOTE)
        return;
    buf_clear(&run->line);
    if (run->json)
        write_json_line(&run->line, finding);
    else
        write_text_line(&run->line, finding);
    put_line(run);
}

static bool progress(void *ctx, uint64_t done, uint64_t all)
{
    VerifyRun *run = ctx;
    console_status(run->console, "verifying: %" PRIu64 " of %" PRIu64 " MiB", done >> 20,
                   all >> 20);
    return !interrupted() && run->err.code == ERR_NONE;
}

static void put_verdict(VerifyRun *run, const VerifyResult *result)
{
    buf_clear(&run->line);
    if (run->json)
        buf_printf(&run->line,
                   "{\"verdict\":\"%s\",\"complete\":%s,\"altered\":%" PRIu64 ",\"file\":%" PRIu64
                   ",\"notes\":%" PRIu64 ",\"items\":%" PRIu64 ",\"segments\":%" PRIu64
                   ",\"evidence\":%" PRIu64 ",\"ledger_entries\":%" PRIu64 "}\n",
                   VERIFY_VERDICT_TEXT[result->verdict], result->without_key ? "false" : "true",
                   result->findings[VERIFY_ALTERED], result->findings[VERIFY_FILE],
                   result->findings[VERIFY_NOTE], result->items, result->segments,
                   result->evidence_checked, result->ledger_entries);
    else
        buf_printf(&run->line, "verdict: %s%s\n", VERIFY_VERDICT_TEXT[result->verdict],
                   result->without_key ? ", as far as it can be told without the key" : "");
    put_line(run);
}

/* ---- options ---- */

static bool read_hash(VerifyRun *run, Err *err)
{
    const char *value = arguments_value(run->arguments, OPTION_LEDGER_HASH);
    PublicKey bytes;
    if (!value)
        return true;
    /* 64 digits, as a key has. */
    if (!public_key_from_hex(text_from_z(value), KEY_SIGNING, &bytes))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "--ledger-hash: \"%s\" is not 64 hexadecimal digits", quote_z(value).str);
    memcpy(run->ledger_hash.bytes, bytes.bytes, sizeof run->ledger_hash.bytes);
    run->options.ledger_hash = &run->ledger_hash;
    return true;
}

static bool read_public_key(VerifyRun *run, Err *err)
{
    const char *value = arguments_value(run->arguments, OPTION_PUBLIC_KEY);
    if (!value)
        return true;
    run->options.public_key = run->public_key.bytes;
    return public_key_from_hex(text_from_z(value), KEY_SIGNING, &run->public_key) ||
           public_key_load(value, KEY_SIGNING, &run->public_key, err) ||
           err_wrap(err, "--public-key");
}

static bool read_key(VerifyRun *run, Err *err)
{
    const char *value = arguments_value(run->arguments, OPTION_KEY);
    PassphraseSource source = passphrase_source(run->arguments);
    if (!value)
        return true;
    run->key = case_key_load(value, &source, err);
    run->options.key = run->key;
    return run->key || err_wrap(err, "--key");
}

static FormatRow format_at(size_t index)
{
    static const FormatRow ROWS[] = {{"text", "a line for each finding, the verdict at the end"},
                                     {"jsonl", "the same as one JSON object a line"}};
    return index < sizeof ROWS / sizeof ROWS[0] ? ROWS[index] : (FormatRow){0};
}

static bool read_format(VerifyRun *run, Err *err)
{
    const char *value = arguments_value(run->arguments, OPTION_FORMAT);
    run->json = value && (strcmp(value, "jsonl") == 0 || strcmp(value, "json") == 0);
    return !value || run->json || strcmp(value, "text") == 0 ||
           command_bad_format(&verify_command, value, err);
}

static bool prepare(VerifyRun *run, Err *err)
{
    const Arguments *arguments = run->arguments;
    interrupt_watch(NULL); /* before a passphrase is asked for: the terminal must be set back */
    unsigned flags = isatty(STDERR_FILENO) == 1 && !run->quiet ? CONSOLE_PROGRESS : 0;
    if (!arguments_value(arguments, OPTION_CASE))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--case DIR names the case");
    run->options.evidence = arguments->operands;
    run->options.evidence_count = arguments->operand_count;
    run->options.progress = progress;
    run->console = console_create(flags);
    if (!run->console)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to begin");
    run->output = output_open(NULL, OUTPUT_KEEP_EXISTING, err);
    return run->output && read_format(run, err) && read_hash(run, err) &&
           read_public_key(run, err) && read_key(run, err);
}

/* ---- the command ---- */

static bool work(VerifyRun *run, VerifyResult *ret, Err *err)
{
    const char *folder = arguments_value(run->arguments, OPTION_CASE);
    if (!case_verify(folder, &run->options, take_finding, run, ret, err)) {
        if (run->err.code) /* what the person hears is why it was stopped */
            *err = run->err;
        return false;
    }
    put_verdict(run, ret);
    if (run->err.code) {
        *err = run->err;
        return false;
    }
    return output_finish(run->output, err);
}

static ExitCode run_verify(const Arguments *arguments)
{
    VerifyRun run = {.arguments = arguments, .quiet = arguments_has(arguments, OPTION_QUIET)};
    VerifyResult result;
    Err err = {0};
    buf_init(&run.line, LINE_BYTES);
    bool ok = prepare(&run, &err) && work(&run, &result, &err);
    if (run.console)
        console_status_end(run.console);
    if (!ok)
        console_fail("verify: %s", err.text);
    console_destroy(run.console);
    output_close(run.output);
    case_key_destroy(run.key);
    buf_done(&run.line);
    if (!ok)
        return err.code == ERR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
    return result.verdict == VERDICT_ALTERED ? EXIT_DAMAGE : EXIT_DONE;
}

const Command verify_command = {
    .name = "verify",
    .summary = "is the case what it was, and the evidence what it was read from?",
    .usage = "--case DIR [OPTION...] [EVIDENCE...]",
    .about =
        "Computes everything anew and names what differs by its place: evidence by file and block\n"
        "of 1 MiB, segments by part, tables by row, the ledger by its first bad entry, files of "
        "the\n"
        "case by bytes. Evidence is looked for where it was read; if it is not there, that is a\n"
        "note, unless it is named. It may lie elsewhere: name the folder that holds it now. The\n"
        "last line is the verdict: intact, file differs but content equal, or altered.\n",
    .format = format_at,
    .examples = "constat verify --case case/\tthe case, and the evidence where it was read\n"
                "constat verify --case case/ /mnt/copy/evidence\tand a copy of the evidence\n"
                "constat verify --case case/ --public-key ledger.key.pub --ledger-hash HASH\t"
                "with what was printed when the case was made\n",
    .set = FOR_VERIFY,
    .run = run_verify,
};
