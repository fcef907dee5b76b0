#include "format/evtx_xml_event.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "format/windows_fields.h"

#define PATH_LIMIT   (1u * 1024 * 1024)
#define ARENA_LIMIT  (64u * 1024 * 1024) /* texts of System that outlive their element */
#define REPLACED_MAX 65536u
#define EVENT_XMLNS  "http://schemas.microsoft.com/win/2004/08/events/event"

typedef enum Part { PART_NONE, PART_SYSTEM, PART_CONTAINER, PART_OTHER } Part;

typedef struct Element {
    size_t path;       /* length of the path before this element */
    size_t text;       /* where its text begins in `text` */
    bool has_children; /* … or attributes: then emptiness says nothing */
    bool has_attributes;
    bool is_data; /* Data directly in EventData or UserData */
} Element;

typedef struct Replaced {
    uint64_t offset;
    uint8_t original;
} Replaced;

struct XmlEvent {
    Sink *sink;
    const char *encoding;
    XML_Parser parser;
    unsigned long salt; /* for expat's tables: it would ask the kernel for each event */
    Arena *arena;
    Buf path, text;
    WindowsEvent event;
    uint64_t offset; /* of the event in the item */
    uint64_t end, fed;
    Span piece; /* what is being fed; its first byte is number `piece_at` of the event */
    uint64_t piece_at;
    uint8_t before; /* last byte of the piece before that */
    size_t unit;    /* bytes of a character's unit */
    Part part;
    unsigned depth; /* open elements */
    Element stack[XML_DEPTH_MAX];
    uint32_t params;
    bool done, no_memory;
    Err damage; /* what our handlers object to */
    Replaced *replaced;
    size_t replaced_count, replaced_cap, replaced_next;
};

void xml_event_destroy(XmlEvent *x)
{
    if (!x)
        return;
    if (x->parser)
        XML_ParserFree(x->parser);
    arena_destroy(x->arena);
    buf_done(&x->path);
    buf_done(&x->text);
    free(x->replaced);
    free(x);
}

XmlEvent *xml_event_create(Sink *sink, const char *encoding, Err *err)
{
    XmlEvent *x = calloc(1, sizeof *x);
    if (x) {
        x->sink = sink;
        x->encoding = encoding;
        x->unit = strncmp(encoding, "UTF-16", 6) == 0 ? 2 : 1;
        buf_init(&x->path, PATH_LIMIT);
        buf_init(&x->text, 2 * XML_TEXT_MAX);
        x->arena = arena_create(ARENA_LIMIT);
        x->parser = XML_ParserCreate(encoding);
        x->salt = (unsigned long)hash64(&x, sizeof x, (uint64_t)(uintptr_t)x->arena) | 1;
    }
    if (x && x->arena && x->parser)
        return x;
    xml_event_destroy(x);
    err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading XML");
    return NULL;
}

static uint64_t here(const XmlEvent *x)
{
    XML_Index index = XML_GetCurrentByteIndex(x->parser);
    return x->offset + (index > 0 ? (uint64_t)index : 0);
}

static void object(XmlEvent *x, ErrCode code, const char *why)
{
    if (x->damage.code == ERR_NONE && !x->done)
        err_set(&x->damage, code, here(x), "XML: %s", why);
    XML_StopParser(x->parser, XML_FALSE);
}

/* "name" of "prefix:name". */
static Text local_name(const char *name)
{
    Text t = text_from_z(name);
    size_t colon = text_find(t, ':');
    return colon < t.len ? text_of(t.ptr + colon + 1, t.len - colon - 1) : t;
}

/* ---- values ---- */

static void push_path(XmlEvent *x, Text name)
{
    if (x->path.len)
        buf_add_char(&x->path, '.');
    buf_add_text(&x->path, name);
}

static void add_system(XmlEvent *x, Text text)
{
    Text name = buf_text(&x->path), kept;
    if (!arena_copy_text(x->arena, text, &kept)) {
        object(x, ERR_LIMIT, "the event's System is too large");
        return;
    }
    windows_add_system(x->sink, &x->event, windows_field(name), sink_name(x->sink, name), kept);
}

