/* The rules of rules/, each against its events in tests/rules/NAME.txt, whose README.md has their
 * form: a rule without a match and a near miss does not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "detect/file_text.h"
#include "detect/sigma/correlator.h"
#include "detect/sigma/rule_files.h"
#include "sigma_fixture.h"

#define DOCUMENTS_MAX 16 /* of a rule file */
#define FIELDS_MAX    48 /* of an event */
#define MATCHES_MAX   2048
#define PATH_MAX_HERE 4096

typedef struct Field {
    Text name, value;
} Field;

typedef struct Event {
    Field fields[FIELDS_MAX];
    size_t count;
} Event;

/* What has been shown of a rule so far. */
typedef struct Proof {
    bool hit, miss;
} Proof;

typedef struct Match {
    Buf tuple;
    uint32_t row;
} Match;

typedef struct Trial {
    const char *name; /* of the rule file */
    uint32_t line;
    SigmaRun run;
    Proof proof[DOCUMENTS_MAX];
    Event last;                   /* the last one in full */
    bool last_hit[DOCUMENTS_MAX]; /* the rules that it matched */
    bool hit[DOCUMENTS_MAX];      /* by the event at hand */
    Match matches[MATCHES_MAX];   /* of the sequence at hand */
    size_t match_count, sequence;
    uint32_t alerts[DOCUMENTS_MAX]; /* events cited by each correlation */
    bool wanted;                    /* the sequence had an expectation */
} Trial;

static void fail_at(const Trial *trial, const char *what, Text about)
{
    fail_msg("%s:%u: %s: %.*s", trial->name, trial->line, what, (int)about.len, about.ptr);
}

static uint32_t rule_count(const Trial *trial)
{
    return ruleset_count(trial->run.set);
}

static const Rule *rule_at(const Trial *trial, uint32_t number)
{
    return ruleset_at(trial->run.set, number);
}

/* Events, as README.md has them. */

static const struct {
    const char *name, *channel, *provider;
} KINDS[] = {
    {"@sysmon", "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon"},
    {"@security", "Security", "Microsoft-Windows-Security-Auditing"},
    {"@eventlog-security", "Security", "Microsoft-Windows-Eventlog"},
    {"@eventlog-system", "System", "Microsoft-Windows-Eventlog"},
    {"@services", "System", "Service Control Manager"},
    {"@powershell", "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell"},
    {"@defender", "Microsoft-Windows-Windows Defender/Operational",
     "Microsoft-Windows-Windows Defender"},
    {"@wmi", "Microsoft-Windows-WMI-Activity/Operational", "Microsoft-Windows-WMI-Activity"},
    {"@bits", "Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client"},
    {"@tasks", "Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler"},
    {"@sessions", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
     "Microsoft-Windows-TerminalServices-LocalSessionManager"},
};

static Field *field_find(Event *event, Text name)
{
    for (size_t i = 0; i < event->count; i++)
        if (text_equal(event->fields[i].name, name))
            return &event->fields[i];
    return NULL;
}

static void field_set(const Trial *trial, Event *event, Text name, Text value)
{
    Field *field = field_find(event, name);
    if (!field && event->count == FIELDS_MAX)
        fail_at(trial, "too many fields", name);
    if (!field)
        field = &event->fields[event->count++];
    *field = (Field){.name = name, .value = value};
}

static void kind_set(const Trial *trial, Event *event, Text name, Text value)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (!text_equal(name, text_from_z(KINDS[i].name)))
            continue;
        field_set(trial, event, TEXT("@channel"), text_from_z(KINDS[i].channel));
        field_set(trial, event, TEXT("@provider"), text_from_z(KINDS[i].provider));
        field_set(trial, event, TEXT("@code"), value);
        return;
    }
    field_set(trial, event, name, value);
}

/* The fields of `text` are put into `event`, over those of the same name. */
static void event_read(const Trial *trial, Event *event, Text text)
{
    while (text.len) {
        size_t at = text_find_text(text, TEXT(" ;; "));
        Text part = at == SIZE_MAX ? text : text_of(text.ptr, at);
        text = at == SIZE_MAX ? (Text){0} : text_of(text.ptr + at + 4, text.len - at - 4);
        Text name = text_cut(&part, '=');
        kind_set(trial, event, text_trim(name), part);
    }
}

