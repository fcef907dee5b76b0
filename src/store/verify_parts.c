#include "store/verify_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/part.h"
#include "store/writer.h"

#define STRAYS_MAX 10 /* told one by one */

static void tell(Verify *verify, const PartPlace *place, SegmentPart part, const char *text)
{
    VerifyFinding finding = {.weight = VERIFY_ALTERED,
                             .place = PLACE_SEGMENT,
                             .item = place->path,
                             .what = text_from_z(SEGMENT_PART_TEXT[part]),
                             .number = place->segment,
                             .text = text};
    verify_tell(verify, &finding);
}

/* What could not be read or unpacked is told; true if so. */
static bool told(Verify *verify, const PartPlace *place, SegmentPart part, Err *failure)
{
    if (!is_damage(failure))
        return false;
    tell(verify, place, part, failure->text);
    *failure = (Err){0};
    return true;
}

/* `astray`: found only by looking at all parts. */
static bool compare(Verify *verify, PartPlace *place, SegmentPart part, bool astray,
                    const RowDigest *digest)
{
    VerifyFinding finding = {.weight = VERIFY_FILE,
                             .place = PLACE_SEGMENT,
                             .item = place->path,
                             .what = text_from_z(SEGMENT_PART_TEXT[part]),
                             .number = place->segment,
                             .text = "is there, but SQLite does not find it by its number"};
    if (place->expected && memcmp(&place->expected[part], digest, sizeof *digest) != 0)
        place->differs |= 1u << part;
    else if (astray)
        verify_tell(verify, &finding);
    return true;
}

static bool check_values(Verify *verify, PartPlace *place, Batch *ret, Err *err)
{
    RowDigest digest;
    if (!part_read_values(verify->parts, place->segment, ret, err))
        return false;
    bool astray = part_was_astray(verify->parts);
    return (digest_values(&verify->store->canon, place->item, place->piece, place->seq, ret->bytes,
                          &digest) ||
            digest_failed(err)) &&
           compare(verify, place, SEGMENT_VALUES, astray, &digest);
}

static bool check_events(Verify *verify, PartPlace *place, const Batch *dictionary, Err *err)
{
    RowDigest digest;
    Batch batch;
    if (!part_read_events(verify->parts, place->segment, dictionary, false, &batch, err))
        return false;
    bool astray = part_was_astray(verify->parts);
    return (digest_part(&verify->store->canon, place->item, place->piece, place->seq,
                        SEGMENT_EVENTS, batch.bytes, &digest) ||
            digest_failed(err)) &&
           compare(verify, place, SEGMENT_EVENTS, astray, &digest);
}

static bool check_twins(Verify *verify, PartPlace *place, Err *err)
{
    RowDigest digest;
    SegmentTwins twins;
    if (!part_read_twins(verify->parts, place->segment, &twins, err))
        return false;
    bool astray = part_was_astray(verify->parts);
    return (digest_twins(&verify->store->canon, place->item, place->piece, place->seq, &twins,
                         &digest) ||
            digest_failed(err)) &&
           compare(verify, place, SEGMENT_TWINS, astray, &digest);
}

static void tell_row(Verify *verify, const PartPlace *place, const char *text)
{
    VerifyFinding finding = {.weight = VERIFY_ALTERED,
                             .place = PLACE_TABLE,
                             .item = place->path,
                             .what = TEXT("segment"),
                             .number = place->segment,
                             .text = text};
    verify_tell(verify, &finding);
}

/* None of a segment's parts is there: then the row's own number is more likely wrong. */
static bool all_missing(Verify *verify, const PartPlace *place)
{
    for (unsigned part = 0; part < SEGMENT_PARTS; part++)
        if (part_exists(verify->parts, place->segment, (SegmentPart)part))
            return false;
    tell_row(verify, place, "has a number of which no part is in the case");
    return true;
}

static void tell_differences(Verify *verify, const PartPlace *place)
{
    if (place->differs == (1u << SEGMENT_PARTS) - 1) {
        tell_row(verify, place, "has a number that leads to the parts of another segment");
        return;
    }
    for (unsigned part = 0; part < SEGMENT_PARTS; part++)
        if (place->differs >> part & 1)
            tell(verify, place, (SegmentPart)part, "is not what its digest says");
}

bool verify_parts(Verify *verify, PartPlace *place, Err *err)
{
    Err failure = {0};
    Batch dictionary;
    if (!verify->parts) {
        verify->parts = part_reader_create(verify->store, err);
        if (!verify->parts)
            return false;
        part_reader_search(verify->parts);
    }
    if (all_missing(verify, place))
        return verify_progress(verify, 0, err);
    if (check_values(verify, place, &dictionary, &failure)) {
        if (!check_events(verify, place, &dictionary, &failure) &&
            !told(verify, place, SEGMENT_EVENTS, &failure))
            return take_failure(err, &failure);
    } else if (!told(verify, place, SEGMENT_VALUES, &failure)) {
        return take_failure(err, &failure);
    }
    if (!check_twins(verify, place, &failure) && !told(verify, place, SEGMENT_TWINS, &failure))
        return take_failure(err, &failure);
    tell_differences(verify, place);
    return verify_progress(verify, 0, err);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

bool verify_stray_parts(Verify *verify, Err *err)
{
    Err failure = {0};
    uint64_t strays = 0;
    char text[80];
    if (verify->segment_count)
        qsort(verify->segments, verify->segment_count, sizeof *verify->segments, by_number);
    Query query = query_on(verify->store->db, SQL_PART_NUMBERS);
    while (query_next(&query, &failure)) {
        uint64_t number = query_get_u64(&query, 0);
        uint32_t segment = (uint32_t)(number / PARTS_STEP);
        bool known =
            number % PARTS_STEP < SEGMENT_PARTS && number / PARTS_STEP <= UINT32_MAX &&
            verify->segment_count &&
            bsearch(&segment, verify->segments, verify->segment_count, sizeof segment, by_number);
        VerifyFinding finding = {.weight = VERIFY_ALTERED,
                                 .place = PLACE_TABLE,
                                 .what = TEXT("part"),
                                 .number = number,
                                 .text = "belongs to no segment"};
        if (!known && strays++ < STRAYS_MAX)
            verify_tell(verify, &finding);
    }
    VerifyFinding more = {.weight = VERIFY_ALTERED, .place = PLACE_TABLE, .what = TEXT("part")};
    int n = snprintf(text, sizeof text, "has %" PRIu64 " more such rows", strays - STRAYS_MAX);
    more.text = n > 0 ? text : "has more such rows";
    if (strays > STRAYS_MAX)
        verify_tell(verify, &more);
    return failure.code == ERR_NONE || is_damage(&failure) || take_failure(err, &failure);
}
