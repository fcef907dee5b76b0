#include "format/evtx_xml_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define WINDOW_BYTES    (256u * 1024)
#define DECLARATION_MAX 256   /* bytes in which the encoding is looked for */
#define COMMENT_MAX     32768 /* units of a comment between events */
#define MARKUP_MAX      1024  /* units of a declaration or a tag of <Events> */
#define TAG_NAME_MAX    80    /* units of a tag that decide what it is */

const char *const XML_ENCODING_NAME[XML_ENCODING_COUNT] = {
    [XML_UTF8] = "UTF-8",
    [XML_UTF16LE] = "UTF-16LE",
    [XML_UTF16BE] = "UTF-16BE",
    [XML_LATIN1] = "ISO-8859-1",
};

/* Does the declaration name an 8-bit code page? What it holds beyond ASCII is then read as
 * Latin-1, the nearest that expat knows. */
static bool declares_latin(Text head)
{
    static const Text NAMES[] = {
        {"iso-8859-1", 10}, {"windows-1252", 12}, {"latin1", 6}, {"us-ascii", 8}, {"cp1252", 6}};
    if (!text_starts(head, TEXT("<?xml")))
        return false;
    Text declaration = text_of(head.ptr, text_find(head, '>'));
    for (size_t i = 0; i + 6 < declaration.len; i++) {
        Text rest = text_of(declaration.ptr + i, declaration.len - i);
        for (size_t n = 0; n < sizeof NAMES / sizeof NAMES[0]; n++)
            if (rest.len >= NAMES[n].len &&
                text_equal_nocase(text_of(rest.ptr, NAMES[n].len), NAMES[n]))
                return true;
    }
    return false;
}

XmlEncoding xml_encoding(Span head, size_t *ret_mark)
{
    *ret_mark = 2;
    if (span_starts_with(head, "\xFF\xFE", 2))
        return XML_UTF16LE;
    if (span_starts_with(head, "\xFE\xFF", 2))
        return XML_UTF16BE;
    *ret_mark = 0;
    if (span_starts_with(head, "<\0", 2))
        return XML_UTF16LE;
    if (span_starts_with(head, "\0<", 2))
        return XML_UTF16BE;
    if (span_starts_with(head, "\xEF\xBB\xBF", 3)) {
        *ret_mark = 3;
        return XML_UTF8;
    }
    Text text =
        text_of((const char *)head.ptr, head.len < DECLARATION_MAX ? head.len : DECLARATION_MAX);
    return declares_latin(text) ? XML_LATIN1 : XML_UTF8;
}

bool xml_window_open(XmlWindow *w, const Input *in, Err *err)
{
    *w = (XmlWindow){.in = in, .bytes = malloc(WINDOW_BYTES)};
    if (!w->bytes)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "reading XML");
    if (!xml_window_fill(w, err))
        return false;
    size_t mark;
    w->encoding = xml_encoding(span_of(w->bytes, w->have), &mark);
    w->unit = w->encoding == XML_UTF16LE || w->encoding == XML_UTF16BE ? 2 : 1;
    w->pos = mark;
    return true;
}

void xml_window_close(XmlWindow *w)
{
    free(w->bytes);
    *w = (XmlWindow){0};
}

bool xml_window_fill(XmlWindow *w, Err *err)
{
    memmove(w->bytes, w->bytes + w->pos, w->have - w->pos);
    w->offset += w->pos;
    w->have -= w->pos;
    w->pos = 0;
    Err why = {.code = ERR_NONE};
    size_t got =
        input_read(w->in, w->offset + w->have, w->bytes + w->have, WINDOW_BYTES - w->have, &why);
    w->have += got;
    w->last = got == 0 && w->have < WINDOW_BYTES;
    if (why.code != ERR_NONE && err)
        *err = why;
    return why.code == ERR_NONE;
}

void xml_window_seek(XmlWindow *w, uint64_t offset)
{
    uint64_t at = offset > w->offset ? offset - w->offset : 0;
    w->pos = at < w->have ? (size_t)at : w->have;
}

/* Unit number `i` from pos; 0 when it is not there. */
static unsigned unit_at(const XmlWindow *w, size_t i)
{
    size_t at = w->pos + i * w->unit;
    if (at + w->unit > w->have)
        return 0;
    const uint8_t *p = w->bytes + at;
    if (w->unit == 1)
        return *p;
    return w->encoding == XML_UTF16LE ? load_u16le(p) : (unsigned)p[0] << 8 | p[1];
}