/* Of a process: the name of a Sysmon field in event 4688. NULL: it has no such field. */
static const char *security_name(Text name)
{
    static const char *const NAMES[][2] = {
        {"Image", "NewProcessName"},           {"ParentImage", "ParentProcessName"},
        {"ProcessId", "NewProcessId"},         {"ParentProcessId", "ProcessId"},
        {"User", "SubjectUserName"},           {"LogonId", "SubjectLogonId"},
        {"CommandLine", "CommandLine"},        {"@at", "@at"},
        {"System.Computer", "System.Computer"}};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (text_equal(name, text_from_z(NAMES[i][0])))
            return NAMES[i][1];
    return NULL;
}

static bool has_twin(Event *event)
{
    if (!field_find(event, TEXT("@process")))
        return false;
    for (size_t i = 0; i < event->count; i++)
        if (!text_equal(event->fields[i].name, TEXT("@process")) &&
            !text_equal(event->fields[i].value, TEXT("(none)")) &&
            !security_name(event->fields[i].name))
            return false;
    return true;
}

typedef enum Twin { AS_WRITTEN, AS_4688 } Twin;

static void event_add(Trial *trial, const Event *event, Twin twin)
{
    static const char *const PROCESS[] = {
        [AS_WRITTEN] = "@channel=Microsoft-Windows-Sysmon/Operational ;; "
                       "@provider=Microsoft-Windows-Sysmon ;; @code=1",
        [AS_4688] = "@channel=Security ;; @provider=Microsoft-Windows-Security-Auditing ;; "
                    "@code=4688"};
    Buf line;
    buf_init(&line, 1 << 22);
    for (size_t i = 0; i < event->count; i++) {
        Field field = event->fields[i];
        if (text_equal(field.value, TEXT("(none)")))
            continue;
        if (line.len)
            BUF_LITERAL(&line, " ;; ");
        if (text_equal(field.name, TEXT("@process"))) {
            buf_add_text(&line, text_from_z(PROCESS[twin]));
            continue;
        }
        buf_add_text(&line, twin == AS_4688 ? text_from_z(security_name(field.name)) : field.name);
        buf_add_char(&line, '=');
        buf_add_text(&line, field.value);
    }
    if (line.failed || !sigma_add_event(&trial->run, buf_text(&line)))
        fail_at(trial, "not an event", buf_text(&line));
    buf_done(&line);
}

/* Single events. */

static bool on_hit(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    Trial *trial = ctx;
    (void)row, (void)err;
    trial->hit[rule] = true;
    return true;
}

static bool on_undecided(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    const Trial *trial = ctx;
    (void)row, (void)err;
    fail_at(trial, "undecided", rule_at(trial, rule)->title);
    return true;
}

static void match_one(Trial *trial, const Event *event, Twin twin)
{
    MatchOut out = {.match = on_hit, .undecided = on_undecided, .ctx = trial};
    Err err = {0};
    memset(trial->hit, 0, sizeof trial->hit);
    event_add(trial, event, twin);
    Batch batch = sigma_batch(&trial->run);
    if (!matcher_batch(trial->run.matcher, &batch, &out, &err))
        fail_at(trial, err.text, TEXT(""));
}

static bool is_called(Text titles, Text title)
{
    while (titles.len)
        if (text_equal(text_trim(text_cut(&titles, ',')), title))
            return true;
    return false;
}

/* `+` and no titles: the only event rule of the file. */
static bool should_match(const Trial *trial, char sign, Text titles, uint32_t rule)
{
    if (sign == '-' || rule_at(trial, rule)->kind != RULE_EVENT)
        return false;
    return titles.len == 0 || is_called(titles, rule_at(trial, rule)->title);
}

static void expect_form(Trial *trial, char sign, Text titles, const Event *event, Twin twin)
{
    static const char *const WRONG[][2] = {
        [AS_WRITTEN] = {"does not match", "matches"},
        [AS_4688] = {"4688 does not match", "4688 matches"},
    };
    match_one(trial, event, twin);
    for (uint32_t i = 0; i < rule_count(trial); i++)
        if (trial->hit[i] != should_match(trial, sign, titles, i))
            fail_at(trial, WRONG[twin][trial->hit[i]], rule_at(trial, i)->title);
}

