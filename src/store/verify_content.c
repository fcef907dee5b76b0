/* Derived rows and the content as a whole, against the last end of a run in the ledger; files that
 * runs left beside the database. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/verify_inside.h"

static int by_id(const void *a, const void *b)
{
    const VerifiedItem *x = *(const VerifiedItem *const *)a, *y = *(const VerifiedItem *const *)b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
}

static bool digest_derived_rows(Verify *verify, VerifiedItem **sorted, Sha256 *ret)
{
    Canon *canon = &verify->store->canon;
    canon_begin(canon, "constat derived");
    for (size_t i = 0; i < verify->item_count; i++)
        canon_raw(canon, span_of(sorted[i]->derived, sorted[i]->derived_count * sizeof(RowDigest)));
    return canon_end(canon, ret);
}

static bool digest_content(Verify *verify, VerifiedItem **sorted, const Sha256 *derived,
                           Sha256 *ret)
{
    Canon *canon = &verify->store->canon;
    canon_begin(canon, "constat content");
    canon_u64(canon, verify->item_count);
    for (size_t i = 0; i < verify->item_count; i++)
        canon_raw(canon, span_of(sorted[i]->digest.bytes, sizeof(Sha256)));
    canon_raw(canon, span_of(derived->bytes, sizeof derived->bytes));
    return canon_end(canon, ret);
}

static void tell_derived(Verify *verify, bool equal, bool known)
{
    const char *text = equal ? "has another digest than what it says; by the ledger it is as it was"
                             : "is not what its digest says";
    for (size_t i = 0; i < verify->derived_suspect_count; i++) {
        const Suspect *s = &verify->derived_suspects[i];
        VerifyFinding finding = {.weight = equal ? VERIFY_FILE : VERIFY_ALTERED,
                                 .place = PLACE_DERIVED,
                                 .item = s->item,
                                 .what = text_from_z(s->what),
                                 .text = text};
        verify_tell(verify, &finding);
    }
    if (known && !equal && verify->derived_suspect_count == 0 && !verify->torn) {
        VerifyFinding finding = {
            .weight = VERIFY_ALTERED,
            .place = PLACE_DERIVED,
            .text = "rows are not those that the last run committed (some are missing, added or "
                    "replaced)"};
        verify_tell(verify, &finding);
    }
}

static void tell_content(Verify *verify, const Sha256 *content)
{
    const LedgerFacts *ledger = &verify->ledger;
    VerifyFinding finding = {.place = PLACE_CASE};
    char text[120];
    if (ledger->unfinished) {
        finding.weight = VERIFY_NOTE;
        finding.text = "the last run did not come to its end: items are verified one by one, the "
                       "content as a whole cannot be";
        verify_tell(verify, &finding);
        return;
    }
    bool by_ledger =
        ledger->has_end && memcmp(content->bytes, ledger->content.bytes, sizeof(Sha256)) != 0;
    bool by_seal =
        verify->has_seal && memcmp(content->bytes, verify->seal.content.bytes, sizeof(Sha256)) != 0;
    /* It follows from what was told before. */
    if ((!by_ledger && !by_seal) || verify->result->findings[VERIFY_ALTERED])
        return;
    int n = snprintf(text, sizeof text, "the content is not that of %s%" PRIu64,
                     by_ledger ? "the ledger's entry " : "case.seal, ledger entry ",
                     by_ledger ? ledger->end_entry : verify->seal.ledger_number);
    finding.weight = VERIFY_ALTERED;
    finding.text = n > 0 ? text : "the content is another";
    verify_tell(verify, &finding);
}

bool verify_content(Verify *verify, Err *err)
{
    Sha256 derived, content;
    CLEANUP(freep) VerifiedItem **sorted = calloc(verify->item_count + 1, sizeof *sorted);
    if (!sorted)
        return no_memory(err);
    for (size_t i = 0; i < verify->item_count; i++)
        sorted[i] = &verify->items[i];
    qsort(sorted, verify->item_count, sizeof *sorted, by_id);
    if (!digest_derived_rows(verify, sorted, &derived) ||
        !digest_content(verify, sorted, &derived, &content))
        return digest_failed(err);
    const LedgerFacts *ledger = &verify->ledger;
    bool equal =
        ledger->has_end && memcmp(derived.bytes, ledger->derived.bytes, sizeof derived.bytes) == 0;
    tell_derived(verify, equal, ledger->has_end);
    tell_content(verify, &content);
    return true;
}

/* ---- files beside the database ---- */

static bool hash_file(Verify *verify, int fd, Sha256 *ret, bool *ret_read, Err *err)
{
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    CLEANUP(freep) uint8_t *room = malloc(64 * 1024);
    *ret_read = false;
    if (!stream || !room)
        return no_memory(err);
    for (;;) {
        ssize_t n = read(fd, room, 64 * 1024);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return true;
        if (n == 0) {
            *ret_read = true;
            return sha256_final(stream, ret) || digest_failed(err);
        }
        if (!sha256_update(stream, span_of(room, (size_t)n)))
            return digest_failed(err);
        if (!verify_progress(verify, 0, err))
            return false;
    }
}

static bool same_name(const NotedHash *a, const NotedHash *b)
{
    return strcmp(a->name, b->name) == 0;
}

/* Is it the file of an earlier entry? */
static bool was_noted(const LedgerFacts *facts, size_t index, const Sha256 *hash)
{
    for (size_t i = 0; i < index; i++)
        if (same_name(&facts->files[i], &facts->files[index]) &&
            memcmp(facts->files[i].hash.bytes, hash->bytes, sizeof hash->bytes) == 0)
            return true;
    return false;
}

static bool check_file(Verify *verify, size_t index, Err *err)
{
    CLEANUP(freep) char *path = NULL;
    const LedgerFacts *facts = &verify->ledger;
    const NotedHash *file = &facts->files[index];
    Sha256 hash;
    bool read = false;
    VerifyFinding finding = {
        .weight = VERIFY_ALTERED, .place = PLACE_REPORT, .what = text_from_z(file->name)};
    /* A name that leads elsewhere is none of ours. */
    if (strchr(file->name, '\\') || strstr(file->name, "..") || file->name[0] == '/')
        return true;
    if (asprintf(&path, "%s/%s", verify->store->folder, file->name) < 0) {
        path = NULL;
        return no_memory(err);
    }
    CLEANUP(fd_closep) int fd = verify_open_file(path);
    if (fd >= 0 && !hash_file(verify, fd, &hash, &read, err))
        return false;
    if (fd < 0) {
        finding.text = verify_open_error();
    } else if (!read) {
        finding.text = "cannot be read";
    } else if (memcmp(hash.bytes, file->hash.bytes, sizeof hash.bytes) != 0) {
        bool earlier = was_noted(facts, index, &hash);
        finding.weight = earlier ? VERIFY_FILE : VERIFY_ALTERED;
        finding.text = earlier ? "is the file of an earlier run: the last one was not put in place"
                               : "is not the file that the run wrote";
    }
    if (finding.text)
        verify_tell(verify, &finding);
    return true;
}

/* The last entry of each name. */
bool verify_noted_files(Verify *verify, Err *err)
{
    const LedgerFacts *facts = &verify->ledger;
    for (size_t i = 0; i < facts->file_count; i++) {
        bool last = true;
        for (size_t j = i + 1; j < facts->file_count && last; j++)
            last = !same_name(&facts->files[i], &facts->files[j]);
        if (last && !check_file(verify, i, err))
            return false;
    }
    return true;
}