/* A value under the current path. */
static void add_value(XmlEvent *x, Text text)
{
    if (x->path.failed) {
        object(x, ERR_LIMIT, "the names of nested elements are too long");
        return;
    }
    if (x->part == PART_SYSTEM) {
        add_system(x, text);
        return;
    }
    NameId name = sink_name(x->sink, buf_text(&x->path));
    if (text.len)
        sink_add_text(x->sink, name, text);
    else
        sink_add(x->sink, name, (Value){.type = VALUE_NULL});
}

/* `skip`: an attribute that has become the name. Empty ones are left out, as in EVTX files. */
static void add_attributes(XmlEvent *x, const XML_Char **attributes, const char *skip)
{
    for (; *attributes; attributes += 2) {
        Text name = text_from_z(attributes[0]), value = text_from_z(attributes[1]);
        if (attributes[0] == skip || windows_is_namespace(name) || value.len == 0)
            continue;
        size_t mark = x->path.len;
        push_path(x, local_name(attributes[0]));
        add_value(x, value);
        x->path.len = mark;
    }
}

/* ---- elements ---- */

/* Data of EventData or UserData: named by its Name, or param1, param2, … */
static void begin_data(XmlEvent *x, const XML_Char **attributes)
{
    const char *key = NULL;
    x->path.len = 0;
    for (const XML_Char **a = attributes; *a; a += 2) {
        if (strcmp(a[0], "Name") == 0 && *a[1]) {
            key = a[0];
            buf_add_text(&x->path, text_from_z(a[1]));
        }
    }
    if (!key) {
        BUF_LITERAL(&x->path, "param");
        buf_add_u64(&x->path, ++x->params);
    }
    add_attributes(x, attributes, key);
}

/* System, EventData, … directly in Event. */
static void begin_part(XmlEvent *x, Text name, const XML_Char **attributes)
{
    x->path.len = 0;
    if (text_equal(name, TEXT("System")))
        x->part = PART_SYSTEM;
    else if (text_equal(name, TEXT("EventData")) || text_equal(name, TEXT("UserData")))
        x->part = PART_CONTAINER;
    else
        x->part = PART_OTHER;
    if (text_equal(name, TEXT("RenderingInfo")))
        buf_add_text(&x->path, TEXT("Export"));
    push_path(x, name);
    add_attributes(x, attributes, NULL);
}

/* An event inside an event: the end of the first is lost. UserData may hold an element of that name
 * that means something else. */
static bool begins_again(const XmlEvent *x, Text name, const XML_Char **attributes)
{
    if (!text_equal(name, TEXT("Event")) || x->depth == 0)
        return false;
    if (x->depth == 1)
        return true;
    for (; *attributes; attributes += 2)
        if (windows_is_namespace(text_from_z(attributes[0])) &&
            strcmp(attributes[1], EVENT_XMLNS) == 0)
            return true;
    return false;
}

static void on_start(void *ctx, const XML_Char *full_name, const XML_Char **attributes)
{
    XmlEvent *x = ctx;
    Text name = local_name(full_name);
    if (begins_again(x, name, attributes)) {
        object(x, ERR_FORMAT, "an event begins before the last one has ended");
        return;
    }
    if (x->depth == XML_DEPTH_MAX) {
        object(x, ERR_LIMIT, "elements are nested too deep");
        return;
    }
    Element *element = &x->stack[x->depth];
    *element =
        (Element){.path = x->path.len, .text = x->text.len, .has_attributes = *attributes != NULL};
    if (x->depth > 0)
        x->stack[x->depth - 1].has_children = true;
    x->depth++;
    if (x->depth == 1) {
        buf_add_text(&x->path, TEXT("Event"));
        x->part = PART_OTHER;
        add_attributes(x, attributes, NULL);
    } else if (x->depth == 2) {
        begin_part(x, name, attributes);
    } else {
        if (x->depth == 3 && x->part == PART_CONTAINER)
            x->path.len = 0; /* names below stand alone */
        element->is_data =
            x->depth == 3 && x->part == PART_CONTAINER && text_equal(name, TEXT("Data"));
        if (element->is_data) {
            begin_data(x, attributes);
        } else {
            push_path(x, name);
            add_attributes(x, attributes, NULL);
        }
    }
}

