/* The ledger: is the chain whole, are its signatures right, and what does it commit? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/make.h"
#include "store/verify_inside.h"

typedef struct Walk {
    Verify *verify;
    LedgerFacts *facts;
    Sha256 before;     /* hash of the entry before, as stored */
    uint64_t expected; /* number of the next one */
    uint64_t first_bad, bad;
    uint64_t found_hash; /* entry that has the one that was asked for; 0: none */
    bool run_signed;     /* the run at hand names a key … */
    uint8_t run_key[KEY_BYTES];
    uint64_t unsigned_end;  /* first end of such a run without a signature */
    uint64_t bad_signature; /* first entry whose signature does not fit */
    uint64_t last_by_given; /* last entry that is signed by the key that was asked for */
    uint64_t last_signed_run, first_unsigned_run; /* the latter after a signed one; 0: none */
} Walk;

static void tell(Verify *verify, VerifyWeight weight, uint64_t number, const char *text)
{
    VerifyFinding finding = {
        .weight = weight, .place = PLACE_LEDGER, .number = number, .text = text};
    verify_tell(verify, &finding);
}

/* ---- what entries say ---- */

static bool add_item(LedgerFacts *facts, Arena *arena, Text body, uint64_t entry, bool sound)
{
    Commitment item = {.entry = entry, .sound = sound};
    Text id, digest;
    if (!ledger_field(body, "item", &id) || !ledger_field(body, "digest", &digest) ||
        !hex_to_bytes(id, item.id.bytes, sizeof item.id.bytes) ||
        !hex_to_bytes(digest, item.digest.bytes, sizeof item.digest.bytes))
        return true; /* then its hash does not fit either */
    item.has_sha256 = ledger_field(body, "sha256", &id) &&
                      hex_to_bytes(id, item.sha256.bytes, sizeof item.sha256.bytes);
    if (ledger_field(body, "path", &item.path) && !arena_copy_text(arena, item.path, &item.path))
        return false;
    if (facts->item_count == facts->item_cap) {
        size_t cap = facts->item_cap ? 2 * facts->item_cap : 256;
        Commitment *items = realloc(facts->items, cap * sizeof *items);
        if (!items)
            return false;
        facts->items = items;
        facts->item_cap = cap;
    }
    facts->items[facts->item_count++] = item;
    return true;
}

/* Of several for the same name the last one counts. */
static bool add_file(LedgerFacts *facts, Text body, uint64_t entry)
{
    NotedHash file = {.entry = entry};
    Text name, hash;
    if (!ledger_field(body, "name", &name) || !ledger_field(body, "sha256", &hash) ||
        !hex_to_bytes(hash, file.hash.bytes, sizeof file.hash.bytes))
        return true;
    if (facts->file_count == facts->file_cap) {
        size_t cap = facts->file_cap ? 2 * facts->file_cap : 16;
        NotedHash *files = realloc(facts->files, cap * sizeof *files);
        if (!files)
            return false;
        facts->files = files;
        facts->file_cap = cap;
    }
    file.name = strndup(name.ptr, name.len);
    if (!file.name)
        return false;
    facts->files[facts->file_count++] = file;
    return true;
}

static void add_end(LedgerFacts *facts, Text body, uint64_t entry)
{
    Text content, derived;
    if (!ledger_field(body, "content", &content) || !ledger_field(body, "derived", &derived) ||
        !hex_to_bytes(content, facts->content.bytes, sizeof facts->content.bytes) ||
        !hex_to_bytes(derived, facts->derived.bytes, sizeof facts->derived.bytes))
        return;
    facts->has_end = true;
    facts->end_entry = entry;
}

static void add_analysis(LedgerFacts *facts, Text body, uint64_t entry, bool sound)
{
    Text digest;
    facts->has_analysis = sound && ledger_field(body, "digest", &digest) &&
                          hex_to_bytes(digest, facts->analysis.bytes, sizeof facts->analysis.bytes);
    facts->analysis_entry = entry;
}

static bool take_body(Walk *walk, const LedgerEntry *entry, bool sound)
{
    LedgerFacts *facts = walk->facts;
    Text body = ledger_body(walk->verify->store, entry), value;
    if (text_equal(entry->kind, TEXT("item")))
        return add_item(facts, walk->verify->arena, body, entry->number, sound);
    if (text_equal(entry->kind, TEXT("analysis")))
        add_analysis(facts, body, entry->number, sound);
    if (!sound)
        return true;
    if (text_equal(entry->kind, TEXT("file")))
        return add_file(facts, body, entry->number);
    if (text_equal(entry->kind, TEXT("end")))
        add_end(facts, body, entry->number);
    if (text_equal(entry->kind, TEXT("case")) && ledger_field(body, "meta", &value))
        facts->has_meta = hex_to_bytes(value, facts->meta.bytes, sizeof facts->meta.bytes);
    if (text_equal(entry->kind, TEXT("run"))) {
        walk->run_signed = ledger_field(body, "signing", &value) &&
                           hex_to_bytes(value, walk->run_key, sizeof walk->run_key);
        if (walk->run_signed)
            walk->last_signed_run = entry->number;
        else if (walk->last_signed_run && !walk->first_unsigned_run)
            walk->first_unsigned_run = entry->number;
    }
    return true;
}

