/* dom_json.c: a record's document in the JSON shape that evtx_dump made common. The rules, and
 * where we keep what that tool loses, stand in docs/formats/evtx.md. */
#include "format/evtx/dom.h"

#include "base/json.h"
#include "format/evtx/value16.h"

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

static bool same_name(Writer *w, const DomElement *a, const DomElement *b)
{
    const DomPiece *name_a = data_name(a), *name_b = data_name(b);
    if (!name_a || !name_b)
        return false;
    buf_clear(&w->text);
    dom_pieces_text(&w->text, name_a, w->faults);
    size_t cut = w->text.len;
    dom_pieces_text(&w->text, name_b, w->faults);
    return !w->text.failed && w->text.len == 2 * cut &&
           memcmp(w->text.ptr, w->text.ptr + cut, cut) == 0;
}

/* How many runs of Data with this name come before `data`. */
static size_t earlier_runs(Writer *w, const DomElement *first, const DomElement *data)
{
    size_t runs = 0;
    bool in_run = false;
    for (const DomElement *e = first; e != data; e = e->next) {
        bool same = is_data(e) && same_name(w, e, data);
        if (same && !in_run)
            runs++;
        in_run = same;
    }
    return runs;
}

/* A run of adjacent Data with one name: a value, or an array. Returns the last of the run. */
static const DomElement *write_named_run(Writer *w, const DomElement *first, const DomElement *data)
{
    const DomElement *last = data;
    while (last->next && is_data(last->next) && same_name(w, data, last->next))
        last = last->next;
    size_t repeat = earlier_runs(w, first, data);
    buf_clear(&w->text);
    dom_pieces_text(&w->text, data_name(data), w->faults);
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

static size_t earlier_same(const DomElement *first, const DomElement *element)
{
    size_t n = 0;
    for (const DomElement *e = first; e != element; e = e->next)
        n += text_equal(e->name, element->name);
    return n;
}

static void write_members(Writer *w, const DomElement *element)
{
    bool container = dom_is_container(element->name), positional_done = false;
    const DomElement *first = element->children;
    for (const DomElement *e = first; e; e = e->next) {
        if (!container || !is_data(e)) {
            write_key(w, e->name, earlier_same(first, e));
            write_element(w, e, true, EMPTY_NULL);
            buf_add_char(w->buf, ',');
        } else if (data_name(e)) {
            e = write_named_run(w, first, e);
        } else if (!positional_done) {
            write_positional(w, first);
            positional_done = true;
        }
    }
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
