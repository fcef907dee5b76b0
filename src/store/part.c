#include "store/part.h"

#include <stdlib.h>

#include "store/writer.h"

struct PartReader {
    Store *store;
    SegmentCodec *codec;
    Buf parts[SEGMENT_PARTS]; /* as they stand in the database; copied so that queries can end */
    Buf dictionary, batch;
    unsigned searches; /* that are still made; each looks at all parts */
    bool astray;
};

PartReader *part_reader_create(Store *store, Err *err)
{
    PartReader *reader = calloc(1, sizeof *reader);
    if (reader) {
        reader->store = store;
        reader->codec = segment_codec_create();
        for (unsigned i = 0; i < SEGMENT_PARTS; i++)
            buf_init(&reader->parts[i], BATCH_BYTES_MAX);
        buf_init(&reader->dictionary, BATCH_BYTES_MAX);
        buf_init(&reader->batch, BATCH_BYTES_MAX);
    }
    if (reader && reader->codec)
        return reader;
    part_reader_destroy(reader);
    (void)no_memory(err);
    return NULL;
}

void part_reader_destroy(PartReader *reader)
{
    if (!reader)
        return;
    segment_codec_destroy(reader->codec);
    for (unsigned i = 0; i < SEGMENT_PARTS; i++)
        buf_done(&reader->parts[i]);
    buf_done(&reader->dictionary);
    buf_done(&reader->batch);
    free(reader);
}

#define SEARCHES_MAX 64

void part_reader_search(PartReader *reader)
{
    reader->searches = SEARCHES_MAX;
}

bool part_was_astray(const PartReader *reader)
{
    return reader->astray;
}

static bool find_part(PartReader *reader, Database *db, uint64_t number, Query *ret, Err *err)
{
    Err failure = {0};
    reader->astray = false;
    *ret = query_on(db, SQL_PART_GET);
    query_u64(ret, number);
    if (query_next(ret, &failure))
        return true;
    if (reader->searches) {
        Err torn = {0};
        reader->searches--;
        *ret = query_on(db, SQL_PART_SCAN);
        query_u64(ret, number);
        reader->astray = query_next(ret, &torn);
        if (reader->astray)
            return true;
        failure = failure.code ? failure : torn;
    }
    (void)take_failure(err, &failure);
    return false;
}

bool part_exists(PartReader *reader, uint32_t segment, SegmentPart part)
{
    Database *db = store_database(reader->store, NULL);
    Query query;
    Err failure = {0};
    uint64_t number = (uint64_t)segment * PARTS_STEP + (uint64_t)part;
    if (!db || !find_part(reader, db, number, &query, &failure))
        return failure.code != ERR_NONE;
    query_end(&query);
    return true;
}

bool part_read(PartReader *reader, uint32_t segment, SegmentPart part, Span *ret, Err *err)
{
    Store *store = reader->store;
    Buf *to = &reader->parts[part];
    uint64_t number = (uint64_t)segment * PARTS_STEP + (uint64_t)part;
    Database *db = store_database(store, err);
    if (!db)
        return false;
    Err failure = {0};
    Query query;
    if (!find_part(reader, db, number, &query, &failure)) {
        if (!failure.code)
            (void)err_set(&failure, ERR_FORMAT, ERR_NO_OFFSET, "its %s are not in the case",
                          SEGMENT_PART_TEXT[part]);
        return take_failure(err, &failure);
    }
    box_row(&store->box);
    Span cell = open_cell(store, "part.bytes", number, 0, 0, query_get_bytes(&query, 0));
    buf_clear(to);
    buf_add(to, cell.ptr, cell.len);
    query_end(&query);
    if (store->box.failed)
        return box_error(&store->box, err);
    if (to->failed)
        return no_memory(err);
    *ret = buf_span(to);
    return true;
}

bool part_read_values(PartReader *reader, uint32_t segment, Batch *ret, Err *err)
{
    Span part;
    buf_clear(&reader->dictionary);
    return part_read(reader, segment, SEGMENT_VALUES, &part, err) &&
           segment_unpack_values(reader->codec, part, &reader->dictionary, err) &&
           batch_open(buf_span(&reader->dictionary), ret, err);
}

bool part_read_events(PartReader *reader, uint32_t segment, const Batch *dictionary,
                      bool with_twins, Batch *ret, Err *err)
{
    Span events, twins = {0};
    buf_clear(&reader->batch);
    if (!part_read(reader, segment, SEGMENT_EVENTS, &events, err) ||
        (with_twins && !part_read(reader, segment, SEGMENT_TWINS, &twins, err)))
        return false;
    return segment_unpack_events(reader->codec, dictionary->bytes, events, twins, &reader->batch,
                                 err) &&
           batch_open_events(dictionary, buf_span(&reader->batch), ret, err);
}

bool part_read_twins(PartReader *reader, uint32_t segment, SegmentTwins *ret, Err *err)
{
    Span part;
    return part_read(reader, segment, SEGMENT_TWINS, &part, err) &&
           segment_unpack_twins(reader->codec, part, ret, err);
}
