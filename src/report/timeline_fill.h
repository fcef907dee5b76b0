/* timeline_fill.h: what a line of the timeline gets from those who vouch for it: the item's path
 * and hash, and other places of the same record. */
#ifndef REPORT_TIMELINE_FILL_H
#define REPORT_TIMELINE_FILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "report/timeline_format.h"

/* An item as lines show it. */
typedef struct ItemText {
    char *path; /* malloc'ed, as the format has it; NULL: not yet rendered */
    size_t path_len;
    char sha256[64];
    size_t sha256_len; /* 0: the item could not be hashed, as a defect has told */
} ItemText;

/* Render it if that was not done. `sha256` NULL: there is none. false: no memory. */
bool item_text_make(ItemText *text, const TimelineFormat *format, Text path, const Sha256 *sha256);
void item_text_done(ItemText *text);

/* Another place of a record, behind those that were added. `count`: how many were. */
void timeline_add_twin(Buf *out, const ItemText *item, uint64_t offset, uint32_t count);
void timeline_end_twins(Buf *out, uint32_t count);

/* Append the line with its gaps filled. `twins`: what timeline_add_twin wrote. */
void timeline_fill(Buf *out, const TimelineFormat *format, Text line, const ItemText *item,
                   Text twins);

#endif
