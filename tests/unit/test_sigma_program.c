/* Programs: every row of logsources.tsv finds its events, what readers may leave out, counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "detect/sigma/program_parts.h"
#include "sigma_fixture.h"

static bool count_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned matches(SigmaRun *run, Text event)
{
    unsigned count = 0;
    Err err = {0};
    MatchOut out = {.match = count_match, .ctx = &count};
    if (!sigma_add_event(run, event))
        fail_msg("%.*s", (int)event.len, event.ptr);
    Batch batch = sigma_batch(run);
    assert_true(matcher_batch(run->matcher, &batch, &out, &err));
    return count;
}

static Text first_of(TextSet set, Text otherwise)
{
    return set.count ? set.list[0] : otherwise;
}

/* For each channel (and each code) of a row: an event of it is one of the rule's. */
static void check_row(const SourceEntry *entry)
{
    const char *what = entry->source.category.len ? "category" : "service";
    Text name = entry->source.category.len ? entry->source.category : entry->source.service;
    char yaml[512], event[1024];
    (void)snprintf(yaml, sizeof yaml,
                   "title: t\nlogsource: {product: windows, %s: '%.*s'}\n"
                   "detection: {s: {A: 1}, condition: s}\n",
                   what, (int)name.len, name.ptr);
    SigmaRun run;
    sigma_open(&run, text_from_z(yaml), NULL);
    assert_int_equal(ruleset_at(run.set, 0)->state, RULE_LOADED);
    TextSet channels = entry->channels;
    static const Text ANY = {"Any", 3};
    if (channels.count == 0)
        channels = (TextSet){.list = &ANY, .count = 1};
    for (uint32_t i = 0; i < channels.count; i++) {
        for (uint32_t k = 0; k < (entry->codes.count ? entry->codes.count : 1); k++) {
            Text provider = first_of(entry->providers, TEXT("Any"));
            Text code = entry->codes.count ? entry->codes.list[k] : TEXT("4711");
            bool condition = entry->condition_count > 0;
            Text value = condition ? entry->conditions[0].values[0] : TEXT("x");
            bool is = condition && entry->conditions[0].op == CONDITION_IS;
            (void)snprintf(event, sizeof event,
                           "@channel=%.*s ;; @provider=%.*s ;; @code=%.*s ;; A=1 ;; %.*s=%s%.*s",
                           (int)channels.list[i].len, channels.list[i].ptr, (int)provider.len,
                           provider.ptr, (int)code.len, code.ptr,
                           condition ? (int)entry->conditions[0].field.len : 1,
                           condition ? entry->conditions[0].field.ptr : "Z", is ? "" : "not ",
                           (int)value.len, value.ptr);
            if (matches(&run, text_from_z(event)) != 1)
                fail_msg("%s", event);
        }
    }
    assert_int_equal(matches(&run, TEXT("@channel=No such ;; @code=4711 ;; A=1")),
                     entry->channels.count || entry->codes.count || entry->providers.count ? 0 : 1);
    sigma_close(&run);
}

static void test_rows(void **state)
{
    (void)state;
    LogSources *sources = sigma_sources();
    unsigned rows = 0;
    for (uint32_t i = 0; i < logsources_count(sources); i++) {
        const SourceEntry *entry = logsources_at(sources, i);
        if (!text_equal(entry->source.product, TEXT("windows")) ||
            (!entry->source.category.len && !entry->source.service.len))
            continue;
        check_row(entry);
        rows++;
    }
    assert_true(rows > 150);
    logsources_destroy(sources);
}

/* What Sigma 2.1 names for Windows. */
static void test_all_named(void **state)
{
    (void)state;
    static const char *const CATEGORIES =
        "process_creation file_change network_connection sysmon_status process_termination "
        "driver_load image_load create_remote_thread raw_access_thread process_access file_event "
        "file_delete_detected file_block_shredding sysmon_error ps_classic_start "
        "ps_classic_provider_start ps_classic_script ps_module ps_script registry_event "
        "registry_add "
        "registry_delete registry_set registry_rename create_stream_hash pipe_created wmi_event "
        "dns_query file_delete clipboard_capture process_tampering file_block_executable "
        "file_executable_detected file_access file_rename";
    static const char *const SERVICES =
        "application security system sysmon powershell powershell-classic application-experience "
        "applocker appmodel-runtime appxdeployment-server appxpackaging-om bitlocker bits-client "
        "capi2 certificateservicesclient-lifecycle-system codeintegrity-operational dhcp "
        "diagnosis-scripted dns-client dns-server dns-server-analytic dns-server-audit "
        "driver-framework firewall-as hyper-v-worker iis-configuration kernel-event-tracing "
        "kernel-shimengine ldap ldap_debug lsa-server msexchange-management ntfs ntlm openssh "
        "printservice-admin printservice-operational security-mitigations sense servicebus-client "
        "shell-core smbclient-security taskscheduler terminalservices-localsessionmanager vhdmp "
        "windefend wmi";
    LogSources *sources = sigma_sources();
    const char *missing;
    for (unsigned which = 0; which < 2; which++) {
        Text rest = text_from_z(which ? SERVICES : CATEGORIES);
        while (rest.len) {
            Text name = text_cut(&rest, ' ');
            LogSource source = {.product = TEXT("windows")};
            *(which ? &source.service : &source.category) = name;
            if (!logsources_have(sources, &source, &missing))
                fail_msg("%.*s", (int)name.len, name.ptr);
        }
    }
    LogSource other = {.product = TEXT("windows"), .category = TEXT("webserver")};
    assert_false(logsources_have(sources, &other, &missing));
    assert_string_equal(missing, "category");
    logsources_destroy(sources);
}

