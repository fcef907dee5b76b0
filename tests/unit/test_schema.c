/* The tables of knowledge/: reading them, the errors of whoever edits them, looking things up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "event/table.h"
#include "event_fixture.h"

static void assert_text(Text t, const char *expected)
{
    if (!text_equal(t, text_from_z(expected)))
        fail_msg("found \"%s\", expected \"%s\"", quote(t.ptr, t.len).str, expected);
}

/* ---- tables ---- */

static bool load(Arena *arena, const char *content, Table *ret, Err *err)
{
    char path[4096];
    fixture_write_file("table.tsv", content);
    int n = snprintf(path, sizeof path, "%s/table.tsv", fixture_folder());
    assert_true(n > 0 && n < (int)sizeof path);
    return table_load(arena, path, ret, err);
}

static void test_table(void **state)
{
    (void)state;
    Arena *arena = arena_create(1 << 20);
    Table table;
    size_t b, none;
    assert_true(load(arena,
                     "# a comment first\n\n a\tb \tc\r\n"
                     "1\t 2 x\t3\r\n"
                     "#no\trow\n"
                     "4\n"
                     "\t\t6\t\t\n"
                     "   \n"
                     "7\t8\t9",
                     &table, NULL));
    assert_int_equal(table.column_count, 3);
    assert_int_equal(table.row_count, 4);
    assert_true(table_column(&table, TEXT("b"), &b, NULL));
    assert_int_equal(b, 1);
    assert_false(table_column(&table, TEXT("B"), &none, NULL));
    assert_text(table_cell(&table, 0, b), "2 x");
    assert_text(table_cell(&table, 1, 0), "4");
    assert_text(table_cell(&table, 1, b), "");
    assert_text(table_cell(&table, 2, 2), "6");
    assert_text(table_cell(&table, 3, 2), "9");
    assert_int_equal(table.lines[0], 4);
    assert_int_equal(table.lines[1], 6);
    assert_int_equal(table.lines[3], 9);
    Err err = {0};
    assert_false(table_error(&table, 1, &err, "bad %s", "cell"));
    assert_non_null(strstr(err.text, "table.tsv:6: bad cell"));
    arena_destroy(arena);
}

