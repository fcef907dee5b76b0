/* writer_gallery.h: small EVTX files, each for one feature or one kind of damage. Same bytes in
   every run. Uses: golden inputs, seeds for fuzzing, unit tests in memory. */
#ifndef WRITER_GALLERY_H
#define WRITER_GALLERY_H

#include "writer_bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct GalleryMaker;

/* Measured with evtxexport 20181227 and evtx_dump 0.15.1. */
typedef enum GalleryState {
    GALLERY_SOUND,   /* both readers give every record */
    GALLERY_ODD,     /* rare or suspicious, right by the format; not every reader copes */
    GALLERY_DAMAGED, /* something cannot be read as stated */
} GalleryState;

typedef struct GalleryEntry {
    const char *name;    /* of the file, without .evtx */
    const char *summary; /* what is in it */
    GalleryState state;
    unsigned records; /* live records that a careful reader finds, damaged ones included */
    void (*describe)(struct GalleryMaker *maker);
    void (*spoil)(WriterBytes *file); /* change the finished bytes; may be NULL */
} GalleryEntry;

size_t gallery_count(void);
const GalleryEntry *gallery_entry(size_t index);

/* The file of an entry. The caller frees *ret with writer_bytes_done(). false: out of memory, or
   the entry could not be written (an error of ours). */
bool gallery_make(const GalleryEntry *entry, WriterBytes *ret);

/* The rows, by file that defines them; gallery_entry() is the way in. */
extern const GalleryEntry GALLERY_CONTENT[];
extern const size_t GALLERY_CONTENT_COUNT;
extern const GalleryEntry GALLERY_STRUCTURE[];
extern const size_t GALLERY_STRUCTURE_COUNT;
extern const GalleryEntry GALLERY_DAMAGE[];
extern const size_t GALLERY_DAMAGE_COUNT;

#endif
