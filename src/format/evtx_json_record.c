#include "format/evtx_json_record.h"

#include <stdlib.h>

void record_init(JsonRecord *record)
{
    *record = (JsonRecord){0};
}

void record_done(JsonRecord *record)
{
    free(record->leaves);
    record_init(record);
}

static bool add_leaf(JsonRecord *record, uint32_t node, const JsonToken *token, uint64_t offset,
                     Err *err)
{
    if (record->count == JSON_LEAVES_MAX)
        return err_set(err, ERR_LIMIT, offset, "more than %u values in one record",
                       JSON_LEAVES_MAX);
    if (record->count == record->cap) {
        size_t cap = record->cap ? 2 * record->cap : 256;
        Leaf *leaves = realloc(record->leaves, cap * sizeof *leaves);
        if (!leaves)
            return err_set(err, ERR_NO_MEMORY, offset, "a record with %zu values", cap);
        record->leaves = leaves;
        record->cap = cap;
    }
    bool scalar = token->kind >= JSON_STRING;
    record->leaves[record->count++] = (Leaf){
        .node = node,
        .kind = scalar ? (uint8_t)token->kind : JSON_NULL,
        .integer = token->kind == JSON_NUMBER && token->integer,
        .text = token->kind == JSON_STRING || token->kind == JSON_NUMBER ? token->text : (Text){0},
    };
    return true;
}

bool record_read(JsonRecord *record, JsonReader *reader, Paths *paths, Err *err)
{
    uint32_t parents[JSON_DEPTH_MAX + 1]; /* node of each open object or array */
    unsigned depth = 0;
    uint32_t node = PATH_ROOT; /* of the value that comes */
    bool empty = false;        /* nothing yet in the object or array just opened */
    JsonToken token;
    record->count = 0;
    record->marks = 0;
    record->shape = SHAPE_NONE;
    while (json_next(reader, &token)) {
        uint64_t offset = reader->origin + token.pos;
        switch (token.kind) {
        case JSON_KEY:
            node = paths_child(paths, parents[depth - 1], token.text);
            if (node == PATH_NONE)
                return err_set(err, ERR_LIMIT, offset, "too many different keys, or no memory");
            record->marks |= paths_node(paths, node)->marks;
            empty = false;
            break;
        case JSON_OBJECT:
        case JSON_ARRAY:
            parents[depth++] = node;
            empty = true;
            break;
        case JSON_OBJECT_END:
        case JSON_ARRAY_END:
            node = parents[--depth];
            if (empty && !add_leaf(record, node, &token, offset, err))
                return false;
            empty = false;
            node = depth ? parents[depth - 1] : PATH_ROOT;
            break;
        default:
            if (!add_leaf(record, node, &token, offset, err))
                return false;
            empty = false;
            break;
        }
    }
    record->shape = shape_of_marks(record->marks);
    if (json_damaged(reader) && err)
        *err = reader->err;
    return !json_damaged(reader);
}
