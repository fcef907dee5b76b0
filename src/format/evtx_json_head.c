#include "format/evtx_json_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf16.h"
#include "format/evtx_json_record.h"
#include "format/json_reader.h"

#define LINES_TRIED    16 /* a bulk export has lines between its records */
#define LIST_DEPTH_MAX 4  /* objects around a list of records */

typedef struct Look {
    JsonReader reader;
    Paths paths;
    JsonRecord record;
} Look;

/* The shape of the record that opens at the beginning of `text`; it may be cut, and more may
 * follow. *ret_whole: it is a record and nothing but. */
static JsonShape shape_at(Look *look, Text text, bool *ret_whole)
{
    paths_begin(&look->paths);
    json_begin(&look->reader, text_span(text), 0);
    *ret_whole = record_read(&look->record, &look->reader, &look->paths, NULL);
    return shape_of_marks(look->record.marks);
}

static Text skip_blanks(Text t)
{
    while (t.len && (*t.ptr == ' ' || *t.ptr == '\t' || *t.ptr == '\r' || *t.ptr == '\n'))
        t = text_of(t.ptr + 1, t.len - 1);
    return t;
}

/* Are the first lines a record each? A last line without its end may be cut. */
static bool look_at_lines(Look *look, Text text, JsonShape *ret_shape)
{
    *ret_shape = SHAPE_NONE;
    for (int i = 0; i < LINES_TRIED && *ret_shape == SHAPE_NONE; i++) {
        size_t end = text_find(text, '\n');
        bool whole;
        Text line = text_of(text.ptr, end);
        if (skip_blanks(line).len) {
            *ret_shape = shape_at(look, line, &whole);
            if (!whole || end == text.len)
                return i > 0 && *ret_shape != SHAPE_NONE;
        }
        if (end == text.len)
            break;
        text = text_of(text.ptr + end + 1, text.len - end - 1);
    }
    return true;
}

/* A list of records inside an object, as Elasticsearch answers: position of its '['. */
static bool find_list(Look *look, Text text, size_t *ret_at, JsonShape *ret_shape)
{
    JsonReader outer;
    JsonToken token;
    bool array_opened = false;
    int depth = 0;
    *ret_shape = SHAPE_NONE;
    *ret_at = 0;
    json_init(&outer);
    json_begin(&outer, text_span(text), 0);
    while (*ret_shape == SHAPE_NONE && json_next(&outer, &token)) {
        bool ignored;
        if (token.kind == JSON_OBJECT && array_opened)
            *ret_shape =
                shape_at(look, text_of(text.ptr + token.pos, text.len - token.pos), &ignored);
        array_opened = token.kind == JSON_ARRAY && depth <= LIST_DEPTH_MAX;
        if (array_opened)
            *ret_at = token.pos;
        depth += (token.kind == JSON_OBJECT || token.kind == JSON_ARRAY) -
                 (token.kind == JSON_OBJECT_END || token.kind == JSON_ARRAY_END);
    }
    json_done(&outer);
    return *ret_shape != SHAPE_NONE;
}

/* "Record 1", as evtx_dump prints before its records. */
static Text skip_record_line(Text t)
{
    if (!text_starts(t, TEXT("Record ")))
        return t;
    size_t end = text_find(t, '\n');
    return skip_blanks(text_of(t.ptr + end, t.len - end));
}

static void look_at(Look *look, Text text, JsonHead *ret)
{
    Text first = skip_blanks(text);
    Text record = skip_record_line(first);
    if (record.len == 0 || (*record.ptr != '{' && *record.ptr != '['))
        return;
    bool ignored;
    if (record.ptr != first.ptr || *record.ptr == '[') {
        if (*record.ptr == '[')
            record = skip_blanks(text_of(record.ptr + 1, record.len - 1));
        ret->shape = shape_at(look, record, &ignored);
        return;
    }
    ret->lines = look_at_lines(look, first, &ret->shape);
    if (!ret->lines && ret->shape == SHAPE_NONE)
        ret->shape = shape_at(look, first, &ignored);
    if (ret->shape != SHAPE_NONE)
        return;
    size_t at;
    if (!ret->wide && find_list(look, first, &at, &ret->shape)) {
        ret->lines = false;
        ret->list_at = (uint64_t)(first.ptr - text.ptr) + at;
    }
}

bool json_head_read(Span head, JsonHead *ret)
{
    *ret = (JsonHead){.shape = SHAPE_NONE};
    Text text = text_from_span(head);
    size_t mark = 0;
    char *converted = NULL;
    if (span_starts_with(head, "\xFF\xFE", 2)) {
        Span units = span_of(head.ptr + 2, head.len - 2);
        converted = malloc(UTF16_NARROW_ROOM(units.len));
        if (!converted)
            return false;
        text = text_of(converted, utf16_narrow(units, converted));
        ret->wide = true;
    } else if (span_starts_with(head, "\xEF\xBB\xBF", 3)) {
        mark = 3;
        text = text_of(text.ptr + mark, text.len - mark);
    }
    Look look;
    json_init(&look.reader);
    record_init(&look.record);
    bool ok = paths_init(&look.paths, NULL);
    if (ok) {
        look_at(&look, text, ret);
        ret->list_at += ret->list_at ? mark : 0;
    }
    paths_done(&look.paths);
    record_done(&look.record);
    json_done(&look.reader);
    free(converted);
    return ok;
}