static void test_table_errors(void **state)
{
    static const struct {
        const char *content, *says;
    } CASES[] = {
        {"", "no row of column names"},
        {"# only a comment\n\n", "no row of column names"},
        {"a\tb\n1\t2\t3\n", "table.tsv:2: more cells"},
        {"a\tb\ta\n", "table.tsv:1: column a stands twice"},
        {"a\n\xFF\n", "not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Arena *arena = arena_create(1 << 20);
        Table table;
        Err err = {0};
        assert_false(load(arena, CASES[i].content, &table, &err));
        if (!strstr(err.text, CASES[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.text, CASES[i].says);
        arena_destroy(arena);
    }
    Arena *arena = arena_create(1 << 20);
    Table table;
    Err err = {0};
    assert_false(table_load(arena, "/nowhere/at/all.tsv", &table, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_false(table_load(arena, "/", &table, &err));
    char many[1200];
    memset(many, '\t', sizeof many);
    for (size_t i = 0; i < 300; i++)
        many[4 * i] = many[4 * i + 1] = many[4 * i + 2] = (char)('a' + i % 26);
    many[1199] = '\0';
    assert_false(load(arena, many, &table, &err));
    assert_non_null(strstr(err.text, "columns"));
    arena_destroy(arena);
}

/* ---- the schema ---- */

static void test_sources(void **state)
{
    static const struct {
        const char *channel, *provider, *service;
    } CASES[] = {
        {"Security", "Microsoft-Windows-Security-Auditing", "security"},
        {"SECURITY", "", "security"},
        {"Application", "MSSQLSERVER", "mssql"},
        {"application", "mssqlserver", "mssql"},
        {"Application", "MSSQL$COURT", "mssql"},
        {"Application", "MSSQL", "application"},
        {"Application", "Anything", "application"},
        {"", "Microsoft-Windows-Sysmon", "sysmon"},
        {"Forwarded", "Microsoft-Windows-Sysmon", "sysmon"},
        {"Unheard", "Unheard", NULL},
        {"", "", NULL},
    };
    (void)state;
    schema_destroy(fixture_schema()); /* writes the other tables */
    fixture_write_file("sources.tsv", "product\tservice\tchannel\tprovider\tabbreviation\n"
                                      "windows\tsecurity\tSecurity\t\tSec\n"
                                      "windows\tmssql\tApplication\tMSSQL$*\tSQL\n"
                                      "windows\tmssql\tApplication\tMSSQLSERVER\tSQL\n"
                                      "windows\tsysmon\t\tMicrosoft-Windows-Sysmon\tSysmon\n"
                                      "windows\tapplication\tApplication\t\tApp\n");
    const char *folders[] = {fixture_folder()};
    Schema *schema = schema_load(folders, 1, NULL);
    assert_non_null(schema);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const SourceRow *row =
            schema_source(schema, text_from_z(CASES[i].channel), text_from_z(CASES[i].provider));
        assert_int_equal(row != NULL, CASES[i].service != NULL);
        if (row)
            assert_text(row->service, CASES[i].service);
    }
    schema_destroy(schema);
}

static void count_row(void *ctx, const EcsRow *row)
{
    Buf *seen = ctx;
    buf_add_text(seen, row->ecs);
    buf_add_char(seen, ' ');
}

static void test_look_ups(void **state)
{
    (void)state;
    Schema *schema = fixture_schema();
    EventKind logon = {
        .product = TEXT("windows"), .service = TEXT("security"), .code = TEXT("4624")};
    EventKind conn = {.product = TEXT("zeek"), .service = TEXT("conn"), .code = TEXT("any")};
    EventKind none = {.product = TEXT("windows"), .service = TEXT("security"), .code = TEXT("1")};
    uint32_t n = 99;
    const ActionRow *rows = schema_actions(schema, &logon, &n);
    assert_int_equal(n, 3);
    assert_text(rows[0].action, "remote logon");
    assert_text(rows[2].action, "logon");
    assert_text(rows[0].roles[ROLE_USER], "TargetUserName");
    assert_int_equal(rows[0].roles[ROLE_OBJECT].len, 0);
    assert_int_equal(rows[0].condition_count, 2);
    assert_non_null(schema_actions(schema, &conn, &n)); /* code * */
    assert_int_equal(n, 1);
    assert_null(schema_actions(schema, &none, &n));
    assert_int_equal(n, 0);
    Buf seen;
    buf_init(&seen, 4096);
    schema_ecs(schema, &logon, count_row, &seen);
    assert_text(buf_text(&seen), "source.ip source.port process.pid process.name "
                                 "process.executable user.name user.name host.name event.code ");
    buf_clear(&seen);
    schema_ecs(schema, &conn, count_row, &seen);
    assert_text(buf_text(&seen), "");
    buf_done(&seen);
    assert_true(text_starts(schema_message(schema, &logon), TEXT("An account was logged on")));
    assert_text(schema_message(schema, &none), "");
    assert_text(schema_parameter(schema, TEXT("logon-type"), TEXT("3")), "network");
    assert_text(schema_parameter(schema, TEXT("ntstatus"), TEXT("0xc000006d")),
                "bad user name or password");
    assert_text(schema_parameter(schema, TEXT("logon-type"), TEXT("99")), "");
    assert_text(schema_parameter(schema, TEXT("no such set"), TEXT("3")), "");
    schema_destroy(schema);
}

static void test_schema_errors(void **state)
{
    static const struct {
        const char *file, *content, *says;
    } CASES[] = {
        {"sources.tsv", "product\tservice\tchannel\tprovider\n", "no column abbreviation"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\n", "no column outcome"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\toutcome\tusr\n",
         "column usr is not a role"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\toutcome\nw\ts\t1\t\t\t\n",
         "actions.tsv:2: the row has no action"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\toutcome\nw\ts\t1\tA\ta\t\n",
         "actions.tsv:2: condition A: expected Field=value"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\toutcome\nw\ts\t1\t=3\ta\t\n",
         "expected Field=value"},
        {"actions.tsv", "product\tservice\tcode\tcondition\taction\toutcome\nw\ts\t1\tA~\ta\t\n",
         "empty text after ~"},
        {"ecs.tsv", "product\tservice\tcode\tfield\tecs\ttransform\n\nw\ts\t1\tF\tf\tup\n",
         "ecs.tsv:3: transform up is not known"},
        {"ecs.tsv", "product\tservice\tcode\tfield\tecs\ttransform\nw\ts\t1\tF\t\t\n",
         "ecs.tsv:2: a native field or its ECS name is empty"},
        {"messages.tsv", "product\tservice\tcode\n", "no column text"},
        {"parameters.tsv", "set\tcode\n", "no column text"},
    };
    (void)state;
    const char *folders[] = {"/nowhere", fixture_folder()};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Err err = {0};
        schema_destroy(fixture_schema());
        fixture_write_file(CASES[i].file, CASES[i].content);
        assert_null(schema_load(folders, 2, &err));
        if (!strstr(err.text, CASES[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.text, CASES[i].says);
    }
    Err err = {0};
    assert_null(schema_load(folders, 1, &err));
    assert_non_null(strstr(err.text, "sources.tsv: not found in /nowhere"));
    assert_null(schema_load(NULL, 0, &err));
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *folders[] = {fixture_folder()};
    size_t tried = 0, loaded = 0;
    schema_destroy(fixture_schema());
    for (size_t number = 1;; number++) {
        Err err = {0};
        alloc_fail_at(number);
        Schema *schema = schema_load(folders, 1, &err);
        bool refused = alloc_fail_over();
        assert_true(refused || schema);
        if (!schema)
            assert_int_equal(err.code, ERR_NO_MEMORY);
        else
            loaded++; /* the C library does without a smaller block for a path */
        schema_destroy(schema);
        if (!refused)
            break;
        tried++;
    }
    assert_true(tried > 10 && loaded < tried);
}

/* The tables of the repository load, and the rows that others rely on are there. */
static void test_own_tables(void **state)
{
    (void)state;
    const char *source = getenv("CONSTAT_SOURCE");
    char path[4096];
    if (!source) {
        print_message("CONSTAT_SOURCE is not set: the repository's tables are not tested\n");
        skip();
    }
    int n = snprintf(path, sizeof path, "%s/knowledge", source);
    assert_true(n > 0 && n < (int)sizeof path);
    const char *folders[] = {path};
    Err err = {0};
    Schema *schema = schema_load(folders, 1, &err);
    if (!schema)
        fail_msg("%s", err.text);
    const SourceRow *security = schema_source(schema, TEXT("Security"), TEXT(""));
    assert_non_null(security);
    assert_text(security->service, "security");
    EventKind logon = {
        .product = TEXT("windows"), .service = TEXT("security"), .code = TEXT("4624")};
    uint32_t count;
    assert_non_null(schema_actions(schema, &logon, &count));
    assert_true(schema_message(schema, &logon).len > 0);
    static const char *const SETS[][2] = {
        {"logon-type", "3"},
        {"ntstatus", "0xc000006d"},
        {"kerberos-result", "0x6"},
        {"ticket-encryption", "0x17"},
        {"ip-protocol", "6"},
        {"access-mask-file", "0x1"},
        {"access-mask-process", "0x10"},
        {"windows-param", "1936"},
        {"defender-param", "804"},
    };
    for (size_t i = 0; i < sizeof SETS / sizeof SETS[0]; i++)
        if (schema_parameter(schema, text_from_z(SETS[i][0]), text_from_z(SETS[i][1])).len == 0)
            fail_msg("parameters.tsv has no %s %s", SETS[i][0], SETS[i][1]);
    schema_destroy(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_table_errors),
        cmocka_unit_test(test_sources),       cmocka_unit_test(test_look_ups),
        cmocka_unit_test(test_schema_errors), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_own_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
