#include "base/needle.h"

#include "base/fold.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* ---- making ---- */

/* How often a byte is met in the texts of logs, in a rough order: they are paths, names, numbers.
 */
static unsigned frequency(uint8_t byte)
{
    static const char RANKS[][20] = {"\\etaoinsrc", "ldmpw0.123 ", "ufgbhy456789-",
                                     "vkxjqz:/_=", "{}()\"',%"};
    char c = ascii_lower((char)byte);
    if (byte >= 0x80)
        return byte >= 0xC0 ? 2 : 1; /* where there is one, there are more of the same alphabet */
    for (unsigned i = 0; i < sizeof RANKS / sizeof RANKS[0]; i++)
        if (c && memchr(RANKS[i], c, strlen(RANKS[i])))
            return 6 - i;
    return 1;
}

/* The rarest byte is the second: the first one's test then passes more often than both. */
static void choose_rare(Needle *needle)
{
    size_t best = 0, next = 0;
    for (size_t i = 1; i < needle->len; i++)
        if (frequency(needle->one[i]) < frequency(needle->one[best]))
            best = i;
    next = best == 0 && needle->len > 1 ? 1 : 0;
    for (size_t i = 0; i < needle->len; i++)
        if (i != best && frequency(needle->one[i]) < frequency(needle->one[next]))
            next = i;
    needle->rarer = best;
    needle->rare = next;
}

static bool is_known(const Stranger *strangers, size_t count, const Stranger *stranger)
{
    for (size_t i = 0; i < count; i++)
        if (strangers[i].len == stranger->len &&
            memcmp(strangers[i].bytes, stranger->bytes, stranger->len) == 0)
            return true;
    return false;
}

/* One character: its folded form and the first other of the same length make the usual form, what
 * is left are strangers. */
static void add_char(Needle *needle, uint32_t c, uint8_t *one, uint8_t *other, Stranger *strangers)
{
    uint32_t variants[FOLD_VARIANTS_MAX];
    char bytes[STRANGER_BYTES];
    size_t count = fold_variants(c, variants);
    size_t len = utf8_put(bytes, c), shortest = len, longest = len;
    bool paired = false;
    memcpy(one + needle->len, bytes, len);
    memcpy(other + needle->len, bytes, len);
    for (size_t i = 1; i < count; i++) {
        size_t n = utf8_put(bytes, variants[i]);
        if (n == len && !paired) {
            memcpy(other + needle->len, bytes, n);
            paired = true;
            continue;
        }
        Stranger stranger = {.len = n};
        memcpy(stranger.bytes, bytes, n);
        if (!is_known(strangers, needle->stranger_count, &stranger))
            strangers[needle->stranger_count++] = stranger;
        shortest = n < shortest ? n : shortest;
        longest = n > longest ? n : longest;
    }
    needle->len += len;
    needle->shortest += shortest;
    needle->longest += longest;
    needle->ascii &= c < 0x80;
}

bool needle_init(Needle *needle, const uint32_t *chars, size_t count, Arena *arena)
{
    size_t room = count * STRANGER_BYTES;
    uint8_t *one = ARENA_NEW(arena, uint8_t, room);
    uint8_t *other = ARENA_NEW(arena, uint8_t, room);
    Stranger *strangers = ARENA_NEW(arena, Stranger, count * (FOLD_VARIANTS_MAX - 1));
    if (!one || !other || !strangers)
        return false;
    *needle = (Needle){.chars = chars,
                       .char_count = count,
                       .one = one,
                       .other = other,
                       .strangers = strangers,
                       .ascii = true};
    for (size_t i = 0; i < count; i++)
        add_char(needle, chars[i], one, other, strangers);
    choose_rare(needle);
    return true;
}

/* ---- comparing ---- */

/* The needle's characters from `pos` on; the place behind them, or NEEDLE_NOWHERE. */
static size_t stands_at(const Needle *needle, Text text, size_t pos)
{
    for (size_t i = 0; i < needle->char_count; i++)
        if (pos == text.len || fold_next(text, &pos) != needle->chars[i])
            return NEEDLE_NOWHERE;
    return pos;
}

/* Does the usual form stand at `pos`? There are enough bytes. */
static bool usual_at(const Needle *needle, Text hay, size_t pos)
{
    const uint8_t *p = (const uint8_t *)hay.ptr + pos;
    for (size_t i = 0; i < needle->len; i++)
        if (p[i] != needle->one[i] && p[i] != needle->other[i])
            return false;
    /* Bytes of two cases may be mixed within a character. */
    return needle->ascii || stands_at(needle, hay, pos) == pos + needle->len;
}

bool needle_is(const Needle *needle, Text text)
{
    return text.len >= needle->shortest && text.len <= needle->longest &&
           stands_at(needle, text, 0) == text.len;
}

