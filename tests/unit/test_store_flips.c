/* Any one byte of a case or of its evidence is changed: verify names the place, or shows that the
 * content is equal. What it claims is checked against what SQLite reads by itself.
 *
 * CONSTAT_FLIPS: how many (tests/compare/store_trials.sh takes 1,000); CONSTAT_SEED: which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "case_dump.h"
#include "case_fixture.h"
#include "event_fixture.h"
#include "store/keys.h"
#include "store/verify.h"

#define FLIPS       160
#define FINDING_MAX 512

static const MadeItem ITEMS[] = {
    {.path = "one.evtx",
     .host = "fs01",
     .first = 100,
     .events = 2300,
     .pieces = 3,
     .batch = 400,
     .defects = 4},
    {.path = "two.evtx", .host = "fs01", .first = 1900, .events = 700, .batch = 1000},
    {.path = "three.csv",
     .layout = "ws9",
     .channel = "Application",
     .first = 500,
     .events = 333,
     .pieces = 2,
     .batch = 50,
     .defects = 9},
};
#define ITEM_COUNT (sizeof ITEMS / sizeof ITEMS[0])

typedef struct State {
    Schema *schema;
    SigningKey *signing;
    CaseKey *key;
    PublicKey public_key;
    char *paths[ITEM_COUNT]; /* of evidence */
    char folder[64];         /* the pristine case */
} State;

static uint64_t random_state;

static uint64_t next_random(uint64_t below)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = random_state;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return (h ^ h >> 31) % below;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    uint64_t v;
    const char *text = getenv(name);
    return text && text_to_u64(text_from_z(text), &v) ? v : otherwise;
}

/* ---- files ---- */

static Buf read_file(const char *path)
{
    Buf content;
    buf_init(&content, SIZE_MAX / 2);
    FILE *in = fopen(path, "rb");
    if (!in)
        fail_msg("%s", path);
    for (size_t n = 1; n;) {
        char *room = buf_reserve(&content, 65536);
        n = fread(room, 1, 65536, in);
        content.len += n;
    }
    fclose(in);
    return content;
}

static void write_file(const char *path, Span bytes)
{
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes.ptr, 1, bytes.len, out) != bytes.len || fclose(out) != 0)
        fail_msg("%s", path);
}

static const char *join(const char *folder, const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *path = paths[next++ % 4];
    int n = snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    assert_true(n > 0 && n < (int)sizeof paths[0]);
    return path;
}

/* ---- the pristine case ---- */

static void make_keys(State *s)
{
    KeyMaking making = {.kind = KEY_SIGNING, .overwrite = true};
    PublicKey ignored;
    Err err = {0};
    const char *signing = join(fixture_folder(), "s.key"),
               *holder = join(fixture_folder(), "h.key");
    assert_true(key_pair_make(signing, &making, &s->public_key, &err));
    making.kind = KEY_HOLDER;
    assert_true(key_pair_make(holder, &making, &ignored, &err));
    s->signing = signing_key_load(signing, NULL, &err);
    s->key = case_key_load(holder, NULL, &err);
    assert_true(s->signing && s->key);
}

static void make_evidence(State *s)
{
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        uint8_t *bytes = made_bytes(&ITEMS[i]);
        s->paths[i] = strdup(join(fixture_folder(), ITEMS[i].path));
        write_file(s->paths[i], span_of(bytes, made_size(&ITEMS[i])));
        free(bytes);
    }
}

static void make_pristine(State *s, const char *name, bool sealed)
{
    MadeItem items[ITEM_COUNT];
    memcpy(items, ITEMS, sizeof items);
    for (size_t i = 0; i < ITEM_COUNT; i++)
        items[i].path = s->paths[i];
    const char *folder = made_folder(name);
    (void)made_case(folder, s->schema,
                    &(MadeCase){.items = items,
                                .count = ITEM_COUNT,
                                .analysis = 40,
                                .key = sealed ? s->key : NULL,
                                .signing = sealed ? s->signing : NULL});
    int n = snprintf(s->folder, sizeof s->folder, "%s", name);
    assert_true(n > 0 && n < (int)sizeof s->folder);
}

static int set_up(void **state)
{
    static State s;
    s.schema = fixture_schema();
    make_keys(&s);
    make_evidence(&s);
    random_state = number_from("CONSTAT_SEED", 1);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    State *s = *state;
    schema_destroy(s->schema);
    signing_key_destroy(s->signing);
    case_key_destroy(s->key);
    for (size_t i = 0; i < ITEM_COUNT; i++)
        free(s->paths[i]);
    return 0;
}

/* ---- what verify says ---- */

typedef struct Said {
    VerifyFinding list[FINDING_MAX];
    char item[FINDING_MAX][256], what[FINDING_MAX][64], text[FINDING_MAX][256];
    size_t count;
    VerifyResult result;
} Said;