/* The text of an element that ends, or that it has none. */
static void add_element(XmlEvent *x, const Element *element)
{
    Text text = {.len = x->text.len - element->text};
    if (text.len)
        text.ptr = x->text.ptr + element->text;
    if (element->has_children)
        text = text_trim(text); /* line breaks and indentation between elements */
    bool bare = !element->has_children && (element->is_data || !element->has_attributes);
    bool below = x->depth > 2 || (x->depth == 2 && x->part == PART_OTHER);
    if (text.len || (bare && below && x->part != PART_SYSTEM))
        add_value(x, text);
}

static void on_end(void *ctx, const XML_Char *full_name)
{
    XmlEvent *x = ctx;
    (void)full_name;
    if (x->damage.code != ERR_NONE || x->done || x->depth == 0)
        return;
    const Element *element = &x->stack[x->depth - 1];
    if (x->text.failed)
        object(x, ERR_LIMIT, "an element has too much text");
    else
        add_element(x, element);
    x->text.len = element->text;
    x->path.len = element->path;
    x->depth--;
    if (x->depth == 1)
        x->part = PART_OTHER;
    if (x->depth > 0 || x->damage.code != ERR_NONE)
        return;
    int bytes = XML_GetCurrentByteCount(x->parser);
    x->end = here(x) + (bytes > 0 ? (uint64_t)bytes : 0);
    x->done = true;
    XML_StopParser(x->parser, XML_FALSE);
}

/* Put forbidden characters back into text that stands at `offset`, `len` bytes there and here, or a
 * reference that gave one byte. */
static void restore(XmlEvent *x, char *text, size_t len)
{
    uint64_t offset = here(x);
    while (x->replaced_next < x->replaced_count && x->replaced[x->replaced_next].offset < offset)
        x->replaced_next++;
    for (size_t i = x->replaced_next; i < x->replaced_count; i++) {
        if (x->replaced[i].offset - offset >= len)
            break;
        text[x->replaced[i].offset - offset] = (char)x->replaced[i].original;
    }
}

/* XML makes one line feed of every line end; this is the line end that stands in the item. */
static Text line_end(const XmlEvent *x)
{
    int bytes = XML_GetCurrentByteCount(x->parser);
    if (bytes == (int)(2 * x->unit))
        return TEXT("\r\n");
    XML_Index index = XML_GetCurrentByteIndex(x->parser);
    uint64_t at = index > 0 ? (uint64_t)index : 0;
    uint8_t first = at + 1 == x->piece_at ? x->before : '\n';
    for (size_t i = 0; i < x->unit; i++)
        if (at + i >= x->piece_at && at + i - x->piece_at < x->piece.len &&
            x->piece.ptr[at + i - x->piece_at] == '\r')
            first = '\r';
    return first == '\r' ? TEXT("\r") : TEXT("\n");
}

static void on_text(void *ctx, const XML_Char *text, int len)
{
    XmlEvent *x = ctx;
    if (len <= 0 || x->depth == 0 || x->damage.code != ERR_NONE || x->done)
        return;
    size_t mark = x->text.len;
    if (len == 1 && *text == '\n')
        buf_add_text(&x->text, line_end(x));
    else
        buf_add(&x->text, text, (size_t)len);
    if (x->text.failed || x->text.len - x->stack[x->depth - 1].text > XML_TEXT_MAX)
        object(x, ERR_LIMIT, "an element has too much text");
    else if (x->replaced_count && *text != '\n')
        restore(x, x->text.ptr + mark, (size_t)len);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    object(ctx, ERR_UNSUPPORTED, "a document type declaration");
}

