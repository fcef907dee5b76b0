/* Rows of analyses: what goes in comes out, all or nothing, beside the content; verify names what
 * was altered; cases of the format before have none and get the table when they are written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "case_fixture.h"
#include "event_fixture.h"
#include "store/analysis.h"
#include "store/keys.h"
#include "store/verify.h"

static const MadeItem ITEM = {.path = "a.evtx", .host = "fs01", .first = 1, .events = 60};

static Schema *schema;

static int set_up(void **state)
{
    (void)state;
    schema = fixture_schema();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_destroy(schema);
    return 0;
}

typedef struct Rows {
    size_t count;
    char first[200];
} Rows;

static bool count_row(void *ctx, Span row, Err *err)
{
    Rows *rows = ctx;
    (void)err;
    if (rows->count++ == 0) {
        assert_true(row.len && row.len < sizeof rows->first);
        memcpy(rows->first, row.ptr, row.len);
        rows->first[row.len] = '\0';
    }
    return true;
}

static Rows rows_of(Store *store, uint32_t kind)
{
    Rows rows = {0};
    Err err = {0};
    if (!store_analysis_each(store, kind, count_row, &rows, &err))
        fail_msg("%s", err.text);
    return rows;
}

/* Another run over the case that has it all, up to its end. */
static Store *next_run(const char *folder, RunResult *result)
{
    Err err = {0};
    Store *store = made_open(folder, STORE_WRITE);
    assert_true(store_run_begin(store, &MADE_RUN, &err));
    assert_true(store_run_end(store, 1, result, &err));
    return store;
}

static void test_rows(void **state)
{
    (void)state;
    const char *folder = made_folder("rows");
    RunResult first, second;
    Err err = {0};
    RunResult plain =
        made_case(made_folder("plain"), schema, &(MadeCase){.items = &ITEM, .count = 1});
    first = made_case(folder, schema, &(MadeCase){.items = &ITEM, .count = 1, .analysis = 9});
    assert_memory_equal(&plain.content, &first.content, sizeof(Sha256));
    assert_int_equal(first.ledger_entries, plain.ledger_entries + 1);
    Store *store = made_open(folder, STORE_READ);
    assert_int_equal(rows_of(store, 1).count, 4);
    assert_int_equal(rows_of(store, 2).count, 5);
    assert_int_equal(rows_of(store, 3).count, 0);
    assert_string_equal(rows_of(store, 1).first, "row 0 of 9: a thing that somebody found, 7919");
    store_close(store);
    /* A run that does not analyse keeps them; one that does exchanges them; one that is cut off
     * in between leaves those of before. */
    store = next_run(folder, &second);
    assert_int_equal(rows_of(store, 2).count, 5);
    assert_true(made_analysis(store, 3, 1, &second, &err));
    assert_int_equal(rows_of(store, 2).count, 2);
    assert_string_equal(rows_of(store, 1).first, "row 0 of 3: a thing that somebody found, 7920");
    store_close(store);
    store = next_run(folder, &second);
    assert_true(store_analysis_begin(store, &err));
    assert_true(store_analysis_add(store, 1, text_span(TEXT("lost")), &err));
    store_close(store);
    store = made_open(folder, STORE_READ);
    assert_int_equal(rows_of(store, 1).count, 1);
    assert_int_equal(rows_of(store, 2).count, 2);
    assert_memory_equal(&second.content, &first.content, sizeof(Sha256));
    store_close(store);
}