static void expect_one(Trial *trial, char sign, Text titles, Event *event, bool changed)
{
    if (has_twin(event))
        expect_form(trial, sign, titles, event, AS_4688);
    expect_form(trial, sign, titles, event, AS_WRITTEN);
    for (uint32_t i = 0; i < rule_count(trial); i++) {
        trial->proof[i].hit |= trial->hit[i];
        trial->proof[i].miss |= changed && trial->last_hit[i] && !trial->hit[i];
        if (!changed)
            trial->last_hit[i] = trial->hit[i];
    }
}

/* Sequences. */

static bool on_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    Trial *trial = ctx;
    (void)rule, (void)row, (void)err;
    if (trial->match_count == MATCHES_MAX)
        fail_at(trial, "too many matches", TEXT(""));
    Match *match = &trial->matches[trial->match_count];
    buf_init(&match->tuple, 1 << 20);
    matcher_tuple(trial->run.matcher, &match->tuple);
    match->row = (uint32_t)trial->sequence;
    trial->match_count += match->tuple.len > 0;
    return true;
}

static void sequence_add(Trial *trial, const Event *event)
{
    MatchOut out = {.match = on_match, .undecided = on_undecided, .ctx = trial};
    Err err = {0};
    event_add(trial, event, AS_WRITTEN);
    Batch batch = sigma_batch(&trial->run);
    if (!matcher_batch(trial->run.matcher, &batch, &out, &err))
        fail_at(trial, err.text, TEXT(""));
    trial->sequence++;
}

static bool on_alert(void *ctx, const CorrelationAlert *alert, Err *err)
{
    Trial *trial = ctx;
    (void)err;
    trial->alerts[alert->rule] += alert->citation_count;
    return true;
}

static void sequence_run(Trial *trial)
{
    const char *folder = getenv("TMPDIR");
    Err err = {0};
    Correlator *correlator =
        correlator_create(trial->run.program, 1 << 20, folder ? folder : ".", &err);
    assert_non_null(correlator);
    memset(trial->alerts, 0, sizeof trial->alerts);
    for (size_t i = 0; i < trial->match_count; i++) {
        Match *match = &trial->matches[i];
        uint8_t citation[4];
        store_u32le(citation, match->row);
        if (!correlator_add(correlator, buf_span(&match->tuple), span_of(citation, 4), &err))
            fail_at(trial, err.text, TEXT(""));
        buf_done(&match->tuple);
    }
    if (!correlator_run(correlator, on_alert, trial, &err))
        fail_at(trial, err.text, TEXT(""));
    correlator_destroy(correlator);
    trial->match_count = 0;
}

/* "TITLE: COUNT", or "nothing". The first expectation runs the sequence. */
static void expect_alert(Trial *trial, Text line)
{
    if (!trial->wanted)
        sequence_run(trial);
    trial->wanted = true;
    bool nothing = text_equal(text_trim(line), TEXT("nothing"));
    Text title = nothing ? (Text){0} : text_cut(&line, ':');
    uint64_t count = 0;
    if (!nothing && !text_to_u64(text_trim(line), &count))
        fail_at(trial, "no number of events", title);
    bool found = false;
    for (uint32_t i = 0; i < rule_count(trial); i++) {
        bool same = text_equal(title, rule_at(trial, i)->title);
        char told[64];
        int n = snprintf(told, sizeof told, "%u events cited by", trial->alerts[i]);
        assert_true(n > 0 && n < (int)sizeof told);
        if (nothing ? trial->alerts[i] != 0 : same && trial->alerts[i] != count)
            fail_at(trial, told, rule_at(trial, i)->title);
        found |= same;
        trial->proof[i].hit |= same;
        trial->proof[i].miss |= nothing && rule_at(trial, i)->kind == RULE_CORRELATION;
    }
    if (!nothing && !found)
        fail_at(trial, "no such rule", title);
}

static void sequence_end(Trial *trial)
{
    if (trial->sequence && !trial->wanted)
        fail_at(trial, "a sequence without =>", TEXT(""));
    trial->sequence = 0;
    trial->wanted = false;
}

