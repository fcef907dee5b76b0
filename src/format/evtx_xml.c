/* evtx_xml.c: Windows events in XML: Event Viewer, wevtutil, evtxexport, python-evtx. Shapes and
 * fields: docs/formats/evtx_xml.md. */
#include "format/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf16.h"
#include "format/evtx_xml_event.h"
#include "format/evtx_xml_window.h"

#define REFERENCE_MAX 12   /* bytes of "&#x0000000;" */
#define FEED_BYTES    8192 /* given to the parser at once; most events are smaller */

typedef struct Job {
    Sink *sink;
    XmlWindow window;
    XmlEvent *event;
    uint64_t clean; /* before this offset no forbidden characters are left in the window */
    bool told_controls;
    uint64_t foreign_at, foreign_count; /* elements <Event> in a row that are no Windows events */
} Job;

/* ---- probe ---- */

static Confidence probe_text(Text head)
{
    Text t = text_trim(head);
    if (!text_starts(t, TEXT("<")) && !text_starts(t, TEXT("evtxexport")) &&
        !text_starts(t, TEXT("Record ")))
        return CONFIDENCE_NONE;
    size_t at = text_find_text(t, TEXT("<Event"));
    size_t prefixed = text_find_text(t, TEXT(":Event"));
    if (at == SIZE_MAX && prefixed == SIZE_MAX)
        return CONFIDENCE_NONE;
    if (text_find_text(t, TEXT("schemas.microsoft.com/win/2004/08/events/event")) != SIZE_MAX)
        return CONFIDENCE_CERTAIN;
    return text_find_text(t, TEXT("<EventID")) != SIZE_MAX &&
                   text_find_text(t, TEXT("<System>")) != SIZE_MAX
               ? CONFIDENCE_LIKELY
               : CONFIDENCE_NONE;
}

/* UTF-16 in the other byte order. */
static void swap_bytes(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint8_t high = bytes[i];
        bytes[i] = bytes[i + 1];
        bytes[i + 1] = high;
    }
}

static Confidence evtx_xml_probe(Span head, uint64_t item_size)
{
    (void)item_size;
    if (head.len == 0)
        return CONFIDENCE_NONE;
    size_t mark;
    XmlEncoding encoding = xml_encoding(head, &mark);
    Span rest = span_of(head.ptr + mark, head.len - mark);
    if (encoding == XML_UTF8 || encoding == XML_LATIN1)
        return probe_text(text_from_span(rest));
    uint8_t *units = malloc(rest.len + 1);
    char *text = malloc(UTF16_NARROW_ROOM(rest.len));
    Confidence confidence = CONFIDENCE_NONE;
    if (units && text) {
        memcpy(units, rest.ptr, rest.len);
        if (encoding == XML_UTF16BE)
            swap_bytes(units, rest.len);
        confidence = probe_text(text_of(text, utf16_narrow(span_of(units, rest.len), text)));
    }
    free(units);
    free(text);
    return confidence;
}

/* ---- characters that XML forbids ---- */

