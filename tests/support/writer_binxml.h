/* writer_binxml.h: a tree as BinXML at the end of a chunk.

   Templates are keyed by the shape of their fragment (names, literal texts, declared types, modes
   and slots of values, but not the values): the GUID of a definition is a hash of that shape, so
   equal shapes share a definition within a chunk, and the same event gives the same bytes in every
   run. */
#ifndef WRITER_BINXML_H
#define WRITER_BINXML_H

#include "writer_chunk.h"
#include "writer_tree.h"

#include <stdbool.h>

typedef struct WriterSharing {
    bool inline_names;     /* write every name anew instead of referring to the first */
    bool inline_templates; /* likewise every template definition */
} WriterSharing;

/* Fragment, values and EOF token. chunk->full is set if it does not fit, or if a value is longer
   than 65,535 bytes (then it would not fit into any chunk). */
void writer_binxml(WriterChunk *chunk, const WriterNode *fragment, WriterSharing sharing);

#endif
