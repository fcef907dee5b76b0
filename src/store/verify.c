#include "store/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/make.h"
#include "store/verify_inside.h"

#define ITEMS_MEMORY (UINT64_C(8) << 30)

const char *const VERIFY_WEIGHT_TEXT[VERIFY_WEIGHT_COUNT] = {
    [VERIFY_NOTE] = "note", [VERIFY_FILE] = "file", [VERIFY_ALTERED] = "altered"};

const char *const VERIFY_PLACE_TEXT[PLACE_COUNT] = {
    [PLACE_CASE] = "case",       [PLACE_TABLE] = "table",      [PLACE_SEGMENT] = "segment",
    [PLACE_DERIVED] = "derived", [PLACE_LEDGER] = "ledger",    [PLACE_SEAL] = "seal",
    [PLACE_REPORT] = "report",   [PLACE_EVIDENCE] = "evidence"};

const char *const VERIFY_VERDICT_TEXT[VERDICT_COUNT] = {[VERDICT_INTACT] = "intact",
                                                        [VERDICT_CONTENT_EQUAL] =
                                                            "file differs but content equal",
                                                        [VERDICT_ALTERED] = "altered"};

/* ---- what the steps share ---- */

void verify_tell(Verify *verify, const VerifyFinding *finding)
{
    verify->result->findings[finding->weight]++;
    verify->each(verify->ctx, finding);
}

bool verify_progress(Verify *verify, uint64_t bytes, Err *err)
{
    verify->done_bytes += bytes;
    const VerifyOptions *options = verify->options;
    if (!options->progress || options->progress(verify->ctx, verify->done_bytes, verify->all_bytes))
        return true;
    return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
}

static void tell(Verify *verify, VerifyWeight weight, VerifyPlace place, const char *text)
{
    VerifyFinding finding = {.weight = weight, .place = place, .text = text};
    verify_tell(verify, &finding);
}

/* ---- opening ---- */

static bool has_commits_in_log(const Store *store)
{
    CLEANUP(freep) char *log = NULL;
    struct stat st;
    if (asprintf(&log, "%s-wal", store->path) < 0) {
        log = NULL;
        return true;
    }
    return stat(log, &st) == 0 && st.st_size > 0;
}

/* While we look, nobody writes; while somebody writes, we look at what is committed. */
static bool hold_still(Store *store)
{
    CLEANUP(freep) char *path = NULL;
    if (asprintf(&path, "%s/" STORE_LOCK_FILE, store->folder) < 0) {
        path = NULL;
        return false;
    }
    store->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return store->lock < 0 ? errno == ENOENT : flock(store->lock, LOCK_SH | LOCK_NB) == 0;
}

static bool prepare(Store *store, const char *folder, Err *err)
{
    struct stat st;
    store->lock = -1;
    store->mode = STORE_READ;
    box_init(&store->box);
    store->folder = strdup(folder);
    store->temporary = strdup(folder);
    if (asprintf(&store->path, "%s/" STORE_FILE, folder) < 0)
        store->path = NULL;
    if (!canon_init(&store->canon) || !store->folder || !store->temporary || !store->path)
        return no_memory(err);
    if (stat(store->path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there is no case in %s",
                       quote_z(folder).str);
    return true;
}

static void tell_failure(Verify *verify, VerifyWeight weight, const Err *failure)
{
    tell(verify, weight, PLACE_CASE, failure->text);
}

/* Application id, version, tables. What is wrong with them is said; false: nothing can be asked. */
static bool check_database(Verify *verify, Err *err)
{
    Store *store = verify->store;
    Err failure = {0};
    bool empty = false;
    if (!store_database(store, &failure)) {
        if (!is_damage(&failure))
            return take_failure(err, &failure);
        tell_failure(verify, VERIFY_ALTERED, &failure);
        return true;
    }
    verify->has_database = true;
    database_lenient(store->db);
    /* All of it is looked at as it is now, whoever writes meanwhile. */
    if (!database_run(store->db, SQL_BEGIN_READ, err))
        return false;
    if (!case_check(store, &empty, &failure)) {
        /* A file that is as it was left and of a later format is no finding. */
        if (failure.code == ERR_USAGE && (verify->file_equal || !verify->has_seal))
            return take_failure(err, &failure);
        tell_failure(verify, VERIFY_FILE, &failure);
    } else if (empty) {
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there is no case in %s",
                       quote_z(store->folder).str);
    }
    return true;
}

/* Does the first body of the ledger open, and is it one? */
static bool first_body_opens(Verify *verify)
{
    bool opens = false;
    Query query = query_on(verify->store->db, SQL_LEDGER_ALL);
    if (query_next(&query, NULL)) {
        LedgerEntry entry = ledger_entry(&query);
        opens = text_starts(ledger_body(verify->store, &entry), TEXT("{\"case\":"));
        query_end(&query);
    }
    return opens;
}

/* Where meta is damaged, the ledger shows whether there is a cipher at all, and case.seal has the
 * case's id too. */
