/* gallery_maker.h: what the makers of the EVTX gallery share: a writer, a running record number, an
 * ordinary event. */
#ifndef GALLERY_MAKER_H
#define GALLERY_MAKER_H

#include "evtx_writer.h"
#include "writer_gallery.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct GalleryMaker {
    EvtxWriter *writer;
    WriterTree *tree; /* of the record that is being described */
    uint64_t next_id;
    unsigned record_damage; /* of the next record only */
    bool failed;
} GalleryMaker;

/* The fragment that takes the event data of a new record with the usual System part; the event id
 * tells records apart. */
WriterNode *maker_event(GalleryMaker *maker, uint16_t event_id);

/* The root of a new record that has nothing yet. */
WriterNode *maker_root(GalleryMaker *maker);

/* The element EventData in a new, usual record. */
WriterNode *maker_event_data(GalleryMaker *maker, uint16_t event_id);

/* Write the record begun last. */
void maker_add(GalleryMaker *maker);

/* `count` small ordinary records. */
void maker_add_plain(GalleryMaker *maker, unsigned count);

#endif