static void keep_text(char *to, size_t size, Text text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    if (len)
        memcpy(to, text.ptr, len);
    to[len] = '\0';
}

static void show(const Said *said)
{
    for (size_t i = 0; i < said->count; i++)
        print_error("  %s %s what=%s number=%llu item=%s [%llu,%llu): %s\n",
                    VERIFY_WEIGHT_TEXT[said->list[i].weight],
                    VERIFY_PLACE_TEXT[said->list[i].place], said->what[i],
                    (unsigned long long)said->list[i].number, said->item[i],
                    (unsigned long long)said->list[i].begin, (unsigned long long)said->list[i].end,
                    said->text[i]);
}

static void show_and_fail(const Said *said, const char *why)
{
    show(said);
    fail_msg("%s", why);
}

static void hear(void *ctx, const VerifyFinding *finding)
{
    Said *said = ctx;
    if (said->count == FINDING_MAX)
        show_and_fail(said, "more findings than anybody would read");
    size_t i = said->count++;
    said->list[i] = *finding;
    keep_text(said->item[i], sizeof said->item[i], finding->item);
    keep_text(said->what[i], sizeof said->what[i], finding->what);
    keep_text(said->text[i], sizeof said->text[i], text_from_z(finding->text));
}

static void verify(const State *s, bool sealed, const char *folder, Said *said)
{
    VerifyOptions options = {.key = sealed ? s->key : NULL,
                             .public_key = sealed ? s->public_key.bytes : NULL};
    Err err = {0};
    *said = (Said){.count = 0};
    if (!case_verify(folder, &options, hear, said, &said->result, &err))
        fail_msg("verify cannot: %s", err.text);
}

/* ---- what is true ---- */

typedef struct Truth {
    bool opens;
    bool torn[DUMP_TABLES];    /* cannot be read to its end */
    bool changed[DUMP_TABLES]; /* some row means something else, is missing or added */
    bool digests[DUMP_TABLES]; /* some row has another digest */
    int64_t numbers[DUMP_TABLES][8];
    size_t number_count[DUMP_TABLES];
} Truth;

typedef struct Noting {
    Truth *truth;
    DumpTable table;
} Noting;

static void note_row(void *ctx, const DumpRow *row)
{
    const Noting *noting = ctx;
    size_t *count = &noting->truth->number_count[noting->table];
    if (*count < 8)
        noting->truth->numbers[noting->table][(*count)++] = row->number;
}

static Truth find_truth(const CaseDump *pristine, const CaseDump *flipped)
{
    /* Other tables than ours are as good as none. */
    Truth truth = {.opens = flipped->opens && flipped->schema == pristine->schema};
    for (unsigned t = 0; t < DUMP_TABLES && truth.opens; t++) {
        Noting noting = {.truth = &truth, .table = (DumpTable)t};
        truth.torn[t] = !flipped->tables[t].readable;
        truth.changed[t] =
            case_dump_differences(pristine, flipped, (DumpTable)t, true, note_row, &noting) != 0;
        truth.digests[t] =
            !truth.changed[t] &&
            case_dump_differences(pristine, flipped, (DumpTable)t, false, NULL, NULL) != 0;
    }
    return truth;
}

static bool altered(const Truth *truth, DumpTable table)
{
    return !truth->opens || truth->torn[table] || truth->changed[table];
}

static bool any_rows(const Truth *truth)
{
    return altered(truth, DUMP_ITEM) || altered(truth, DUMP_DEFECT) || altered(truth, DUMP_PIECE) ||
           altered(truth, DUMP_SEGMENT);
}

static DumpTable table_named(const char *name)
{
    for (unsigned t = 0; t < DUMP_TABLES; t++)
        if (strcmp(name, DUMP_TABLE_TEXT[t]) == 0)
            return (DumpTable)t;
    return DUMP_TABLES;
}

static bool has_number(const Truth *truth, DumpTable table, int64_t number)
{
    for (size_t i = 0; i < truth->number_count[table]; i++)
        if (truth->numbers[table][i] == number)
            return true;
    return truth->torn[table] || truth->number_count[table] == 8;
}