/* ---- the chain ---- */

static bool check_hash(Walk *walk, const LedgerEntry *entry, bool *ret_sound, Err *err)
{
    Sha256 hash;
    if (!ledger_hash(&walk->verify->store->canon, entry, &walk->before, &hash))
        return digest_failed(err);
    *ret_sound = entry->number == walk->expected && entry->has_hash &&
                 memcmp(hash.bytes, entry->hash.bytes, sizeof hash.bytes) == 0;
    if (!*ret_sound) {
        walk->first_bad = walk->bad++ ? walk->first_bad : entry->number;
    }
    walk->before = entry->hash;
    walk->expected = entry->number + 1;
    return true;
}

static void check_signature(Walk *walk, const LedgerEntry *entry)
{
    Span hash = span_of(entry->hash.bytes, sizeof entry->hash.bytes);
    const uint8_t *given = walk->verify->options->public_key;
    bool end = text_equal(entry->kind, TEXT("end"));
    if (entry->signature.len == 0) {
        if (end && walk->run_signed && !walk->unsigned_end)
            walk->unsigned_end = entry->number;
        return;
    }
    bool whole = entry->signature.len == SIGNATURE_BYTES;
    bool by_given = whole && given && signature_fits(given, hash, entry->signature.ptr);
    bool by_run =
        whole && walk->run_signed && signature_fits(walk->run_key, hash, entry->signature.ptr);
    if (by_given)
        walk->last_by_given = entry->number;
    /* Without its key's name (before the first run, without the key of the case) nothing can be
     * said of it, unless a key was given. */
    bool known = walk->run_signed || given;
    if (known && !by_given && !by_run && !walk->bad_signature)
        walk->bad_signature = entry->number;
}

static bool take_entry(Walk *walk, const LedgerEntry *entry, Err *err)
{
    Verify *verify = walk->verify;
    LedgerFacts *facts = walk->facts;
    bool sound = false;
    if (!check_hash(walk, entry, &sound, err))
        return false;
    const Sha256 *wanted = verify->options->ledger_hash;
    if (wanted && memcmp(wanted->bytes, entry->hash.bytes, sizeof wanted->bytes) == 0)
        walk->found_hash = entry->number;
    if (verify->has_seal &&
        memcmp(verify->seal.ledger.bytes, entry->hash.bytes, sizeof(Sha256)) == 0)
        facts->sealed_entry = entry->number;
    if (text_equal(entry->kind, TEXT("run")))
        facts->unfinished = true;
    if (text_equal(entry->kind, TEXT("end")))
        facts->unfinished = false;
    if (verify->can_open && !take_body(walk, entry, sound))
        return no_memory(err);
    check_signature(walk, entry);
    facts->entries = entry->number;
    facts->last = entry->hash;
    verify->result->ledger_entries++;
    return true;
}

static int by_id_then_entry(const void *a, const void *b)
{
    const Commitment *x = a, *y = b;
    int order = memcmp(x->id.bytes, y->id.bytes, sizeof x->id.bytes);
    return order ? order : x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* The last of each item. A complete item is never added again, so an entry that says something else
 * of it was written by somebody else. */
static void keep_last(Verify *verify)
{
    LedgerFacts *facts = &verify->ledger;
    size_t kept = 0;
    if (facts->item_count)
        qsort(facts->items, facts->item_count, sizeof *facts->items, by_id_then_entry);
    for (size_t i = 0; i < facts->item_count; i++) {
        bool same =
            kept && memcmp(&facts->items[kept - 1].id, &facts->items[i].id, sizeof(ItemId)) == 0;
        if (same && memcmp(facts->items[kept - 1].digest.bytes, facts->items[i].digest.bytes,
                           sizeof facts->items[i].digest.bytes) != 0)
            tell(verify, VERIFY_ALTERED, facts->items[i].entry,
                 "says something else of an item that was complete before");
        facts->items[same ? kept - 1 : kept++] = facts->items[i];
    }
    facts->item_count = kept;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const Commitment *)a)->id.bytes, ((const Commitment *)b)->id.bytes,
                  sizeof(ItemId));
}

Commitment *find_commitment(const LedgerFacts *facts, const ItemId *id)
{
    Commitment wanted = {.id = *id};
    if (facts->item_count == 0)
        return NULL;
    return bsearch(&wanted, facts->items, facts->item_count, sizeof *facts->items, by_id);
}

void ledger_facts_done(LedgerFacts *facts)
{
    for (size_t i = 0; i < facts->file_count; i++)
        free(facts->files[i].name);
    free(facts->files);
    free(facts->items);
    *facts = (LedgerFacts){0};
}

/* ---- what is said of it ---- */