/* "x40 " before an event of a sequence: so many, in each of which {n} is the number of its turn. */
static uint64_t read_times(Text *event)
{
    Text rest = *event;
    uint64_t times = 0;
    if (rest.len == 0 || rest.ptr[0] != 'x')
        return 1;
    Text word = text_cut(&rest, ' ');
    if (!text_to_u64(text_of(word.ptr + 1, word.len - 1), &times))
        return 1;
    *event = rest;
    return times;
}

static void number_in(Buf *out, Text text, uint64_t number)
{
    buf_clear(out);
    for (size_t at; (at = text_find_text(text, TEXT("{n}"))) != SIZE_MAX;) {
        buf_add_text(out, text_of(text.ptr, at));
        buf_add_u64(out, number);
        text = text_of(text.ptr + at + 3, text.len - at - 3);
    }
    buf_add_text(out, text);
}

static void read_event(Trial *trial, char sign, Text titles, Text text)
{
    uint64_t times = sign == '.' ? read_times(&text) : 1;
    bool changed = text_starts(text, TEXT("& "));
    if (changed)
        text = text_of(text.ptr + 2, text.len - 2);
    for (uint64_t i = 1; i <= times; i++) {
        Event event = changed ? trial->last : (Event){0};
        Buf numbered;
        buf_init(&numbered, 1 << 20);
        number_in(&numbered, text, i);
        event_read(trial, &event, sign == '.' ? buf_text(&numbered) : text);
        if (sign == '.')
            sequence_add(trial, &event);
        else
            expect_one(trial, sign, titles, &event, changed);
        buf_done(&numbered);
    }
    if (!changed) {
        trial->last = (Event){0};
        event_read(trial, &trial->last, text);
    }
}

static void read_line(Trial *trial, Text line)
{
    if (text_trim(line).len == 0) {
        sequence_end(trial);
        return;
    }
    if (line.ptr[0] == '%')
        return;
    if (line.len < 4 || line.ptr[1] != '>' || line.ptr[2] != ' ' || !strchr("+-.=", line.ptr[0]))
        if (!text_starts(line, TEXT("=> ")))
            fail_at(trial, "not understood", line);
    Text rest = text_of(line.ptr + 3, line.len - 3), titles = {0};
    if (line.ptr[0] == '=') {
        expect_alert(trial, rest);
        return;
    }
    if (rest.ptr[0] == '[') {
        text_cut(&rest, '[');
        titles = text_cut(&rest, ']');
        rest = text_trim(rest);
    }
    read_event(trial, line.ptr[0], titles, rest);
}

/* One rule file and its events. */

static void check_proof(Trial *trial)
{
    for (uint32_t i = 0; i < rule_count(trial); i++) {
        if (!trial->proof[i].hit)
            fail_at(trial, "no match in the tests", rule_at(trial, i)->title);
        if (!trial->proof[i].miss)
            fail_at(trial, "no near miss in the tests", rule_at(trial, i)->title);
    }
}

static void try_rule(Arena *arena, const char *name, Text yaml, const char *tests)
{
    Trial *trial = calloc(1, sizeof *trial);
    Text text;
    Err err = {0};
    assert_non_null(trial);
    trial->name = name;
    sigma_open(&trial->run, yaml, NULL);
    if (rule_count(trial) == 0 || rule_count(trial) > DOCUMENTS_MAX)
        fail_at(trial, "number of rules", TEXT(""));
    if (!file_text_read(arena, tests, 1 << 22, &text, &err))
        fail_at(trial, err.text, TEXT(""));
    while (text.len) {
        trial->line++;
        read_line(trial, text_cut(&text, '\n'));
    }
    sequence_end(trial);
    check_proof(trial);
    sigma_close(&trial->run);
    free(trial);
}

/* All of them. */

static const char *root(void)
{
    const char *source = getenv("CONSTAT_SOURCE");
    return source ? source : ".";
}

static char *path_of(Arena *arena, const char *folder, Text name, const char *ending)
{
    Buf path;
    buf_init(&path, PATH_MAX_HERE);
    buf_printf(&path, "%s/%s/%.*s%s", root(), folder, (int)name.len, name.ptr, ending);
    char *copy = arena_alloc(arena, path.len + 1);
    assert_non_null(copy);
    memcpy(copy, path.ptr, path.len);
    copy[path.len] = '\0';
    buf_done(&path);
    return copy;
}