static void note_place(void *ctx, const FieldPlace *place)
{
    static const Text NAMES[] = {{"Image", 5},        {"NewProcessName", 14}, {"param3", 6},
                                 {"x.Image", 7},      {"CommandLine", 11},    {"Hashes", 6},
                                 {"System.Image", 12}};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (field_place_covers(place, NAMES[i]))
            *(unsigned *)ctx |= 1u << i;
}

static unsigned wanted(const Program *program, const char *channel, const char *code)
{
    EventKind kind = {
        .product = TEXT("windows"), .channel = text_from_z(channel), .code = text_from_z(code)};
    unsigned seen = 0;
    program_wants(program, &kind, note_place, &seen);
    return seen;
}

static void test_wants(void **state)
{
    (void)state;
    static const char YAML[] =
        "title: a\nlogsource: {product: windows, category: process_creation}\n"
        "detection: {s: {Image: x, Imphash: y}, condition: s}\n---\n"
        "title: b\nlogsource: {product: windows, service: security}\n"
        "detection: {s: {EventID: 4624, CommandLine: x}, condition: s}\n---\n"
        "title: c\nlogsource: {product: windows, service: application}\n"
        "detection: {k: [word], s: {EventID: 5, Data: x}, condition: k or s}\n";
    SigmaRun run;
    sigma_open(&run, text_from_z(YAML), NULL);
    const Program *program = run.program;
    assert_int_equal(wanted(program, "Microsoft-Windows-Sysmon/Operational", "1"),
                     1 << 0 | 1 << 3 | 1 << 5);
    assert_int_equal(wanted(program, "Security", "4688"), 1 << 1 | 1 << 5);
    assert_int_equal(wanted(program, "Security", "4624"), 1 << 4);
    assert_int_equal(wanted(program, "Security", "4625"), 0);
    assert_int_equal(wanted(program, "Other", "1"), 0);
    assert_int_equal(wanted(program, "Application", "5"), 1 << 2);
    EventKind kind = {
        .product = TEXT("windows"), .channel = TEXT("application"), .code = TEXT("7")};
    assert_true(program_wants_all(program, &kind));
    kind.channel = TEXT("Security");
    assert_false(program_wants_all(program, &kind));
    ProgramSize size = program_size(program);
    assert_true(size.groups >= 3 && size.plans >= 4 && size.atoms >= 4 && size.literals >= 4 &&
                size.bytes > 0);
    sigma_close(&run);
}

static void test_tally(void **state)
{
    (void)state;
    static const char YAML[] =
        "title: a\nlogsource: {product: windows, service: security}\n"
        "detection: {s: {EventID: 4624, U: x}, condition: s}\n---\n"
        "title: b\nlogsource: {product: windows}\ndetection: {s: {U: x}, condition: s}\n---\n"
        "title: f\nlogsource: {product: windows, service: security}\n"
        "filter: {rules: any, s: {V: 1}, condition: not s}\n---\n"
        "title: other\nlogsource: {product: windows, service: system}\n"
        "detection: {s: {U: x}, condition: s}\n";
    SigmaRun run;
    sigma_open(&run, text_from_z(YAML), NULL);
    assert_int_equal(matches(&run, TEXT("@channel=Security ;; @code=4624 ;; U=x")), 2);
    assert_int_equal(matches(&run, TEXT("@channel=Security ;; @code=4624 ;; U=x ;; V=1")), 1);
    assert_int_equal(matches(&run, TEXT("@channel=Security ;; @code=4625 ;; U=x")), 1);
    assert_int_equal(matches(&run, TEXT("@channel=Elsewhere ;; U=y")), 0);
    const MatchTally *tally = matcher_tally(run.matcher);
    RuleTally a = match_tally_rule(tally, 0), b = match_tally_rule(tally, 1),
              f = match_tally_rule(tally, 2);
    assert_int_equal(a.evaluated, 3);
    assert_int_equal(a.matched, 1);
    assert_int_equal(a.suppressed, 1);
    assert_int_equal(b.evaluated, 4);
    assert_int_equal(b.matched, 3);
    assert_int_equal(f.suppressed, 1);
    assert_int_equal(match_tally_rule(tally, 3).evaluated, 0);
    assert_int_equal(match_tally_events(tally), 4);

    Buf bytes;
    Err err = {0};
    buf_init(&bytes, 1 << 16);
    match_tally_write(tally, &bytes);
    MatchTally *sum = match_tally_create(run.program);
    assert_true(match_tally_add(sum, buf_span(&bytes), &err) &&
                match_tally_add(sum, buf_span(&bytes), &err));
    assert_int_equal(match_tally_rule(sum, 1).matched, 6);
    assert_int_equal(match_tally_rule(sum, 1).evaluated, 8);
    assert_int_equal(match_tally_events(sum), 8);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        MatchTally *other = match_tally_create(run.program);
        bool whole = cut >= 4 && (cut - 4) % 13 == 0;
        assert_int_equal(match_tally_add(other, span_of(bytes.ptr, cut), &err), whole);
        match_tally_destroy(other);
    }
    bytes.ptr[4] = 9; /* no such counter */
    assert_false(match_tally_add(sum, buf_span(&bytes), &err));
    assert_int_equal(err.code, ERR_FORMAT);
    match_tally_destroy(sum);
    buf_done(&bytes);
    matcher_tally_clear(run.matcher);
    assert_int_equal(match_tally_events(tally), 0);
    sigma_close(&run);
}