static bool is_blank(unsigned c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool stands_here(const XmlWindow *w, size_t from, const char *word)
{
    for (size_t i = 0; word[i]; i++)
        if (unit_at(w, from + i) != (unsigned char)word[i])
            return false;
    return true;
}

/* Are at least `units` more in the window, or all that there are? */
static bool ensure(XmlWindow *w, size_t units, Err *err)
{
    while (!w->last && w->have - w->pos < units * w->unit)
        if (!xml_window_fill(w, err))
            return false;
    return true;
}

static bool at_end(const XmlWindow *w)
{
    return w->last && w->have - w->pos < w->unit;
}

/* Step over the next unit. */
static void step(XmlWindow *w, size_t units)
{
    size_t n = units * w->unit, left = w->have - w->pos;
    w->pos += n < left ? n : left;
}

/* Step over what begins here and ends with `word`. What has no such end near is not stepped over:
 * *ret_found. Declarations and tags hold no "<", comments do. */
static bool skip_to(XmlWindow *w, const char *word, bool is_comment, bool *ret_found, Err *err)
{
    const size_t limit = is_comment ? COMMENT_MAX : MARKUP_MAX;
    if (!ensure(w, limit, err))
        return false;
    *ret_found = false;
    size_t i = 1;
    if (is_comment && w->no_comment_end > xml_window_at(w))
        i += (size_t)(w->no_comment_end - xml_window_at(w)) / w->unit;
    for (; i < limit && (is_comment || unit_at(w, i) != '<'); i++) {
        if (!stands_here(w, i, word))
            continue;
        step(w, i + strlen(word));
        *ret_found = true;
        return true;
    }
    if (is_comment)
        w->no_comment_end = xml_window_at(w) + (limit - 1) * w->unit;
    return true;
}

typedef enum Tag { TAG_EVENT, TAG_EVENTS, TAG_OTHER } Tag;

/* What the "<" at pos begins; `from`: its name's first unit. A prefix ("ns0:") does not matter. */
static Tag tag_here(const XmlWindow *w, size_t from)
{
    for (size_t i = from; i < TAG_NAME_MAX; i++) {
        unsigned c = unit_at(w, i);
        if (c == ':')
            from = i + 1;
        else if (c == 0 || c == '>' || c == '/' || is_blank(c))
            break;
    }
    static const struct {
        const char *name;
        Tag tag;
    } NAMES[] = {{"Events", TAG_EVENTS}, {"Event", TAG_EVENT}};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        unsigned after = unit_at(w, from + strlen(NAMES[i].name));
        if (stands_here(w, from, NAMES[i].name) &&
            (after == '>' || after == '/' || is_blank(after)))
            return NAMES[i].tag;
    }
    return TAG_OTHER;
}

/* Units of "Record 17", which evtx_dump prints before each event; 0 if that is not what is here. */
static size_t record_word(const XmlWindow *w)
{
    size_t n = 7;
    if (!stands_here(w, 0, "Record "))
        return 0;
    while (n < TAG_NAME_MAX && unit_at(w, n) >= '0' && unit_at(w, n) <= '9')
        n++;
    unsigned after = unit_at(w, n);
    return n > 7 && (after == 0 || is_blank(after)) ? n : 0;
}

/* Step over one thing between events. *ret_clean: it may stand there. */
static bool skip_thing(XmlWindow *w, bool *ret_clean, Err *err)
{
    *ret_clean = true;
    if (is_blank(unit_at(w, 0))) {
        step(w, 1);
        return true;
    }
    bool comment = stands_here(w, 0, "<!--"), declaration = stands_here(w, 0, "<?");
    bool wrapper =
        unit_at(w, 0) == '<' && tag_here(w, stands_here(w, 0, "</") ? 2 : 1) == TAG_EVENTS;
    if (comment || declaration || wrapper) {
        const char *word = comment ? "-->" : declaration ? "?>" : ">";
        if (!skip_to(w, word, comment, ret_clean, err))
            return false;
        if (*ret_clean)
            return true;
    }
    size_t n = record_word(w), there = (w->have - w->pos) / w->unit;
    *ret_clean = n > 0;
    if (!*ret_clean) /* up to what may be something else */
        for (n = 1; n < there && unit_at(w, n) != '<' && unit_at(w, n) != 'R';)
            n++;
    step(w, n);
    return true;
}

XmlGap xml_window_gap(XmlWindow *w, XmlJunk *ret, Err *err)
{
    XmlJunk junk = {.preface = xml_window_at(w) < TAG_NAME_MAX};
    for (;;) {
        if (!ensure(w, TAG_NAME_MAX, err))
            return XML_GAP_FAILED;
        bool end = at_end(w);
        bool tag = !end && unit_at(w, 0) == '<';
        uint64_t at = xml_window_at(w);
        if (end && w->have > w->pos) { /* half a unit */
            junk.offset = junk.size ? junk.offset : at;
            junk.size = w->offset + w->have - junk.offset;
            junk.preface = false;
        }
        if (end || (tag && tag_here(w, 1) == TAG_EVENT)) {
            *ret = junk;
            return end ? XML_GAP_END : XML_GAP_EVENT;
        }
        bool doctype = tag && stands_here(w, 0, "<!DOCTYPE"), clean;
        if (!skip_thing(w, &clean, err))
            return XML_GAP_FAILED;
        if (clean)
            continue;
        if (junk.size == 0)
            junk.offset = at;
        junk.size = xml_window_at(w) - junk.offset;
        junk.preface = junk.preface && !tag;
        junk.doctype = junk.doctype || doctype;
    }
}
