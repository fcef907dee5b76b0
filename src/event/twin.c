#include "event/twin.h"

#include "base/hash.h"
#include "event/event.h"

#define PIECE 256

static uint64_t hash_nocase(Text text, uint64_t seed)
{
    char piece[PIECE];
    uint64_t h = seed + text.len;
    for (size_t at = 0; at < text.len; at += PIECE) {
        size_t n = text.len - at < PIECE ? text.len - at : PIECE;
        text_lower(text_of(text.ptr + at, n), piece);
        h = hash64(piece, n, h);
    }
    return h;
}

/* The second a time falls in, counted downwards before 1970 too. */
static int64_t whole_second(Time time)
{
    return time / NANOSECONDS_PER_SECOND - (time % NANOSECONDS_PER_SECOND < 0);
}

uint64_t twin_windows(Text computer, Text channel, uint64_t record_id, Text code, Time time)
{
    uint8_t numbers[24];
    if (record_id == RECORD_ID_NONE)
        return 0;
    store_u64le(numbers, record_id);
    store_u64le(numbers + 8, (uint64_t)whole_second(time));
    store_u64le(numbers + 16, hash64(code.ptr, code.len, 0));
    uint64_t h = hash_nocase(channel, hash_nocase(computer, 0));
    h = hash64(numbers, sizeof numbers, h);
    return h ? h : 1;
}

/* Two rounds of the finaliser of SplitMix64: every bit of both inputs reaches every bit. */
uint64_t twin_field(uint64_t name, uint64_t value)
{
    if (value == 0)
        return 0;
    uint64_t h = name + UINT64_C(0x9e3779b97f4a7c15) * (value ^ value >> 32);
    h ^= value;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    h ^= h >> 31;
    h += name;
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 31;
}