static bool unlock_otherwise(Verify *verify)
{
    Store *store = verify->store;
    if (verify->options->key && !store->box.key)
        (void)case_open_key(store, verify->options->key, NULL);
    if (first_body_opens(verify))
        return true;
    if (verify->has_seal)
        memcpy(store->box.case_id, verify->seal.case_id, CASE_ID);
    return first_body_opens(verify);
}

static bool unlock(Verify *verify, Err *err)
{
    Err failure = {0};
    if (!verify->has_database)
        return true;
    verify->can_open = case_unlock(verify->store, verify->options->key, &failure);
    /* An encrypted case may have been made to look like another one. */
    bool hidden = verify->can_open && verify->options->key && !verify->store->box.key &&
                  !first_body_opens(verify) && unlock_otherwise(verify);
    if (hidden)
        (void)err_set(&failure, ERR_FORMAT, ERR_NO_OFFSET, "case.sqlite: its cipher was changed");
    if (verify->can_open && !hidden) {
        /* Every cell is bound to the case's id; if that was changed, case.seal still has it. */
        if (verify->has_seal && !first_body_opens(verify))
            memcpy(verify->store->box.case_id, verify->seal.case_id, CASE_ID);
        return true;
    }
    if (failure.code == ERR_USAGE && !verify->options->key) {
        verify->result->without_key = true;
        tell(verify, VERIFY_NOTE, PLACE_CASE,
             "is encrypted: without --key its content cannot be verified");
        return true;
    }
    if (!is_damage(&failure))
        return take_failure(err, &failure);
    VerifyFinding finding = {
        .weight = VERIFY_ALTERED, .place = PLACE_TABLE, .what = TEXT("meta"), .text = failure.text};
    verify_tell(verify, &finding);
    verify->can_open = unlock_otherwise(verify);
    return true;
}

/* What SQLite itself finds wrong with the file. */
static bool check_structure(Verify *verify, Err *err)
{
    Err failure = {0};
    if (!verify->has_database)
        return true;
    Query query = query_on(verify->store->db, SQL_QUICK_CHECK);
    while (query_next(&query, &failure)) {
        char line[200];
        Span text = query_get_bytes(&query, 0);
        if (text_equal(text_from_span(text), TEXT("ok")))
            continue;
        int n = snprintf(line, sizeof line, "SQLite: %.*s", (int)(text.len < 180 ? text.len : 180),
                         (const char *)text.ptr);
        tell(verify, VERIFY_FILE, PLACE_CASE, n > 0 ? line : "SQLite finds damage");
    }
    if (failure.code && !is_damage(&failure))
        return take_failure(err, &failure);
    if (failure.code)
        tell_failure(verify, VERIFY_FILE, &failure);
    return true;
}

/* ---- all of it ---- */

static void conclude(Verify *verify)
{
    const uint64_t *findings = verify->result->findings;
    verify->result->verdict = findings[VERIFY_ALTERED] ? VERDICT_ALTERED
                              : findings[VERIFY_FILE]  ? VERDICT_CONTENT_EQUAL
                                                       : VERDICT_INTACT;
}

static bool run(Verify *verify, const char *folder, Err *err)
{
    Store *store = verify->store;
    if (!prepare(store, folder, err))
        return false;
    bool still = hold_still(store);
    bool log = has_commits_in_log(store);
    store->access = still && !log ? DATABASE_IMMUTABLE : DATABASE_READ;
    if (!still)
        tell(verify, VERIFY_NOTE, PLACE_CASE,
             "is being written: it is verified as it is committed so far");
    if (!verify_seal(verify, err) || !check_database(verify, err) || !unlock(verify, err) ||
        !verify_ledger(verify, err))
        return false;
    verify_file_blocks(verify);
    if (!check_structure(verify, err))
        return false;
    if (verify->has_database && verify->can_open &&
        (!verify_rows(verify, err) || !verify_content(verify, err) ||
         !verify_analysis(verify, err)))
        return false;
    return verify_noted_files(verify, err) && verify_evidence(verify, err);
}

static void verify_done(Verify *verify)
{
    for (size_t i = 0; i < verify->item_count; i++)
        free(verify->items[i].derived);
    free(verify->items);
    free(verify->suspects);
    free(verify->derived_suspects);
    free(verify->segments);
    ledger_facts_done(&verify->ledger);
    seal_done(&verify->seal);
    seal_done(&verify->measured);
    part_reader_destroy(verify->parts);
    arena_destroy(verify->arena);
    store_close(verify->store);
}

bool case_verify(const char *folder, const VerifyOptions *options,
                 void (*each)(void *ctx, const VerifyFinding *finding), void *ctx,
                 VerifyResult *ret, Err *err)
{
    Verify verify = {.options = options, .each = each, .ctx = ctx, .result = ret};
    *ret = (VerifyResult){.verdict = VERDICT_INTACT};
    verify.store = calloc(1, sizeof *verify.store);
    verify.arena = arena_create(ITEMS_MEMORY);
    if (verify.store)
        verify.store->lock = -1;
    bool ok = (verify.store && verify.arena) || no_memory(err);
    ok = ok && run(&verify, folder, err);
    conclude(&verify);
    verify_done(&verify);
    return ok;
}
