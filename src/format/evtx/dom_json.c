/* dom_json.c: a record's document in the JSON shape that evtx_dump made common. The rules, and
 * where we keep what that tool loses, stand in docs/formats/evtx.md. */
#include "format/evtx/dom.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/json.h"
#include "event/grow.h"
#include "event/id_map.h"
#include "format/evtx/scalar.h"

typedef struct Writer {
    Buf *buf;
    Buf text; /* scratch for joined text */
    unsigned *faults;
} Writer;

/* A member is written with a comma behind it; closing takes the last one away. */
static void close_object(Writer *w)
{
    if (w->buf->len && w->buf->ptr[w->buf->len - 1] == ',')
        w->buf->ptr[w->buf->len - 1] = '}';
    else
        buf_add_char(w->buf, '}');
}

static void write_key(Writer *w, Text name, size_t repeat)
{
    buf_add_char(w->buf, '"');
    json_escape(w->buf, name);
    if (repeat) {
        buf_add_char(w->buf, '_');
        buf_add_u64(w->buf, repeat);
    }
    BUF_LITERAL(w->buf, "\":");
}

/* Pieces that hold text, when there is exactly one of them; else NULL. */
static const DomPiece *only_piece(const DomPiece *pieces)
{
    const DomPiece *found = NULL;
    for (const DomPiece *piece = pieces; piece; piece = piece->next) {
        if (piece->kind != PIECE_CHAR && piece->bytes.len == 0)
            continue;
        if (found)
            return NULL;
        found = piece;
    }
    return found;
}

static void write_pieces(Writer *w, const DomPiece *pieces)
{
    const DomPiece *only = only_piece(pieces);
    if (only && only->kind == PIECE_VALUE) {
        char *out = buf_reserve(w->buf, EVTX_JSON_ROOM(only->bytes.len));
        if (out)
            w->buf->len += (size_t)(evtx_json_value(out, only->type, only->bytes.ptr,
                                                    only->bytes.len, w->faults) -
                                    out);
        return;
    }
    buf_clear(&w->text);
    dom_pieces_text(&w->text, pieces, w->faults);
    if (w->text.failed)
        w->buf->failed = true;
    json_text(w->buf, buf_text(&w->text));
}

static bool has_attributes(const DomElement *element)
{
    for (const DomAttribute *a = element->attributes; a; a = a->next)
        if (!dom_pieces_empty(a->pieces))
            return true;
    return false;
}

static void write_attributes(Writer *w, const DomElement *element)
{
    BUF_LITERAL(w->buf, "\"#attributes\":{");
    for (const DomAttribute *a = element->attributes; a; a = a->next) {
        if (dom_pieces_empty(a->pieces))
            continue;
        write_key(w, a->name, 0);
        write_pieces(w, a->pieces);
        buf_add_char(w->buf, ',');
    }
    close_object(w);
    buf_add_char(w->buf, ',');
}

static void write_members(Writer *w, const DomElement *element);

typedef enum EmptyAs { EMPTY_NULL, EMPTY_TEXT } EmptyAs;

/* The value of an element. `with_attributes` is false for the Data of a container. */
static void write_element(Writer *w, const DomElement *element, bool with_attributes, EmptyAs empty)
{
    bool attributes = with_attributes && has_attributes(element);
    bool text = !dom_pieces_empty(element->pieces);
    if (!attributes && !element->children) {
        if (text)
            write_pieces(w, element->pieces);
        else if (empty == EMPTY_NULL)
            BUF_LITERAL(w->buf, "null");
        else
            BUF_LITERAL(w->buf, "\"\"");
        return;
    }
    buf_add_char(w->buf, '{');
    if (attributes)
        write_attributes(w, element);
    if (text) {
        BUF_LITERAL(w->buf, "\"#text\":");
        write_pieces(w, element->pieces);
        buf_add_char(w->buf, ',');
    }
    write_members(w, element);
    close_object(w);
}

static bool is_data(const DomElement *element)
{
    return text_equal(element->name, TEXT("Data"));
}

static const DomPiece *data_name(const DomElement *data)
{
    const DomAttribute *name = dom_attribute(data, TEXT("Name"));
    return name && !dom_pieces_empty(name->pieces) ? name->pieces : NULL;
}

/* The Name of a Data, in the scratch. */
static void data_key(Writer *w, const DomElement *data, unsigned *faults)
{
    buf_clear(&w->text);
    dom_pieces_text(&w->text, data_name(data), faults);
}

static bool same_name(Writer *w, const DomElement *a, const DomElement *b)
{
    unsigned ignored = 0;
    const DomPiece *name_b = data_name(b);
    if (!data_name(a) || !name_b)
        return false;
    data_key(w, a, &ignored);
    size_t cut = w->text.len;
    dom_pieces_text(&w->text, name_b, &ignored);
    return !w->text.failed && w->text.len == 2 * cut &&
           memcmp(w->text.ptr, w->text.ptr + cut, cut) == 0;
}

