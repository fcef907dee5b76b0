/* Rows of analyses against their digests, and all of them against what the ledger commits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/grow.h"
#include "store/analysis_row.h"
#include "store/verify_inside.h"

typedef struct AnalysisCheck {
    Verify *verify;
    AnalysisReader reader;
    Canon all;          /* over the rows' digests, computed anew */
    uint64_t *suspects; /* rows whose stored digest is another */
    size_t suspect_count, suspect_cap;
    uint64_t rows;
    bool torn; /* some could not be read */
} AnalysisCheck;

static void tell(Verify *verify, VerifyWeight weight, uint64_t number, const char *text)
{
    VerifyFinding finding = {.weight = weight,
                             .place = PLACE_TABLE,
                             .what = TEXT("analysis"),
                             .number = number,
                             .text = text};
    verify_tell(verify, &finding);
}

static bool suspect(AnalysisCheck *check, uint64_t number, Err *err)
{
    uint64_t *list =
        grow_array(check->suspects, &check->suspect_cap, check->suspect_count + 1, sizeof *list);
    if (!list)
        return no_memory(err);
    check->suspects = list;
    list[check->suspect_count++] = number;
    return true;
}

static bool check_row(AnalysisCheck *check, const Query *query, Err *err)
{
    Verify *verify = check->verify;
    AnalysisRow row;
    RowDigest digest;
    Err failure = {0};
    check->rows++;
    if (!analysis_row(&check->reader, query, &row, &failure)) {
        if (!is_damage(&failure))
            return take_failure(err, &failure);
        tell(verify, VERIFY_ALTERED, row.number, failure.text);
        check->torn = true;
        return true;
    }
    if (!digest_analysis(&verify->store->canon, &row, &digest))
        return digest_failed(err);
    Span computed = span_of(digest.bytes, sizeof digest.bytes);
    canon_raw(&check->all, computed);
    return (span_equal(row.digest, computed) || suspect(check, row.number, err)) &&
           verify_progress(verify, 0, err);
}

static bool check_rows(AnalysisCheck *check, Err *err)
{
    Err failure = {0};
    Query query = query_on(check->verify->store->db, SQL_ANALYSIS_ALL);
    while (query_next(&query, &failure))
        if (!check_row(check, &query, err)) {
            query_end(&query);
            return false;
        }
    if (failure.code && !is_damage(&failure))
        return take_failure(err, &failure);
    if (failure.code)
        tell(check->verify, VERIFY_ALTERED, 0, failure.text);
    check->torn = check->torn || failure.code;
    return true;
}

static bool judge(AnalysisCheck *check, Err *err)
{
    Verify *verify = check->verify;
    const LedgerFacts *ledger = &verify->ledger;
    Sha256 all;
    char text[120];
    if (!canon_end(&check->all, &all))
        return digest_failed(err);
    bool equal = !check->torn && ledger->has_analysis &&
                 memcmp(all.bytes, ledger->analysis.bytes, sizeof all.bytes) == 0;
    for (size_t i = 0; i < check->suspect_count; i++)
        tell(verify, equal ? VERIFY_FILE : VERIFY_ALTERED, check->suspects[i],
             equal ? "has another digest than what it says; by the ledger it is as it was"
                   : "is not what its digest says");
    if (equal || check->torn || check->suspect_count || !ledger->whole)
        return true;
    if (!ledger->has_analysis) {
        if (check->rows)
            tell(verify, VERIFY_ALTERED, 0, "has rows that the ledger does not know");
        return true;
    }
    int n = snprintf(text, sizeof text,
                     "its rows are not those that entry %" PRIu64
                     " of the ledger committed (some are missing, added or replaced)",
                     ledger->analysis_entry);
    tell(verify, VERIFY_ALTERED, 0, n > 0 ? text : "its rows are not those that were committed");
    return true;
}

bool verify_analysis(Verify *verify, Err *err)
{
    bool has = false;
    Err failure = {0};
    AnalysisCheck check = {.verify = verify};
    if (!analysis_has_table(verify->store, &has, &failure) && !is_damage(&failure))
        return take_failure(err, &failure);
    if (!has) {
        if (verify->ledger.has_analysis)
            tell(verify, VERIFY_ALTERED, 0, "is missing: the ledger has its rows");
        return true;
    }
    bool ok = analysis_reader_init(&check.reader, verify->store);
    ok = (canon_init(&check.all) && ok) || no_memory(err);
    if (ok) {
        digest_analyses_begin(&check.all);
        ok = check_rows(&check, err) && judge(&check, err);
    }
    analysis_reader_done(&check.reader);
    canon_done(&check.all);
    free(check.suspects);
    return ok;
}
