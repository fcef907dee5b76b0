#include "detect/sigma/wildcard.h"

/* The parts between two * at the place `at` of the text; *ret_end: behind them. */
static bool run_fits(const Part *parts, uint32_t count, Text text, size_t at, size_t *ret_end)
{
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].kind == PART_ONE) {
            if (at == text.len)
                return false;
            (void)utf8_next(text, &at);
            continue;
        }
        Text wanted = parts[i].text;
        if (wanted.len > text.len - at || memcmp(text.ptr + at, wanted.ptr, wanted.len) != 0)
            return false;
        at += wanted.len;
    }
    *ret_end = at;
    return true;
}

static uint32_t run_length(const Part *parts, uint32_t count)
{
    uint32_t n = 0;
    while (n < count && parts[n].kind != PART_MANY)
        n++;
    return n;
}

/* The first place from `at` on where the run may begin: for a text that it begins with. */
static size_t next_place(const Part *parts, uint32_t count, Text text, size_t at)
{
    if (count == 0 || parts[0].kind != PART_TEXT)
        return at;
    size_t found = text_find_text(text_of(text.ptr + at, text.len - at), parts[0].text);
    return found == SIZE_MAX ? SIZE_MAX : at + found;
}

/* A run that may stand anywhere from `at` on. `last`: it must end where the text does. */
static bool run_somewhere(const Part *parts, uint32_t count, Text text, size_t at, bool last,
                          size_t *ret_end)
{
    while (at <= text.len) {
        at = next_place(parts, count, text, at);
        if (at == SIZE_MAX)
            return false;
        if (run_fits(parts, count, text, at, ret_end) && (!last || *ret_end == text.len))
            return true;
        if (at == text.len)
            return false;
        (void)utf8_next(text, &at);
    }
    return false;
}

bool wildcard_fits(const Part *parts, uint32_t count, Text text)
{
    uint32_t run = run_length(parts, count), i = run;
    size_t at = 0;
    if (!run_fits(parts, run, text, 0, &at))
        return false;
    if (i == count)
        return at == text.len;
    while (i < count) {
        i++; /* the * */
        run = run_length(parts + i, count - i);
        if (run == 0)
            continue;
        if (!run_somewhere(parts + i, run, text, at, i + run == count, &at))
            return false;
        i += run;
    }
    return parts[count - 1].kind == PART_MANY || at == text.len;
}