/* Which names the members of one object have so far, and how often. */
typedef struct Seen {
    const DomElement *first;
    size_t times;
} Seen;

typedef struct Repeats {
    IdMap map;
    Seen *list;
    size_t count, cap;
} Repeats;

static void repeats_done(Repeats *repeats)
{
    id_map_done(&repeats->map);
    free(repeats->list);
}

static bool same_key(Writer *w, const DomElement *a, const DomElement *b, bool by_data_name)
{
    return by_data_name ? is_data(a) && same_name(w, a, b) : text_equal(a->name, b->name);
}

/* How often the key of `element`, whose text is `key`, was counted before; counts it. The Name of a
 * Data (`by_data_name`) and the name of an element are counted apart. */
static size_t count_earlier(Writer *w, Repeats *repeats, const DomElement *element, Text key,
                            bool by_data_name)
{
    uint64_t hash = hash64(key.ptr, key.len, by_data_name);
    uint32_t id;
    for (size_t cursor = id_map_start(&repeats->map, hash);
         (id = id_map_next(&repeats->map, hash, &cursor)) != ID_NONE;)
        if (same_key(w, repeats->list[id].first, element, by_data_name))
            return repeats->list[id].times++;
    Seen *list = grow_array(repeats->list, &repeats->cap, repeats->count + 1, sizeof *list);
    if (list)
        repeats->list = list;
    if (!list || !id_map_add(&repeats->map, hash, (uint32_t)repeats->count))
        w->buf->failed = true;
    else
        list[repeats->count++] = (Seen){.first = element, .times = 1};
    return 0;
}

/* A run of adjacent Data with one name: a value, or an array. Returns the last of the run. */
static const DomElement *write_named_run(Writer *w, Repeats *repeats, const DomElement *data)
{
    const DomElement *last = data;
    while (last->next && is_data(last->next) && same_name(w, data, last->next))
        last = last->next;
    unsigned ignored = 0;
    data_key(w, data, w->faults);
    size_t repeat = count_earlier(w, repeats, data, buf_text(&w->text), true);
    data_key(w, data, &ignored); /* the comparison has used the scratch */
    write_key(w, buf_text(&w->text), repeat);
    if (last != data)
        buf_add_char(w->buf, '[');
    for (const DomElement *e = data;; e = e->next) {
        write_element(w, e, false, EMPTY_TEXT);
        if (e == last)
            break;
        buf_add_char(w->buf, ',');
    }
    if (last != data)
        buf_add_char(w->buf, ']');
    buf_add_char(w->buf, ',');
    return last;
}

/* All Data without a name, together: {"#text":X}, X an array when there are several. */
static void write_positional(Writer *w, const DomElement *first)
{
    size_t count = 0, written = 0;
    for (const DomElement *e = first; e; e = e->next)
        count += is_data(e) && !data_name(e);
    write_key(w, TEXT("Data"), 0);
    BUF_LITERAL(w->buf, "{\"#text\":");
    if (count > 1)
        buf_add_char(w->buf, '[');
    for (const DomElement *e = first; e; e = e->next) {
        if (!is_data(e) || data_name(e))
            continue;
        if (written++)
            buf_add_char(w->buf, ',');
        write_element(w, e, false, EMPTY_TEXT);
    }
    if (count > 1)
        buf_add_char(w->buf, ']');
    BUF_LITERAL(w->buf, "},");
}

static void write_members(Writer *w, const DomElement *element)
{
    bool container = dom_is_container(element->name), positional_done = false;
    const DomElement *first = element->children;
    Repeats repeats = {0};
    if (first && !id_map_init(&repeats.map)) {
        w->buf->failed = true;
        return;
    }
    for (const DomElement *e = first; e && !w->buf->failed; e = e->next) {
        if (!container || !is_data(e)) {
            write_key(w, e->name, count_earlier(w, &repeats, e, e->name, false));
            write_element(w, e, true, EMPTY_NULL);
            buf_add_char(w->buf, ',');
        } else if (data_name(e)) {
            e = write_named_run(w, &repeats, e);
        } else if (!positional_done) {
            write_positional(w, first);
            positional_done = true;
        }
    }
    repeats_done(&repeats);
}

void dom_write_json(Buf *buf, const DomElement *document, unsigned *faults)
{
    Writer w = {.buf = buf, .faults = faults};
    buf_init(&w.text, buf->limit);
    buf_add_char(buf, '{');
    if (document->children)
        write_members(&w, document);
    else
        BUF_LITERAL(buf, "\"Event\":null,");
    close_object(&w);
    buf_done(&w.text);
}