bool needle_in(const Needle *needle, Text text)
{
    if (needle_next(needle, text, 0) != NEEDLE_NOWHERE)
        return true;
    if (needle_stranger(needle, text, 0) == NEEDLE_NOWHERE)
        return false;
    for (size_t pos = 0; pos < text.len; (void)utf8_next(text, &pos))
        if (stands_at(needle, text, pos) != NEEDLE_NOWHERE)
            return true;
    return false;
}

/* ---- seeking, plainly ---- */

size_t needle_next_plain(const Needle *needle, Text hay, size_t from)
{
    for (size_t pos = from; pos <= hay.len && hay.len - pos >= needle->len; pos++)
        if (usual_at(needle, hay, pos))
            return pos;
    return NEEDLE_NOWHERE;
}

static bool stranger_at(const Needle *needle, Text hay, size_t pos)
{
    for (size_t i = 0; i < needle->stranger_count; i++) {
        const Stranger *stranger = &needle->strangers[i];
        if (hay.len - pos >= stranger->len &&
            memcmp(hay.ptr + pos, stranger->bytes, stranger->len) == 0)
            return true;
    }
    return false;
}

size_t needle_stranger_plain(const Needle *needle, Text hay, size_t from)
{
    for (size_t pos = from; pos < hay.len; pos++)
        if (stranger_at(needle, hay, pos))
            return pos;
    return NEEDLE_NOWHERE;
}

/* ---- seeking, sixteen bytes a step ---- */

#if defined(__SSE2__)

static __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static __m128i all(uint8_t byte)
{
    return _mm_set1_epi8((char)byte);
}

size_t needle_next(const Needle *needle, Text hay, size_t from)
{
    if (from > hay.len || hay.len - from < needle->len)
        return NEEDLE_NOWHERE;
    const size_t last = hay.len - needle->len; /* where it may begin at the latest */
    const uint8_t *p = (const uint8_t *)hay.ptr;
    const uint8_t *a = p + needle->rare, *b = p + needle->rarer;
    const __m128i a1 = all(needle->one[needle->rare]), a2 = all(needle->other[needle->rare]);
    const __m128i b1 = all(needle->one[needle->rarer]), b2 = all(needle->other[needle->rarer]);
    size_t pos = from;
    for (; pos + 15 <= last; pos += 16) {
        __m128i va = load(a + pos), vb = load(b + pos);
        __m128i ha = _mm_or_si128(_mm_cmpeq_epi8(va, a1), _mm_cmpeq_epi8(va, a2));
        __m128i hb = _mm_or_si128(_mm_cmpeq_epi8(vb, b1), _mm_cmpeq_epi8(vb, b2));
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(ha, hb));
        for (; hits; hits &= hits - 1) {
            size_t at = pos + (size_t)__builtin_ctz(hits);
            if (usual_at(needle, hay, at))
                return at;
        }
    }
    return needle_next_plain(needle, hay, pos);
}

/* Two strangers a pass, by their first two bytes, until the nearest place of all. */
size_t needle_stranger(const Needle *needle, Text hay, size_t from)
{
    size_t nearest = NEEDLE_NOWHERE, end = hay.len;
    const uint8_t *p = (const uint8_t *)hay.ptr;
    for (size_t i = 0; i < needle->stranger_count; i += 2) {
        const Stranger *x = &needle->strangers[i];
        const Stranger *y = i + 1 < needle->stranger_count ? x + 1 : x;
        const __m128i x0 = all(x->bytes[0]), x1 = all(x->bytes[1]);
        const __m128i y0 = all(y->bytes[0]), y1 = all(y->bytes[1]);
        size_t pos = from, found = NEEDLE_NOWHERE;
        for (; pos + 17 <= end && found == NEEDLE_NOWHERE; pos += 16) {
            __m128i v0 = load(p + pos), v1 = load(p + pos + 1);
            __m128i hx = _mm_and_si128(_mm_cmpeq_epi8(v0, x0), _mm_cmpeq_epi8(v1, x1));
            __m128i hy = _mm_and_si128(_mm_cmpeq_epi8(v0, y0), _mm_cmpeq_epi8(v1, y1));
            unsigned hits = (unsigned)_mm_movemask_epi8(_mm_or_si128(hx, hy));
            for (; hits && found == NEEDLE_NOWHERE; hits &= hits - 1)
                if (stranger_at(needle, hay, pos + (size_t)__builtin_ctz(hits)))
                    found = pos + (size_t)__builtin_ctz(hits);
        }
        for (; pos < end && found == NEEDLE_NOWHERE; pos++)
            if (stranger_at(needle, hay, pos))
                found = pos;
        if (found != NEEDLE_NOWHERE) {
            nearest = found;
            end = found; /* others matter only before it */
        }
    }
    return nearest;
}

#else

size_t needle_next(const Needle *needle, Text hay, size_t from)
{
    return needle_next_plain(needle, hay, from);
}

size_t needle_stranger(const Needle *needle, Text hay, size_t from)
{
    return needle_stranger_plain(needle, hay, from);
}

#endif
