/* json_string.h: the inside of a JSON string from the strings of EVTX values.
 *
 * Three ways with the same output: plain C, SSE2, and AVX-512 where the processor has it. Up to
 * JSON_STRING_SLACK bytes behind the end of what is returned may be written, and up to 32 behind
 * the string may be read (EVTX_PADDING). A character takes at most EVTX_JSON_GROWTH bytes. */
#ifndef FORMAT_EVTX_JSON_STRING_H
#define FORMAT_EVTX_JSON_STRING_H

#include <stddef.h>
#include <stdint.h>

#define JSON_STRING_SLACK 64

/* A string to `out`; returns the end of what was written. */
typedef char *JsonString(char *out, const uint8_t *bytes, size_t size_bytes);

/* UTF-16LE; an odd last byte is ignored. */
JsonString evtx_json_units;
JsonString evtx_json_units_plain;

/* Code page 1252. */
JsonString evtx_json_ansi;
JsonString evtx_json_ansi_plain;

/* The fastest way that this processor has. */
typedef struct JsonStrings {
    JsonString *units, *ansi;
} JsonStrings;

JsonStrings json_strings_best(void);

/* The character at units[*pos], escaped; pairs of surrogates become one character. */
char *evtx_json_unit(char *out, const uint8_t *units, size_t size_bytes, size_t *pos);
char *evtx_json_ansi_char(char *out, uint8_t byte);

/* json_string_avx512.c. NULL members: not on this processor, or not compiled for it. */
JsonStrings json_strings_avx512(void);

#endif
