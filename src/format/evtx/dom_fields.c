/* dom_fields.c: a record's document as native fields. Naming: System.…, EventData's Data by its
 * Name or param1..n, UserData's nested names dotted without "UserData."; see docs/formats/evtx.md.
 */
#include "format/evtx/dom.h"

#include "base/buf.h"
#include "format/evtx/scalar.h"

typedef struct Fields {
    Sink *sink;
    Buf *scratch; /* path of the current element, then joined text behind it */
    uint32_t params;
    unsigned *faults;
} Fields;

static void add_pieces(Fields *f, Text name_text, const DomPiece *pieces)
{
    NameId name = sink_name(f->sink, name_text);
    if (!pieces) {
        sink_add(f->sink, name, (Value){.type = VALUE_NULL});
        return;
    }
    if (!pieces->next && pieces->kind == PIECE_VALUE) {
        evtx_sink_value(f->sink, name, pieces->type, pieces->bytes.ptr, pieces->bytes.len,
                        f->faults);
        return;
    }
    size_t mark = f->scratch->len;
    dom_pieces_text(f->scratch, pieces, f->faults);
    if (!f->scratch->failed) /* else the event is dropped at the end */
        sink_add_text(f->sink, name, text_of(f->scratch->ptr + mark, f->scratch->len - mark));
    f->scratch->len = mark;
}

static Text path_text(const Fields *f)
{
    return buf_text(f->scratch);
}

/* Append ".name" (or "name" at the start) to the path; returns the mark to go back to. */
static size_t path_push(Fields *f, Text name)
{
    size_t mark = f->scratch->len;
    if (mark)
        buf_add_char(f->scratch, '.');
    buf_add_text(f->scratch, name);
    return mark;
}

static bool is_namespace(Text name)
{
    return text_equal(name, TEXT("xmlns")) || text_starts(name, TEXT("xmlns:"));
}

/* `skip`: an attribute that has become the name. */
static void add_attributes(Fields *f, const DomElement *element, const DomAttribute *skip)
{
    for (const DomAttribute *a = element->attributes; a; a = a->next) {
        if (a == skip || is_namespace(a->name) || dom_pieces_empty(a->pieces))
            continue;
        size_t mark = path_push(f, a->name);
        add_pieces(f, path_text(f), a->pieces);
        f->scratch->len = mark;
    }
}

static void add_element(Fields *f, const DomElement *element, bool keep_empty);

static void add_data(Fields *f, const DomElement *data)
{
    const DomAttribute *name = dom_attribute(data, TEXT("Name"));
    size_t mark = f->scratch->len;
    f->scratch->len = 0; /* Data names stand alone, wherever the container is */
    if (name && !dom_pieces_empty(name->pieces)) {
        dom_pieces_text(f->scratch, name->pieces, f->faults);
    } else {
        BUF_LITERAL(f->scratch, "param");
        buf_add_u64(f->scratch, ++f->params);
        name = NULL;
    }
    if (!dom_pieces_empty(data->pieces) || !data->children)
        add_pieces(f, path_text(f), data->pieces);
    add_attributes(f, data, name);
    for (const DomElement *e = data->children; e; e = e->next)
        add_element(f, e, true);
    f->scratch->len = mark;
}

static void add_children(Fields *f, const DomElement *element, bool keep_empty)
{
    bool container = dom_is_container(element->name);
    for (const DomElement *e = element->children; e; e = e->next) {
        if (container && text_equal(e->name, TEXT("Data")))
            add_data(f, e);
        else
            add_element(f, e, keep_empty);
    }
}

/* An element below the path: its text under its own name, attributes and children below that. */
static void add_element(Fields *f, const DomElement *element, bool keep_empty)
{
    size_t mark = path_push(f, element->name);
    bool bare = !element->children && !element->attributes;
    if (!dom_pieces_empty(element->pieces) || (keep_empty && bare))
        add_pieces(f, path_text(f), element->pieces);
    add_attributes(f, element, NULL);
    add_children(f, element, keep_empty);
    f->scratch->len = mark;
}

bool dom_sink_fields(Sink *sink, const DomElement *document, Buf *scratch, unsigned *faults)
{
    Fields f = {.sink = sink, .scratch = scratch, .faults = faults};
    buf_clear(scratch);
    for (const DomElement *root = document->children; root; root = root->next) {
        if (!text_equal(root->name, TEXT("Event"))) {
            add_element(&f, root, true);
            continue;
        }
        for (const DomElement *part = root->children; part; part = part->next) {
            if (dom_is_container(part->name)) {
                if (!dom_pieces_empty(part->pieces))
                    add_pieces(&f, part->name, part->pieces);
                size_t mark = path_push(&f, part->name);
                add_attributes(&f, part, NULL);
                scratch->len = mark;
                add_children(&f, part, true);
            } else {
                add_element(&f, part, !text_equal(part->name, TEXT("System")));
            }
        }
    }
    if (scratch->failed)
        sink_drop(sink);
    return !scratch->failed;
}
