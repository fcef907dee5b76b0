#include "store/query_pattern.h"

#include "base/fold.h"

static bool is_wildcard(uint32_t c)
{
    return c == PATTERN_MANY || c == PATTERN_ONE;
}

/* `chars` with one * for several in a row and, if it floats, * at both ends. */
static bool copy_chars(Pattern *pattern, const uint32_t *chars, size_t count, Arena *arena)
{
    uint32_t *copy = ARENA_NEW(arena, uint32_t, count + 2);
    size_t n = 0;
    if (!copy)
        return false;
    if (pattern->wild && pattern->ends == PATTERN_WITHIN)
        copy[n++] = PATTERN_MANY;
    for (size_t i = 0; i < count; i++)
        if (chars[i] != PATTERN_MANY || n == 0 || copy[n - 1] != PATTERN_MANY)
            copy[n++] = chars[i];
    if (pattern->wild && pattern->ends == PATTERN_WITHIN && copy[n - 1] != PATTERN_MANY)
        copy[n++] = PATTERN_MANY;
    pattern->chars = copy;
    pattern->count = n;
    return true;
}

bool pattern_init(Pattern *pattern, const uint32_t *chars, size_t count, PatternEnds ends,
                  Arena *arena)
{
    *pattern = (Pattern){.ends = ends};
    for (size_t i = 0; i < count; i++)
        pattern->wild |= is_wildcard(chars[i]);
    if (!copy_chars(pattern, chars, count, arena))
        return false;
    size_t best = 0, best_len = 0;
    for (size_t i = 0, start = 0; i <= pattern->count; i++) {
        if (i < pattern->count && !is_wildcard(pattern->chars[i]))
            continue;
        if (i - start > best_len) {
            best = start;
            best_len = i - start;
        }
        start = i + 1;
    }
    pattern->has_needle = best_len > 0;
    return !best_len || needle_init(&pattern->needle, pattern->chars + best, best_len, arena);
}

/* At a mismatch the last * takes one character more. */
static bool glob(const uint32_t *chars, size_t count, Text text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;
    while (t < text.len) {
        if (p < count && chars[p] == PATTERN_MANY) {
            star = ++p;
            star_text = t;
            if (p == count)
                return true;
            continue;
        }
        size_t next = t;
        uint32_t c = fold_next(text, &next);
        if (p < count && (chars[p] == PATTERN_ONE || chars[p] == c)) {
            p++;
            t = next;
            continue;
        }
        if (star == SIZE_MAX)
            return false;
        (void)utf8_next(text, &star_text);
        t = star_text;
        p = star;
    }
    while (p < count && chars[p] == PATTERN_MANY)
        p++;
    return p == count;
}

bool pattern_matches(const Pattern *pattern, Text text)
{
    if (pattern->wild)
        return glob(pattern->chars, pattern->count, text);
    if (!pattern->has_needle)
        return text.len == 0 || pattern->ends == PATTERN_WITHIN;
    return pattern->ends == PATTERN_WITHIN ? needle_in(&pattern->needle, text)
                                           : needle_is(&pattern->needle, text);
}

CharSet char_set(const char *chars)
{
    CharSet set = {0};
    for (; *chars; chars++) {
        uint32_t c = fold_char((unsigned char)*chars);
        if (c < 64)
            set.low |= UINT64_C(1) << c;
        else
            set.high |= UINT64_C(1) << (c - 64);
    }
    return set;
}

bool pattern_is_beyond(const Pattern *pattern, CharSet set)
{
    for (size_t i = 0; i < pattern->count; i++) {
        uint32_t c = pattern->chars[i];
        if (is_wildcard(c))
            continue;
        if (c >= 128 || !((c < 64 ? set.low >> c : set.high >> (c - 64)) & 1))
            return true;
    }
    return false;
}
