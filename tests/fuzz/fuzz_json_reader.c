/* fuzz_json_reader: any bytes as JSON. Tokens lie inside the input or the reader's own room,
 * brackets balance, vector code agrees with plain code, and json_elements finds what json_reader
 * accepts. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/input.h"
#include "format/json_elements.h"
#include "format/json_reader.h"
#include "format/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static unsigned touched; /* so that no read is optimised away */

/* false: damaged. */
static bool read_tokens(JsonReader *reader, Span value)
{
    JsonToken token;
    int depth = 0;
    json_begin(reader, value, 0);
    while (json_next(reader, &token)) {
        for (size_t i = 0; i < token.text.len; i++)
            touched += (unsigned char)token.text.ptr[i];
        demand(token.pos < value.len, "token outside the input");
        demand(token.text.len <= value.len, "text longer than the input");
        depth += (token.kind == JSON_OBJECT || token.kind == JSON_ARRAY) -
                 (token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END);
        demand(depth >= 0 && depth <= JSON_DEPTH_MAX, "depth");
    }
    bool damaged = json_damaged(reader);
    demand(damaged || depth == 0, "brackets");
    demand(!damaged || reader->err.offset <= value.len, "damage outside the input");
    return !damaged;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void check_scans(Span s)
{
    const uint8_t *end = s.ptr + s.len;
    for (const uint8_t *p = s.ptr; p < end; p += 1 + (end - p) / 8) {
        demand(json_scan_string(p, end) == json_scan_string_plain(p, end), "scan of strings");
        demand(json_scan_structure(p, end) == json_scan_structure_plain(p, end),
               "scan of structure");
    }
}

/* `only`: the input is this one object and nothing else. */
static void check_elements(JsonReader *reader, Span item, const Span *only)
{
    Input in = input_from_memory(item);
    Err err = {.code = ERR_NONE};
    JsonElements *elements = json_elements_open(&in, 0, &err);
    demand(elements != NULL, "memory");
    JsonElement element;
    uint64_t reached = 0, count = 0;
    for (;;) {
        JsonElementKind kind = json_elements_next(elements, &element, &err);
        if (kind == JSON_ELEMENT_END)
            break;
        demand(kind != JSON_ELEMENT_FAILED, err.text);
        demand(element.offset >= reached && element.size <= item.len - element.offset,
               "element outside the input, or twice");
        demand(element.size > 0 || kind == JSON_ELEMENT_DAMAGE, "empty element");
        reached = element.offset + element.size;
        demand(!only || kind == JSON_ELEMENT_VALUE, "damage in what json_reader accepts");
        demand(!only || span_equal(element.bytes, *only), "another element");
        if (kind == JSON_ELEMENT_VALUE)
            (void)read_tokens(reader, element.bytes);
        demand(++count <= 2 * item.len + 2, "no end");
    }
    demand(!only || count == 1, "one object, several elements");
    json_elements_close(elements);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    JsonReader reader;
    json_init(&reader);
    Span item = span_of(data, size), object = item;
    check_scans(item);
    bool whole = read_tokens(&reader, item);
    if (span_starts_with(object, "\xEF\xBB\xBF", 3))
        object = span_of(object.ptr + 3, object.len - 3);
    while (object.len && is_blank(object.ptr[0]))
        object = span_of(object.ptr + 1, object.len - 1);
    while (object.len && is_blank(object.ptr[object.len - 1]))
        object.len--;
    bool is_object = whole && object.len && object.ptr[0] == '{';
    check_elements(&reader, item, is_object ? &object : NULL);
    json_done(&reader);
    return 0;
}
