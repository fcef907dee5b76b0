#include "format/evtx/ansi.h"

#include "base/text.h"

/* Code page 1252, 0x80 to 0x9f; the five unassigned bytes map to C1 controls. */
static const uint16_t CP1252[32] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

uint32_t evtx_ansi_code_point(uint8_t byte)
{
    return byte >= 0x80 && byte < 0xA0 ? CP1252[byte - 0x80] : byte;
}

size_t evtx_ansi_trim(const uint8_t *bytes, size_t size)
{
    while (size && bytes[size - 1] == 0)
        size--;
    return size;
}

size_t evtx_ansi_to_utf8(const uint8_t *bytes, size_t size, char *out)
{
    char *start = out;
    for (size_t i = 0; i < size; i++)
        out += utf8_put(out, evtx_ansi_code_point(bytes[i]));
    return (size_t)(out - start);
}