static void tell_chain(const Walk *walk, const Err *failure)
{
    Verify *verify = walk->verify;
    char text[160];
    if (walk->bad) {
        int n = snprintf(text, sizeof text,
                         "is the first whose hash does not fit (%" PRIu64 " do not)", walk->bad);
        tell(verify, VERIFY_ALTERED, walk->first_bad, n > 0 ? text : "hash does not fit");
    }
    if (failure->code) {
        int n = snprintf(text, sizeof text, "cannot be read from here on: %.100s", failure->text);
        tell(verify, VERIFY_ALTERED, walk->expected, n > 0 ? text : "cannot be read");
    }
    if (verify->options->ledger_hash && !walk->found_hash)
        tell(verify, VERIFY_ALTERED, 0,
             "the hash that was given is not in the chain: it was cut short or rewritten");
    else if (verify->options->ledger_hash && walk->found_hash < walk->facts->entries) {
        int n = snprintf(text, sizeof text,
                         "has the hash that was given; %" PRIu64
                         " later entries are vouched for by signatures alone",
                         walk->facts->entries - walk->found_hash);
        tell(verify, VERIFY_NOTE, walk->found_hash, n > 0 ? text : "has the hash that was given");
    }
    if (verify->has_seal && !walk->facts->sealed_entry)
        tell(verify, VERIFY_ALTERED, verify->seal.ledger_number,
             "the last entry that case.seal knows is not in the chain: it was cut short or "
             "rewritten");
    else if (verify->has_seal && walk->facts->sealed_entry != verify->seal.ledger_number)
        tell(verify, VERIFY_ALTERED, walk->facts->sealed_entry, "has another number in case.seal");
}

static void tell_signatures(const Walk *walk)
{
    Verify *verify = walk->verify;
    if (walk->bad_signature)
        tell(verify, VERIFY_ALTERED, walk->bad_signature, "its signature does not fit");
    if (walk->unsigned_end)
        tell(verify, VERIFY_ALTERED, walk->unsigned_end, "its signature is missing");
    /* The last entry of each commit is signed, and so is the last one of all. */
    if (verify->options->public_key && walk->last_by_given < walk->facts->entries)
        tell(verify, VERIFY_ALTERED, walk->last_by_given + 1,
             "is not signed by the public key that was given, nor are those after it");
    if (!verify->options->public_key && walk->run_signed)
        tell(verify, VERIFY_NOTE, 0,
             "is signed; whether by the right key, only --public-key can tell");
    if (walk->first_unsigned_run)
        tell(verify, VERIFY_NOTE, walk->first_unsigned_run,
             "begins a run without a signature, after runs that had one");
}

/* The seal has a signature of its own. */
static void tell_seal(const Walk *walk)
{
    Verify *verify = walk->verify;
    const Seal *seal = &verify->seal;
    const uint8_t *key = verify->options->public_key ? verify->options->public_key
                         : walk->run_signed          ? walk->run_key
                                                     : NULL;
    if (!verify->has_seal || !key)
        return;
    Span hash = span_of(seal->signed_hash.bytes, sizeof seal->signed_hash.bytes);
    if (seal->has_signature && signature_fits(key, hash, seal->signature))
        return;
    VerifyFinding finding = {.weight = VERIFY_FILE,
                             .place = PLACE_SEAL,
                             .text = seal->has_signature ? "its signature does not fit"
                                                         : "its signature is missing"};
    verify_tell(verify, &finding);
}

static bool check_meta(Verify *verify, Err *err)
{
    Sha256 meta;
    Err failure = {0};
    if (!case_meta_digest(verify->store, &meta, &failure) && !is_damage(&failure))
        return take_failure(err, &failure);
    VerifyFinding finding = {.weight = VERIFY_ALTERED, .place = PLACE_TABLE, .what = TEXT("meta")};
    if (failure.code)
        finding.text = failure.text;
    else if (verify->ledger.has_meta &&
             memcmp(meta.bytes, verify->ledger.meta.bytes, sizeof meta.bytes) != 0)
        finding.text = "is not what the first entry of the ledger says";
    if (finding.text)
        verify_tell(verify, &finding);
    return true;
}

bool verify_ledger(Verify *verify, Err *err)
{
    Walk walk = {.verify = verify, .facts = &verify->ledger, .expected = 1};
    Err failure = {0};
    if (!verify->has_database)
        return true;
    Query query = query_on(verify->store->db, SQL_LEDGER_ALL);
    while (query_next(&query, &failure)) {
        LedgerEntry entry = ledger_entry(&query);
        if (!take_entry(&walk, &entry, err)) {
            query_end(&query);
            return false;
        }
    }
    if (failure.code && !is_damage(&failure))
        return take_failure(err, &failure);
    verify->ledger.whole = !walk.bad && !failure.code;
    if (verify->result->ledger_entries == 0 && !failure.code)
        tell(verify, VERIFY_ALTERED, 0, "has no entry");
    keep_last(verify);
    tell_chain(&walk, &failure);
    tell_signatures(&walk);
    tell_seal(&walk);
    return check_meta(verify, err);
}
