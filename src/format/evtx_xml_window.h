/* evtx_xml_window.h: the bytes of an XML file through a sliding window, and what may stand between
 * its events. */
#ifndef FORMAT_EVTX_XML_WINDOW_H
#define FORMAT_EVTX_XML_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "format/input.h"

typedef enum XmlEncoding {
    XML_UTF8,
    XML_UTF16LE,
    XML_UTF16BE,
    XML_LATIN1,
    XML_ENCODING_COUNT
} XmlEncoding;

/* As expat calls them. */
extern const char *const XML_ENCODING_NAME[XML_ENCODING_COUNT];

/* From a byte order mark, from zero bytes, or from the declaration in the first bytes of an item.
 * *ret_mark: length of the mark. */
XmlEncoding xml_encoding(Span head, size_t *ret_mark);

typedef struct XmlWindow {
    const Input *in;
    XmlEncoding encoding;
    size_t unit; /* bytes of a character's unit */
    uint8_t *bytes;
    size_t have, pos;
    uint64_t offset;         /* of bytes[0] in the item */
    bool last;               /* no more bytes than these */
    uint64_t no_comment_end; /* before this offset no comment ends */
} XmlWindow;

bool xml_window_open(XmlWindow *window, const Input *in, Err *err);
void xml_window_close(XmlWindow *window);

static inline uint64_t xml_window_at(const XmlWindow *window)
{
    return window->offset + window->pos;
}

static inline Span xml_window_rest(const XmlWindow *window)
{
    return span_of(window->bytes + window->pos, window->have - window->pos);
}

/* Read on, keeping bytes[pos..have). Once there are no more, `last` is set. Going on while
 * bytes[0] is what is kept and the window is full would read nothing: consume first. false: read
 * error. */
bool xml_window_fill(XmlWindow *window, Err *err);

/* Go to an offset at or after bytes[0], not beyond what was read. */
void xml_window_seek(XmlWindow *window, uint64_t offset);

typedef enum XmlGap {
    XML_GAP_EVENT, /* "<Event" begins here */
    XML_GAP_END,
    XML_GAP_FAILED, /* read error */
} XmlGap;

/* What stood between events and should not have. */
typedef struct XmlJunk {
    uint64_t offset, size; /* size 0: there was none */
    bool preface;          /* plain text before the first tag of the item: evtxexport's name */
    bool doctype;          /* a document type declaration is in it */
} XmlJunk;

/* Step over what stands before the next event. Blanks, declarations, comments, the tags of <Events>
 * and evtx_dump's "Record 1" may; *ret says what else there was. */
XmlGap xml_window_gap(XmlWindow *window, XmlJunk *ret, Err *err);

#endif