/* What was replaced before this event does not matter any more. */
static void forget_replaced(XmlEvent *x)
{
    size_t kept = 0;
    for (size_t i = 0; i < x->replaced_count; i++)
        if (x->replaced[i].offset >= x->offset)
            x->replaced[kept++] = x->replaced[i];
    x->replaced_count = kept;
    x->replaced_next = 0;
}

bool xml_event_begin(XmlEvent *x, uint64_t offset, Err *err)
{
    if (!XML_ParserReset(x->parser, x->encoding))
        return err_set(err, ERR_NO_MEMORY, offset, "reading XML");
    XML_SetUserData(x->parser, x);
    XML_SetHashSalt(x->parser, x->salt);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    arena_clear(x->arena);
    buf_clear(&x->path);
    buf_clear(&x->text);
    windows_event_begin(&x->event, offset, 0);
    x->offset = offset;
    x->end = x->fed = 0;
    x->before = 0;
    x->part = PART_NONE;
    x->depth = 0;
    x->params = 0;
    x->done = false;
    x->damage = (Err){.code = ERR_NONE};
    forget_replaced(x);
    return true;
}

static XmlFeed damaged(XmlEvent *x, const Err *why, Err *err)
{
    sink_drop(x->sink);
    if (err)
        *err = *why;
    return XML_FEED_DAMAGED;
}

XmlFeed xml_event_feed(XmlEvent *x, Span bytes, Err *err)
{
    Err why = {.code = ERR_NONE};
    if (bytes.len > XML_EVENT_MAX || x->fed + bytes.len > XML_EVENT_MAX) {
        err_set(&why, ERR_LIMIT, x->offset + x->fed, "XML: the event is too long");
        return damaged(x, &why, err);
    }
    x->piece = bytes;
    x->piece_at = x->fed;
    x->fed += bytes.len;
    bool more = XML_Parse(x->parser, (const char *)bytes.ptr, (int)bytes.len, 0) == XML_STATUS_OK;
    x->before = bytes.len ? bytes.ptr[bytes.len - 1] : x->before;
    x->piece = (Span){0};
    if (more)
        return XML_FEED_MORE;
    enum XML_Error code = XML_GetErrorCode(x->parser);
    if (x->damage.code != ERR_NONE)
        return damaged(x, &x->damage, err);
    if (x->done) {
        x->event.size =
            x->end - x->offset > UINT32_MAX ? UINT32_MAX : (uint32_t)(x->end - x->offset);
        return XML_FEED_DONE;
    }
    if (code == XML_ERROR_NO_MEMORY) {
        err_set(err, ERR_NO_MEMORY, x->offset, "reading XML");
        return XML_FEED_FAILED;
    }
    err_set(&why, ERR_FORMAT, here(x), "XML: %s", XML_ErrorString(code));
    return damaged(x, &why, err);
}

uint64_t xml_event_end(const XmlEvent *x)
{
    return x->end;
}

bool xml_event_is_windows(const XmlEvent *x)
{
    return x->event.code.len > 0;
}

bool xml_event_commit(XmlEvent *x)
{
    return windows_commit(x->sink, &x->event);
}

bool xml_event_replaced(XmlEvent *x, uint64_t offset, uint8_t original)
{
    if (x->replaced_count == REPLACED_MAX)
        return false;
    if (x->replaced_count == x->replaced_cap) {
        size_t cap = x->replaced_cap ? 2 * x->replaced_cap : 64;
        Replaced *replaced = realloc(x->replaced, cap * sizeof *replaced);
        if (!replaced)
            return false;
        x->replaced = replaced;
        x->replaced_cap = cap;
    }
    x->replaced[x->replaced_count++] = (Replaced){.offset = offset, .original = original};
    return true;
}

bool xml_event_had_replaced(const XmlEvent *x)
{
    return x->replaced_count > 0 && x->replaced[0].offset < x->end;
}