static bool is_forbidden(uint32_t c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* Remember what stood at bytes[at), which is replaced. false: there are too many. */
static bool replaced(Job *job, size_t at, uint8_t original)
{
    return xml_event_replaced(job->event, job->window.offset + at, original);
}

/* A reference "&#x3;" at bytes[at) to a forbidden character becomes one to a tab of the same
 * length. *ret_len: of the reference; 0: it may be cut by the window's end. */
static bool clean_reference(Job *job, size_t at, size_t *ret_len)
{
    XmlWindow *w = &job->window;
    uint8_t *p = w->bytes + at;
    size_t left = w->have - at, n = 2;
    *ret_len = 1;
    if (left > 1 && p[1] != '#')
        return true;
    bool hex = left > 2 && p[2] == 'x';
    uint32_t code = 0;
    size_t digits = n + hex;
    for (n = digits; n < left && n < REFERENCE_MAX && p[n] != ';'; n++) {
        int digit = p[n] >= '0' && p[n] <= '9'                            ? p[n] - '0'
                    : hex && (p[n] | 0x20) >= 'a' && (p[n] | 0x20) <= 'f' ? (p[n] | 0x20) - 'a' + 10
                                                                          : -1;
        if (digit < 0)
            return true;
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
    }
    if (n >= left) {
        *ret_len = 0;
        return true;
    }
    if (n == digits || n == REFERENCE_MAX || !is_forbidden(code))
        return true;
    *ret_len = n + 1;
    memset(p + digits, '0', n - digits);
    p[n - 1] = '9';
    return replaced(job, at, (uint8_t)code);
}

/* Make the next bytes at the window's position fit for expat: *ret of them, at most FEED_BYTES.
 * None, though there are some: a reference is cut by the window's end. */
static bool clean_bytes(Job *job, size_t *ret)
{
    XmlWindow *w = &job->window;
    size_t stop = w->have - w->pos < FEED_BYTES ? w->have : w->pos + FEED_BYTES;
    uint64_t done = job->clean > w->offset ? job->clean - w->offset : 0;
    size_t at = done > w->pos ? (size_t)done : w->pos;
    while (w->encoding == XML_UTF8 && at < stop) {
        uint8_t c = w->bytes[at];
        size_t len = 1;
        if (c == '&' && !clean_reference(job, at, &len))
            return false;
        if (len == 0 && !w->last)
            break;
        if (is_forbidden(c)) {
            w->bytes[at] = 0x7F;
            if (!replaced(job, at, c))
                return false;
        }
        at += len ? len : 1;
    }
    if (w->encoding != XML_UTF8)
        at = stop;
    job->clean = w->offset + at;
    *ret = at - w->pos;
    return true;
}

/* ---- events ---- */

/* Feed the event at the window's position. On XML_FEED_MORE the item ends inside it. */
static XmlFeed feed_event(Job *job, Err *err)
{
    XmlWindow *w = &job->window;
    uint64_t begin = xml_window_at(w);
    if (!xml_event_begin(job->event, begin, err))
        return XML_FEED_FAILED;
    for (;;) {
        size_t n;
        if (!clean_bytes(job, &n)) {
            err_set(err, ERR_LIMIT, begin, "XML: too many control characters in one event");
            return XML_FEED_DAMAGED;
        }
        XmlFeed feed = XML_FEED_MORE;
        if (n)
            feed = xml_event_feed(job->event, span_of(w->bytes + w->pos, n), err);
        if (feed != XML_FEED_MORE)
            return feed;
        w->pos += n;
        if (n)
            continue;
        if (w->last)
            return XML_FEED_MORE;
        if (!xml_window_fill(w, err))
            return XML_FEED_FAILED;
    }
}

static void tell_foreign(Job *job)
{
    if (job->foreign_count)
        sink_note(job->sink, job->foreign_at, "%" PRIu64 " Event%s without EventID; left out",
                  job->foreign_count, job->foreign_count == 1 ? "" : "s in a row");
    job->foreign_count = 0;
}

static bool commit(Job *job, uint64_t offset, Err *err)
{
    if (!xml_event_is_windows(job->event)) {
        sink_drop(job->sink);
        job->foreign_at = job->foreign_count ? job->foreign_at : offset;
        job->foreign_count++;
        return true;
    }
    tell_foreign(job);
    if (!job->told_controls && xml_event_had_replaced(job->event)) {
        sink_note(job->sink, offset,
                  "events hold control characters that XML forbids; they are read as they are");
        job->told_controls = true;
    }
    if (xml_event_commit(job->event) || !sink_failed(job->sink))
        return true;
    if (err)
        *err = *sink_error(job->sink);
    return false;
}

/* One event, at the window's position. Damage is told by the next gap, which knows how far it
 * reaches: *ret_damage. */
static bool read_event(Job *job, Err *ret_damage, Err *err)
{
    XmlWindow *w = &job->window;
    uint64_t begin = xml_window_at(w);
    Err why = {.code = ERR_NONE};
    XmlFeed feed = feed_event(job, &why);
    if (feed == XML_FEED_DONE) {
        xml_window_seek(w, xml_event_end(job->event));
        return commit(job, begin, err);
    }
    sink_drop(job->sink);
    if (feed == XML_FEED_FAILED) {
        if (err)
            *err = why;
        return false;
    }
    if (feed == XML_FEED_MORE)
        err_set(&why, ERR_FORMAT, xml_window_at(w), "XML: the item ends inside an event");
    uint64_t from = why.offset != ERR_NO_OFFSET ? why.offset : begin;
    xml_window_seek(w, from > begin ? from : begin + w->unit);
    *ret_damage = why;
    return true;
}

/* What lies between two events, and the damaged event before it. */
static void tell_gap(const Job *job, const Err *damage, uint64_t damaged_at, const XmlJunk *junk)
{
    if (damage->code != ERR_NONE) {
        uint64_t end = xml_window_at(&job->window);
        sink_defect(job->sink, damaged_at, end - damaged_at, "event: %s (byte %" PRIu64 ")",
                    damage->text, damage->offset);
    } else if (junk->size && junk->preface) {
        sink_note(job->sink, junk->offset, "text before the first event: %" PRIu64 " bytes",
                  junk->size);
    } else if (junk->size) {
        sink_defect(job->sink, junk->offset, junk->size,
                    "expected an event, found %" PRIu64 " bytes of something else%s", junk->size,
                    junk->doctype ? " (a document type declaration: its entities are refused)"
                                  : "");
    }
}

static bool read_item(Job *job, Err *err)
{
    Err damage = {.code = ERR_NONE};
    uint64_t damaged_at = 0;
    for (;;) {
        XmlJunk junk;
        XmlGap gap = xml_window_gap(&job->window, &junk, err);
        if (gap == XML_GAP_FAILED)
            return false;
        tell_gap(job, &damage, damaged_at, &junk);
        if (gap == XML_GAP_END) {
            tell_foreign(job);
            return true;
        }
        damage.code = ERR_NONE;
        damaged_at = xml_window_at(&job->window);
        sink_progress(job->sink, damaged_at);
        if (!read_event(job, &damage, err))
            return false;
    }
}

static bool evtx_xml_parse(const Input *in, const FormatOptions *options, Sink *sink, Err *err)
{
    (void)options;
    Job job = {.sink = sink};
    bool ok = xml_window_open(&job.window, in, err);
    if (ok) {
        job.event = xml_event_create(sink, XML_ENCODING_NAME[job.window.encoding], err);
        ok = job.event && read_item(&job, err);
    }
    xml_event_destroy(job.event);
    xml_window_close(&job.window);
    return ok;
}

const Format evtx_xml_format = {
    .name = "evtx_xml",
    .summary = "Windows events in XML (Event Viewer, wevtutil, evtxexport, python-evtx)",
    .doc = "docs/formats/evtx_xml.md",
    .probe = evtx_xml_probe,
    .parse = evtx_xml_parse,
    .computer_field = "System.Computer",
    .split = SPLIT_NEVER,
};
