#include "analysis/run.h"

#define ROW_BYTES 41

void run_write(const Run *run, const Label *host, const Label *channel, Buf *out)
{
    TallyKey key;
    tally_key_begin(&key, TALLY_RUN);
    tally_key_label(&key, host);
    tally_key_label(&key, channel);
    tally_key_u64(&key, run->low.number);
    tally_key_byte(&key, run->recovered);
    tally_key_u32(&key, run->low.at.item);
    tally_key_u64(&key, run->low.at.offset);
    tally_key_u32(&key, run->low.at.sub);
    uint8_t row[ROW_BYTES];
    store_u64le(row, (uint64_t)run->low.time);
    store_u64le(row + 8, run->high.number);
    store_u64le(row + 16, (uint64_t)run->high.time);
    store_u32le(row + 24, run->high.at.item);
    store_u64le(row + 28, run->high.at.offset);
    store_u32le(row + 36, run->high.at.sub);
    row[40] = run->starts_clear;
    tally_send(tally_key_span(&key), span_of(row, sizeof row), out);
}

bool run_read(Span key, Span row, Label *ret_channel, Run *ret)
{
    Reader at = reader_of(key, 0), reader = reader_of(row, 0);
    Run run = {.recovered = false};
    Label channel = tally_take_label(&at);
    run.low.number = tally_take_u64(&at);
    run.recovered = reader_u8(&at) != 0;
    run.low.at.item = tally_take_u32(&at);
    run.low.at.offset = tally_take_u64(&at);
    run.low.at.sub = tally_take_u32(&at);
    run.low.time = (Time)reader_u64le(&reader);
    run.high.number = reader_u64le(&reader);
    run.high.time = (Time)reader_u64le(&reader);
    run.high.at.item = reader_u32le(&reader);
    run.high.at.offset = reader_u64le(&reader);
    run.high.at.sub = reader_u32le(&reader);
    run.starts_clear = reader_u8(&reader) != 0;
    if (at.failed || reader_left(&at) || reader.failed || reader_left(&reader) ||
        run.high.number < run.low.number)
        return false;
    *ret_channel = channel;
    *ret = run;
    return true;
}
