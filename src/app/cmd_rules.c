/* constat rules: what loads, what not and why; what it covers. */
#include "app/command.h"

#include <stdlib.h>
#include <string.h>

#include "app/rules.h"
#include "base/cleanup.h"
#include "report/rule_list.h"

#define LISTING_BYTES (1024u * 1024 * 1024)

typedef struct RulesRun {
    const Arguments *arguments;
    Settings settings;
    Console *console;
    Rules rules;
    Output *output;
    Buf text;
} RulesRun;

/* One way to look at the rules: an operand. */
typedef struct View {
    const char *name;
    void (*write)(Buf *buf, const RuleSet *set);
    void (*write_json)(Buf *buf, const RuleSet *set);
} View;

static const View VIEWS[] = {
    {"check", rule_list_check, rule_list_check_json},
    {"list", rule_list_table, rule_list_check_json},
    {"coverage", rule_list_coverage, rule_list_coverage},
};

static const View *choose_view(const Arguments *arguments, Err *err)
{
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++)
        if (arguments->operand_count && strcmp(arguments->operands[0], VIEWS[i].name) == 0)
            return &VIEWS[i];
    (void)err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                  "constat rules needs check, list or coverage before its folders");
    return NULL;
}

static bool is_json(const Arguments *arguments, bool *ret, Err *err)
{
    const char *format = arguments_value(arguments, OPTION_FORMAT);
    *ret = format && (strcmp(format, "json") == 0 || strcmp(format, "jsonl") == 0);
    return !format || *ret || strcmp(format, "table") == 0 ||
           command_bad_format(&rules_command, format, err);
}

static bool open_run(RulesRun *run, Err *err)
{
    if (!settings_read(run->arguments, &run->settings, err))
        return false;
    run->console = console_create(run->settings.console & ~(unsigned)CONSOLE_PROGRESS);
    run->output = output_open(run->settings.output, run->settings.output_rule, err);
    if (!run->console)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to begin");
    return run->output && output_begin(run->output, err);
}

static bool write_view(RulesRun *run, const View *view, bool json, Err *err)
{
    (json ? view->write_json : view->write)(&run->text, run->rules.set);
    if (run->text.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the list of rules");
    return output_write(run->output, buf_span(&run->text), err) && output_finish(run->output, err);
}

static ExitCode run_rules(const Arguments *arguments)
{
    RulesRun run = {.arguments = arguments};
    Err err = {0};
    bool json = false;
    size_t refused = 0;
    buf_init(&run.text, LISTING_BYTES);
    const View *view = choose_view(arguments, &err);
    bool ok = view && is_json(arguments, &json, &err) && open_run(&run, &err) &&
              rules_load(&run.rules, arguments, arguments->operands + 1,
                         arguments->operand_count - 1, &run.settings, &err) &&
              write_view(&run, view, json, &err);
    if (ok)
        refused = rules_tell_refused(&run.rules, run.console);
    else
        console_fail("rules: %s", err.text);
    output_close(run.output);
    console_destroy(run.console);
    rules_done(&run.rules);
    settings_done(&run.settings);
    buf_done(&run.text);
    return !ok ? EXIT_FAILED : refused ? EXIT_DAMAGE : EXIT_DONE;
}

static FormatRow format_row(size_t index)
{
    static const FormatRow ROWS[] = {
        {"table", "for eyes (the default); coverage is always JSON"},
        {"json", "one object a line: file, id, title, status, reason, line"},
    };
    return index < sizeof ROWS / sizeof ROWS[0] ? ROWS[index] : (FormatRow){0};
}

const Command rules_command = {
    .name = "rules",
    .summary = "the rule set: what loads, what not and why, what it covers",
    .usage = "check|list|coverage [OPTION...] [DIR...]",
    .about = "check     every rule that is not loaded, with the reason and its line; remarks\n"
             "list      every rule: state, level, status, id, title, file\n"
             "coverage  a layer for the ATT&CK Navigator: techniques, and how many rules each has\n"
             "\n"
             "Of the rules at and below each DIR; without one, of those that come with Constat.\n",
    .format = format_row,
    .examples = "constat rules check sigma/rules\twhat of a folder cannot run, and why\n"
                "constat rules check --json sigma/ >rules.jsonl\tthe fate of each rule\n"
                "constat rules coverage -o layer.json\tfor the ATT&CK Navigator\n",
    .set = FOR_RULES,
    .run = run_rules,
};
