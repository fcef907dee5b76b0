/* evtx_xml_event.h: one <Event>…</Event> of an XML export, fed piece by piece, to an event.
 *
 * expat checks the XML; a parser lives for one event, so damage in one cannot reach the next, and a
 * document type declaration (entities!) cannot stand where expat would see it. */
#ifndef FORMAT_EVTX_XML_EVENT_H
#define FORMAT_EVTX_XML_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "event/sink.h"

#define XML_DEPTH_MAX 64
#define XML_TEXT_MAX  (16u * 1024 * 1024) /* of one element */
#define XML_EVENT_MAX (64u * 1024 * 1024) /* bytes of one event */

typedef struct XmlEvent XmlEvent;

/* `encoding`: a name that expat knows. */
XmlEvent *xml_event_create(Sink *sink, const char *encoding, Err *err);
void xml_event_destroy(XmlEvent *event); /* NULL is fine */
static inline void xml_event_destroyp(XmlEvent **event)
{
    xml_event_destroy(*event);
}

/* A new event, whose "<" is at `offset` in the item. */
bool xml_event_begin(XmlEvent *event, uint64_t offset, Err *err);

typedef enum XmlFeed {
    XML_FEED_MORE,    /* the event goes on */
    XML_FEED_DONE,    /* it has ended, at xml_event_end; its fields wait in the sink */
    XML_FEED_DAMAGED, /* it cannot be read: err says why and where; the sink holds nothing of it */
    XML_FEED_FAILED,  /* no memory */
} XmlFeed;

XmlFeed xml_event_feed(XmlEvent *event, Span bytes, Err *err);

/* Offset behind the event. */
uint64_t xml_event_end(const XmlEvent *event);

/* After XML_FEED_DONE: is it a Windows event (it has an EventID)? If so commit it, else drop it. */
bool xml_event_is_windows(const XmlEvent *event);
bool xml_event_commit(XmlEvent *event); /* as sink_commit */

/* A control character that XML forbids stood at `offset` in the item, and was replaced there by
 * something of the same length that XML allows. It is put back in the text of elements. */
bool xml_event_replaced(XmlEvent *event, uint64_t offset, uint8_t original);

/* After XML_FEED_DONE: was there such a character in the event? */
bool xml_event_had_replaced(const XmlEvent *event);

#endif
