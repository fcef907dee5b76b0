/* json_elements.h: the values of a JSON file that is no line log, one after another in bounded
 * memory: the elements of one huge array, or values written behind one another, over as many lines
 * as they like.
 *
 * Only extents are found here (strings and brackets); what lies inside is checked by whoever reads
 * the value with json_reader.h. Objects and arrays are elements; anything else between them
 * is damage, except: blanks, commas between values that no array holds, a comma before the end of
 * an array, and lines "Record 17", which evtx_dump prints between its records.
 *
 * Damage does not end the reading. The next element is then looked for from the byte behind the
 * beginning of the damaged one: at the next line that opens with a bracket and is not
 * indented deeper, or, where elements do not start lines, at the next object with the same first
 * key. Every such attempt begins one level deeper at worst, so a hostile file costs at most
 * JSON_DEPTH_MAX passes.
 *
 * UTF-8, or UTF-16LE with a byte order mark (PowerShell's ">"); offsets are those of the item. */
#ifndef FORMAT_JSON_ELEMENTS_H
#define FORMAT_JSON_ELEMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "format/input.h"

#define JSON_ELEMENT_MAX (64u * 1024 * 1024) /* bytes of one element, as UTF-8 */

typedef struct JsonElements JsonElements;

typedef enum JsonElementKind {
    JSON_ELEMENT_VALUE,  /* `bytes` is an object or array whose brackets match */
    JSON_ELEMENT_DAMAGE, /* [offset, offset + size) was stepped over: `why` */
    JSON_ELEMENT_END,
    JSON_ELEMENT_FAILED, /* no memory, or a read error: see err */
} JsonElementKind;

typedef struct JsonElement {
    Span bytes;      /* UTF-8; valid until the next call */
    uint64_t offset; /* of the first byte in the item */
    uint64_t size;   /* bytes in the item */
    const char *why; /* valid until the next call */
} JsonElement;

/* `at`: 0, or the offset of the '[' of a list inside an object (UTF-8 only): then that list alone
 * is read. `in` must outlive the result. */
JsonElements *json_elements_open(const Input *in, uint64_t at, Err *err);
void json_elements_close(JsonElements *elements);
static inline void json_elements_closep(JsonElements **elements)
{
    json_elements_close(*elements);
}

JsonElementKind json_elements_next(JsonElements *elements, JsonElement *ret, Err *err);

/* Offset in the item of byte `pos` of a text that begins there at `begin`. `wide`: the item is
 * UTF-16LE, the text was converted. */
uint64_t json_item_offset(bool wide, Span text, uint64_t begin, uint64_t pos);

#endif
