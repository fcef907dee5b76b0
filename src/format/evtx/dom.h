/* dom.h: one record with all its values in place, as a small document.
 *
 * This is the general way to read a record: it knows every token, nesting, array and oddity, and
 * keeps what could be read of a damaged one. The compiled plans (plan.h) do the ordinary records
 * faster and give the same output; a test holds the two against each other. */
#ifndef FORMAT_EVTX_DOM_H
#define FORMAT_EVTX_DOM_H

#include "base/buf.h"
#include "event/sink.h"
#include "format/evtx/binxml.h"

#define DOM_ELEMENTS_MAX 100000 /* of one record, arrays expanded */
#define DOM_ARRAYS_MAX   8      /* that one element repeats for */

/* Nodes looked at for one record, and for all of one chunk. Values within values and lists can
 * unfold without limit and without giving an element; an honest chunk stays below a million. */
#define DOM_STEPS_MAX       (4u * 1024 * 1024)
#define DOM_CHUNK_STEPS_MAX (32u * 1024 * 1024)

typedef enum PieceKind { PIECE_LITERAL, PIECE_VALUE, PIECE_CHAR, PIECE_UTF8 } PieceKind;

/* A run of text or one scalar value. */
typedef struct DomPiece {
    PieceKind kind;
    uint8_t type; /* PIECE_VALUE: a scalar EVTX type */
    Span bytes;   /* PIECE_LITERAL: UTF-16LE; PIECE_VALUE: as found; PIECE_UTF8: text */
    uint32_t code_point;
    struct DomPiece *next;
} DomPiece;

typedef struct DomAttribute {
    Text name;
    DomPiece *pieces;
    struct DomAttribute *next;
} DomAttribute;

typedef struct DomElement {
    Text name;
    DomAttribute *attributes;
    DomPiece *pieces; /* text around and between the children, joined */
    struct DomElement *children;
    struct DomElement *next;
} DomElement;

/* The document of the XML data in [begin, end) of the chunk; its children are the roots, normally
 * one Event. Damage: *ret holds what could be read, false with err. `scratch` owns the result. */
bool dom_build(Binxml *bx, Arena *scratch, uint32_t begin, uint32_t end, DomElement **ret,
               Err *err);

/* No text in it (values may be there, but empty). */
bool dom_pieces_empty(const DomPiece *pieces);
/* Append as UTF-8 text. */
void dom_pieces_text(Buf *buf, const DomPiece *pieces, unsigned *faults);
const DomAttribute *dom_attribute(const DomElement *element, Text name);
static inline bool dom_is_container(Text name)
{
    return text_equal(name, TEXT("EventData")) || text_equal(name, TEXT("UserData"));
}

/* {"Event":…} in the shape of evtx_dump, without line end. */
void dom_write_json(Buf *buf, const DomElement *document, unsigned *faults);

/* Native fields into the sink (not committed). `scratch` is for names and joined texts; false when
 * its limit does not suffice, and the sink's pending values have then been dropped. */
bool dom_sink_fields(Sink *sink, const DomElement *document, Buf *scratch, unsigned *faults);

#endif