/* Many values and results: the pool is emptied between events, and nothing changes. */
static void test_pool(void **state)
{
    (void)state;
    Buf yaml;
    buf_init(&yaml, 1 << 20);
    for (unsigned i = 0; i < 200; i++)
        buf_printf(&yaml,
                   "---\ntitle: r%u\nlogsource: {product: windows}\n"
                   "detection: {s: {A|contains: 'x', B|contains: 'b%u'}, condition: s}\n",
                   i, i);
    SigmaRun run;
    sigma_open(&run, buf_text(&yaml), NULL);
    unsigned count = 0;
    Err err = {0};
    MatchOut out = {.match = count_match, .ctx = &count};
    for (unsigned i = 0; i < 6000; i++) {
        char event[64];
        (void)snprintf(event, sizeof event, "A=x%u ;; B=b%u-", i, i % 200);
        assert_true(sigma_add_event(&run, text_from_z(event)));
    }
    Batch batch = sigma_batch(&run);
    assert_true(matcher_batch(run.matcher, &batch, &out, &err));
    unsigned expected = 0;
    for (unsigned i = 0; i < 6000; i++) /* b1, b12 and b123 stand in b123 */
        expected += 1u + (i % 200 >= 10) + (i % 200 >= 100);
    assert_int_equal(count, expected);
    sigma_close(&run);
    buf_done(&yaml);
}

static bool stop_at_once(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)ctx, (void)row, (void)rule;
    return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "enough");
}

static void test_stop(void **state)
{
    (void)state;
    SigmaRun run;
    sigma_open(&run,
               TEXT("title: t\nlogsource: {product: windows}\n"
                    "detection: {s: {A: 1}, condition: s}\n"),
               NULL);
    assert_true(sigma_add_event(&run, TEXT("A=1")) && sigma_add_event(&run, TEXT("A=1")));
    Batch batch = sigma_batch(&run);
    MatchOut out = {.match = stop_at_once};
    Err err = {0};
    assert_false(matcher_batch(run.matcher, &batch, &out, &err));
    assert_int_equal(err.code, ERR_INTERRUPTED);
    out.match = NULL; /* only counted */
    assert_true(matcher_batch(run.matcher, &batch, &out, &err));
    sigma_close(&run);
}

/* What may be left out: what no rule can ask of a number. */
static void test_ignores(void **state)
{
    static const struct {
        const char *detection;
        bool level, task, ecs;
    } CASES[] = {
        {"{s: {A: x}, condition: s}", true, true, false},
        {"{s: {Level: 4}, condition: s}", false, true, false},
        {"{s: {A|fieldref: Task}, condition: s}", true, false, false},
        {"{s: [mimikatz, 'powershell -enc'], condition: s}", true, true, false},
        {"{s: ['4624'], condition: s}", false, false, false},
        {"{s: ['*'], condition: s}", false, false, false},
        {"{s: {'|re': 'mimi.*katz'}, condition: s}", false, false, false},
        {"{s: {process.name: x}, condition: s}", true, true, true},
        {"{s: {EventData.Param: x}, condition: s}", true, true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char yaml[512];
        SigmaRun run;
        int n =
            snprintf(yaml, sizeof yaml, "title: t\nlogsource: {product: windows}\ndetection: %s\n",
                     CASES[i].detection);
        assert_true(n > 0 && n < (int)sizeof yaml);
        sigma_open(&run, text_from_z(yaml), NULL);
        assert_int_equal(ruleset_counts(run.set).active, 1);
        if (program_ignores(run.program, TEXT("System.Level")) != CASES[i].level ||
            program_ignores(run.program, TEXT("System.Task")) != CASES[i].task ||
            program_wants_ecs(run.program) != CASES[i].ecs)
            fail_msg("%s", CASES[i].detection);
        sigma_close(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),   cmocka_unit_test(test_all_named),
        cmocka_unit_test(test_wants),  cmocka_unit_test(test_tally),
        cmocka_unit_test(test_pool),   cmocka_unit_test(test_stop),
        cmocka_unit_test(test_ignores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