/* Is an alteration that verify names really there? */
static bool is_true(const Truth *truth, const Said *said, size_t i)
{
    const VerifyFinding *f = &said->list[i];
    DumpTable table = table_named(said->what[i]);
    if (!truth->opens)
        return true;
    switch (f->place) {
    case PLACE_CASE: /* it does not open, or is no case any more */
        return true;
    case PLACE_TABLE:
        if (table == DUMP_ITEM) /* all rows of an item are judged together */
            return any_rows(truth) || altered(truth, DUMP_LEDGER);
        return table != DUMP_TABLES && (altered(truth, table) || altered(truth, DUMP_ITEM) ||
                                        /* its seq places sealed cells */
                                        (table == DUMP_DEFECT && truth->digests[table]) ||
                                        (table == DUMP_PART && altered(truth, DUMP_SEGMENT)) ||
                                        (table == DUMP_META && altered(truth, DUMP_LEDGER)));
    case PLACE_SEGMENT:
        for (int64_t part = 0; part < 3; part++)
            if (altered(truth, DUMP_PART) &&
                has_number(truth, DUMP_PART, (int64_t)f->number * 4 + part))
                return true;
        return altered(truth, DUMP_SEGMENT) || altered(truth, DUMP_ITEM);
    case PLACE_DERIVED:
        return altered(truth, DUMP_DERIVED) || altered(truth, DUMP_ITEM);
    case PLACE_LEDGER:
        return altered(truth, DUMP_LEDGER) &&
               (f->number == 0 || has_number(truth, DUMP_LEDGER, (int64_t)f->number) ||
                /* the entry after one whose hash was changed; what depends on the last one */
                has_number(truth, DUMP_LEDGER, (int64_t)f->number - 1) ||
                truth->number_count[DUMP_LEDGER]);
    default:
        return false;
    }
}

/* Packed bytes may have bits that mean nothing. */
static bool is_packed(unsigned table)
{
    return table == DUMP_PART || table == DUMP_ANALYSIS;
}

/* Is an alteration that is there named? */
static bool is_named(const Truth *truth, const Said *said, DumpTable table)
{
    for (size_t i = 0; i < said->count; i++) {
        const VerifyFinding *f = &said->list[i];
        if (f->weight != VERIFY_ALTERED)
            continue;
        switch (table) {
        case DUMP_PART:
            if (f->place == PLACE_SEGMENT ||
                (f->place == PLACE_TABLE && table_named(said->what[i]) == DUMP_PART))
                return true;
            break;
        case DUMP_LEDGER:
            if (f->place == PLACE_LEDGER && (f->number == 0 || truth->torn[table] ||
                                             has_number(truth, table, (int64_t)f->number)))
                return true;
            break;
        case DUMP_DERIVED:
            if (f->place == PLACE_DERIVED || f->place == PLACE_TABLE)
                return true;
            break;
        default:
            if (f->place == PLACE_TABLE &&
                (table_named(said->what[i]) == table || table_named(said->what[i]) == DUMP_ITEM))
                return true;
            break;
        }
    }
    return false;
}

static const char *judge(const Truth *truth, const Said *said)
{
    bool any = !truth->opens;
    for (size_t i = 0; i < said->count; i++)
        if (said->list[i].weight == VERIFY_ALTERED && !is_true(truth, said, i))
            return "something is called altered that is not";
    for (unsigned t = 0; t < DUMP_TABLES && truth->opens; t++) {
        any = any || altered(truth, (DumpTable)t);
        if (altered(truth, (DumpTable)t) && !is_packed(t) && !is_named(truth, said, (DumpTable)t))
            return "an alteration is not named";
    }
    VerifyVerdict verdict = said->result.verdict;
    /* The seq of a defect is no content, but sealed cells cannot be opened without it. */
    if (!any && !truth->digests[DUMP_DEFECT] && verdict == VERDICT_ALTERED)
        return "content is equal and called altered";
    if (any && verdict != VERDICT_ALTERED && !altered(truth, DUMP_PART) &&
        !altered(truth, DUMP_ANALYSIS))
        return "content is altered and not called so";
    return NULL;
}

/* ---- flips ---- */

/* The block of the file that holds the byte is named, and no other. */
static const char *judge_blocks(const Said *said, uint64_t at)
{
    size_t blocks = 0;
    for (size_t i = 0; i < said->count; i++) {
        const VerifyFinding *f = &said->list[i];
        if (f->place != PLACE_CASE || f->end == 0)
            continue;
        blocks++;
        if (at < f->begin || at >= f->end || f->end - f->begin > 65536)
            return "another block is named";
    }
    return blocks == 1 ? NULL : "the block is not named";
}

static void copy_case(const char *from, const char *to)
{
    static const char *const NAMES[] = {"case.sqlite", "case.seal"};
    assert_int_equal(mkdir(to, 0700), 0);
    for (size_t i = 0; i < 2; i++) {
        Buf content = read_file(join(from, NAMES[i]));
        write_file(join(to, NAMES[i]), buf_span(&content));
        buf_done(&content);
    }
}

static void write_byte(const char *path, uint64_t at, uint8_t byte)
{
    FILE *file = fopen(path, "r+b");
    if (!file || fseek(file, (long)at, SEEK_SET) != 0 || fputc(byte, file) == EOF ||
        fclose(file) != 0)
        fail_msg("%s", path);
}