typedef struct Walk {
    Arena *arena;
    unsigned files;
} Walk;

/* rules/PRODUCT/TACTIC/NAME.yml has tests/rules/NAME.txt. */
static bool on_file(void *ctx, const char *path, Err *err)
{
    Walk *walk = ctx;
    Text name = text_from_z(strrchr(path, '/') + 1);
    assert_true(text_ends(name, TEXT(".yml")));
    name.len -= 4;
    Text yaml;
    if (!file_text_read(walk->arena, path, 1 << 20, &yaml, err))
        return false;
    try_rule(walk->arena, path, yaml, path_of(walk->arena, "tests/rules", name, ".txt"));
    walk->files++;
    return true;
}

static unsigned count_tests(void)
{
    char folder[PATH_MAX_HERE];
    int n = snprintf(folder, sizeof folder, "%s/tests/rules", root());
    assert_true(n > 0 && n < (int)sizeof folder);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += text_ends(text_from_z(entry->d_name), TEXT(".txt"));
    closedir(dir);
    return count;
}

static void test_events(void **state)
{
    (void)state;
    Walk walk = {.arena = arena_create(1 << 28)};
    Err err = {0};
    assert_non_null(walk.arena);
    if (!rule_files_walk(walk.arena, path_of(walk.arena, "rules", TEXT(""), ""),
                         rule_files_is_sigma, on_file, &walk, &err))
        fail_msg("%s", err.text);
    assert_int_equal(walk.files, count_tests());
    arena_destroy(walk.arena);
}

static bool is_uuid(Text id)
{
    if (id.len != 36)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? id.ptr[i] != '-'
                                                    : !strchr("0123456789abcdef", id.ptr[i]))
            return false;
    return true;
}

static bool has_tag(const Rule *rule, const char *beginning)
{
    for (uint32_t i = 0; i < rule->tags.count; i++)
        if (text_starts(rule->tags.list[i], text_from_z(beginning)))
            return true;
    return false;
}

static const char *what_is_missing(const Rule *rule)
{
    return rule->state != RULE_LOADED                                 ? "it does not run"
           : rule->notes                                              ? "it has remarks"
           : !is_uuid(rule->id)                                       ? "its id is no UUID"
           : rule->title.len == 0                                     ? "no title"
           : rule->description.len == 0                               ? "no description"
           : !text_equal(rule->author, TEXT("Constat"))               ? "no author"
           : rule->date.len != 10                                     ? "no date"
           : rule->status != RULE_STABLE && rule->status != RULE_TEST ? "its status"
           : rule->level == RULE_LEVEL_NONE                           ? "no level"
           : rule->false_positives.count == 0                         ? "no false positives"
           : !has_tag(rule, "attack.t") || rule->tags.count < 2       ? "no tags"
           : rule->kind == RULE_EVENT && !text_equal(rule->logsource.product, TEXT("windows"))
               ? "no product"
               : NULL;
}

static void test_headers(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Err err = {0};
    LogSources *sources = sigma_sources();
    RuleSource source = {.path = path_of(arena, "rules", TEXT(""), "")};
    RuleSetInput input = {.sources = &source, .source_count = 1, .logsources = sources};
    RuleSet *set = ruleset_load(&input, &err);
    if (!set)
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        const char *missing = what_is_missing(rule);
        if (missing)
            fail_msg("%.*s: %s: %.*s", (int)rule->file.len, rule->file.ptr, missing,
                     (int)rule->reason.len, rule->reason.ptr);
        for (uint32_t j = 0; j < i; j++)
            if (text_equal(rule->id, ruleset_at(set, j)->id) ||
                text_equal(rule->title, ruleset_at(set, j)->title))
                fail_msg("%.*s: the id or title of %.*s", (int)rule->file.len, rule->file.ptr,
                         (int)ruleset_at(set, j)->file.len, ruleset_at(set, j)->file.ptr);
    }
    printf("%u rules\n", ruleset_count(set));
    assert_true(ruleset_count(set) >= 80);
    ruleset_destroy(set);
    logsources_destroy(sources);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_headers),
                                       cmocka_unit_test(test_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