static void test_misuse(void **state)
{
    (void)state;
    const char *folder = made_folder("misuse");
    RunResult result;
    Err err = {0};
    static uint8_t large[ANALYSIS_ROW_MAX + 1];
    (void)made_case(folder, schema, &(MadeCase){.items = &ITEM, .count = 1});
    Store *store = made_open(folder, STORE_WRITE);
    assert_false(store_analysis_begin(store, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_true(store_run_begin(store, &MADE_RUN, &err));
    assert_false(store_analysis_begin(store, &err));
    assert_true(store_run_end(store, 1, &result, &err));
    assert_false(store_analysis_add(store, 1, (Span){0}, &err));
    assert_false(store_analysis_end(store, &result, &err));
    assert_true(store_analysis_begin(store, &err));
    assert_false(store_analysis_begin(store, &err));
    assert_false(store_analysis_add(store, 1, span_of(large, sizeof large), &err));
    assert_true(store_analysis_add(store, 2, span_of(large, ANALYSIS_ROW_MAX), &err));
    assert_false(store_analysis_add(store, 1, (Span){0}, &err));
    assert_true(store_analysis_add(store, 2, (Span){0}, &err)); /* an empty row is one */
    assert_true(store_analysis_end(store, &result, &err));
    store_close(store);
}

/* ---- what verify says ---- */

typedef struct Said {
    unsigned altered, of_analysis, file;
} Said;

static void hear(void *ctx, const VerifyFinding *finding)
{
    Said *said = ctx;
    bool of_analysis = finding->place == PLACE_TABLE && text_equal(finding->what, TEXT("analysis"));
    said->of_analysis += of_analysis;
    said->file += of_analysis && finding->weight == VERIFY_FILE;
    said->altered += finding->weight == VERIFY_ALTERED;
}

static Said verify(const char *folder, const CaseKey *key)
{
    Said said = {0};
    VerifyResult result;
    VerifyOptions options = {.key = key};
    Err err = {0};
    if (!case_verify(folder, &options, hear, &said, &result, &err))
        fail_msg("%s", err.text);
    return said;
}

static void change(const char *folder, const char *sql)
{
    char path[4200];
    sqlite3 *db = NULL;
    int n = snprintf(path, sizeof path, "%s/case.sqlite", folder);
    assert_true(n > 0 && n < (int)sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void test_altered(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool altered;
    } CHANGES[] = {
        {"UPDATE analysis SET bytes = (SELECT bytes FROM analysis WHERE number = 2)"
         " WHERE number = 3",
         true},
        {"UPDATE analysis SET bytes = x'00' WHERE number = 3", true},
        {"UPDATE analysis SET digest = x'00' WHERE number = 3", false},
        {"DELETE FROM analysis WHERE number = 9", true},
        {"DELETE FROM analysis", true},
        {"UPDATE analysis SET number = 77 WHERE number = 9", true},
        {"INSERT INTO analysis SELECT 5, 10, bytes, digest FROM analysis WHERE number = 1", true},
    };
    CaseKey *key = NULL;
    Err err = {0};
    PublicKey ignored;
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/holder", fixture_folder());
    assert_true(
        key_pair_make(path, &(KeyMaking){.kind = KEY_HOLDER, .overwrite = true}, &ignored, &err));
    key = case_key_load(path, NULL, &err);
    assert_non_null(key);
    for (unsigned sealed = 0; sealed < 2; sealed++)
        for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
            const char *folder = made_folder("altered");
            const CaseKey *with = sealed ? key : NULL;
            (void)made_case(folder, schema,
                            &(MadeCase){.items = &ITEM, .count = 1, .analysis = 9, .key = with});
            Said said = verify(folder, with);
            assert_int_equal(said.altered + said.of_analysis, 0);
            change(folder, CHANGES[i].sql);
            said = verify(folder, with);
            bool altered = CHANGES[i].altered || sealed; /* a sealed digest cannot be opened */
            if (!said.of_analysis || (said.altered != 0) != altered)
                fail_msg("%s: %u findings, %u of the analysis", CHANGES[i].sql, said.altered,
                         said.of_analysis);
        }
    case_key_destroy(key);
}

/* ---- the format before ---- */

static void test_format_1(void **state)
{
    (void)state;
    const char *folder = made_folder("format1");
    RunResult result;
    Err err = {0};
    (void)made_case(folder, schema, &(MadeCase){.items = &ITEM, .count = 1});
    change(folder, "DROP TABLE analysis; PRAGMA user_version = 1");
    Store *store = made_open(folder, STORE_READ);
    assert_int_equal(rows_of(store, 1).count, 0);
    store_close(store);
    assert_int_equal(verify(folder, NULL).altered, 0);
    store = next_run(folder, &result);
    assert_true(made_analysis(store, 9, 0, &result, &err));
    store_close(store);
    store = made_open(folder, STORE_READ);
    assert_int_equal(rows_of(store, 1).count, 4);
    store_close(store);
    assert_int_equal(verify(folder, NULL).altered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_format_1),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
