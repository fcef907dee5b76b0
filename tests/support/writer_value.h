/* writer_value.h: typed values for writer_tree.h, from ordinary C values and text.
   Bytes belong to the tree. Unusable text marks the tree as failed and gives a null. */
#ifndef WRITER_VALUE_H
#define WRITER_VALUE_H

#include "writer_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline WriterValue writer_null(void)
{
    return (WriterValue){.type = WRITER_NULL};
}

WriterValue writer_string(WriterTree *tree, const char *utf8); /* UTF-16LE without NUL */
WriterValue writer_ansi(WriterTree *tree, const char *text);   /* bytes as they are */
WriterValue writer_bytes_value(WriterTree *tree, uint8_t type, const void *bytes, size_t size);

/* Integers, boolean (4 bytes), hex32, hex64, FILETIME: the size follows from the type. Negative
 * numbers: cast. */
WriterValue writer_number(WriterTree *tree, WriterType type, uint64_t value);
WriterValue writer_float(WriterTree *tree, float value);
WriterValue writer_double(WriterTree *tree, double value);

WriterValue writer_guid(WriterTree *tree,
                        const char *text); /* 8-4-4-4-12 hex digits, braces allowed */
WriterValue writer_sid(WriterTree *tree, const char *text); /* S-1-... */
WriterValue writer_filetime(WriterTree *tree,
                            const char *text); /* 2026-05-26T05:03:02.7061160Z, 0 to 7 decimals */
WriterValue writer_systemtime(WriterTree *tree,
                              const char *text); /* as above; milliseconds are kept */

/* Items of one type back to back; strings get a NUL each. count may be 0: then `type` is what is
 * left to say. */
WriterValue writer_array(WriterTree *tree, WriterType type, const WriterValue *items, size_t count);

/* The same readings, for callers that must choose a type. *ret is untouched if the result is false.
 */
bool writer_parse_guid(const char *text, uint8_t ret[16]);
bool writer_parse_sid(const char *text, uint8_t ret[68], size_t *ret_size);
bool writer_parse_time(const char *text, uint64_t *ret_filetime);

#endif