static uint8_t byte_at(const char *path, uint64_t at, uint64_t *ret_size)
{
    Buf content = read_file(path);
    uint8_t byte = at < content.len ? (uint8_t)content.ptr[at] : 0;
    *ret_size = content.len;
    buf_done(&content);
    return byte;
}

typedef struct Flip {
    const char *path;
    uint64_t at;
    uint8_t before;
} Flip;

static Flip flip(const char *path)
{
    uint64_t size;
    Flip ret = {.path = path};
    (void)byte_at(path, 0, &size);
    ret.at = next_random(size);
    ret.before = byte_at(path, ret.at, &size);
    uint8_t change = (uint8_t)(next_random(2) ? 1u << next_random(8) : 1 + next_random(255));
    write_byte(path, ret.at, ret.before ^ change);
    return ret;
}

static void flip_database(State *s, bool sealed, const char *pristine, const CaseDump *dump)
{
    static Said said;
    const char *folder = made_folder("flipped");
    copy_case(pristine, folder);
    const char *path = join(folder, "case.sqlite");
    Flip done = flip(path);
    verify(s, sealed, folder, &said);
    CaseDump flipped = case_dump(folder);
    Truth truth = find_truth(dump, &flipped);
    const char *wrong = judge_blocks(&said, done.at);
    if (!wrong)
        wrong = judge(&truth, &said);
    if (wrong) {
        show(&said);
        for (unsigned t = 0; t < DUMP_TABLES; t++)
            print_error("  %s: torn %d changed %d digests %d number %lld\n", DUMP_TABLE_TEXT[t],
                        truth.torn[t], truth.changed[t], truth.digests[t],
                        (long long)truth.numbers[t][0]);
        fail_msg("byte %llu, was %02x: %s", (unsigned long long)done.at, done.before, wrong);
    }
    case_dump_done(&flipped);
}

static void flip_seal(State *s, bool sealed, const char *pristine)
{
    static Said said;
    const char *folder = made_folder("flipped");
    copy_case(pristine, folder);
    Flip done = flip(join(folder, "case.seal"));
    verify(s, sealed, folder, &said);
    bool named = false, other = false;
    for (size_t i = 0; i < said.count; i++) {
        bool seal = said.list[i].place == PLACE_SEAL;
        named = named || (seal && said.list[i].weight == VERIFY_FILE);
        other = other || (!seal && said.list[i].weight != VERIFY_NOTE);
    }
    if (!named || other || said.result.verdict != VERDICT_CONTENT_EQUAL) {
        show(&said);
        fail_msg("case.seal, byte %llu", (unsigned long long)done.at);
    }
}

static void flip_evidence(State *s, bool sealed, const char *pristine)
{
    static Said said;
    size_t item = (size_t)next_random(ITEM_COUNT);
    Flip done = flip(s->paths[item]);
    verify(s, sealed, pristine, &said);
    write_byte(done.path, done.at, done.before);
    size_t named = 0, other = 0;
    for (size_t i = 0; i < said.count; i++) {
        const VerifyFinding *f = &said.list[i];
        bool here = f->place == PLACE_EVIDENCE && strcmp(said.item[i], s->paths[item]) == 0 &&
                    f->weight == VERIFY_ALTERED && done.at >= f->begin && done.at < f->end &&
                    f->end - f->begin <= ITEM_BLOCK_BYTES;
        named += here;
        other += !here && f->weight != VERIFY_NOTE;
    }
    if (named != 1 || other || said.result.verdict != VERDICT_ALTERED) {
        show(&said);
        fail_msg("%s, byte %llu", done.path, (unsigned long long)done.at);
    }
}

static void flip_all(State *s, bool sealed)
{
    static Said said;
    make_pristine(s, sealed ? "sealed" : "plain", sealed);
    const char *pristine = strdup(join(fixture_folder(), s->folder));
    verify(s, sealed, pristine, &said);
    if (said.result.verdict != VERDICT_INTACT) {
        show(&said);
        fail_msg("not intact at the beginning");
    }
    assert_int_equal(said.result.evidence_checked, ITEM_COUNT);
    CaseDump dump = case_dump(pristine);
    uint64_t count = number_from("CONSTAT_FLIPS", FLIPS);
    for (uint64_t i = 0; i < count; i++) {
        if (i % 8 == 6)
            flip_seal(s, sealed, pristine);
        else if (i % 8 == 7)
            flip_evidence(s, sealed, pristine);
        else
            flip_database(s, sealed, pristine, &dump);
    }
    case_dump_done(&dump);
    free((void *)(uintptr_t)pristine);
}

static void test_plain(void **state)
{
    flip_all(*state, false);
}

static void test_sealed(void **state)
{
    flip_all(*state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_sealed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
