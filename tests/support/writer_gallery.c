#include "writer_gallery.h"

#include "gallery_maker.h"
#include "writer_event.h"
#include "writer_value.h"

#include <stddef.h>

/* 2026-05-28T08:38:25Z; each record is a second later. */
enum { TICKS_PER_SECOND = 10000000 };
static const uint64_t FIRST_TIME = UINT64_C(134244311050000000);

size_t gallery_count(void)
{
    return GALLERY_CONTENT_COUNT + GALLERY_STRUCTURE_COUNT + GALLERY_DAMAGE_COUNT;
}

const GalleryEntry *gallery_entry(size_t index)
{
    if (index < GALLERY_CONTENT_COUNT)
        return &GALLERY_CONTENT[index];
    index -= GALLERY_CONTENT_COUNT;
    if (index < GALLERY_STRUCTURE_COUNT)
        return &GALLERY_STRUCTURE[index];
    index -= GALLERY_STRUCTURE_COUNT;
    return index < GALLERY_DAMAGE_COUNT ? &GALLERY_DAMAGE[index] : NULL;
}

bool gallery_make(const GalleryEntry *entry, WriterBytes *ret)
{
    GalleryMaker maker = {
        .writer = evtx_writer_create((EvtxWriterOptions){0}),
        .next_id = 1,
    };
    if (!maker.writer)
        return false;
    entry->describe(&maker);
    bool ok = evtx_writer_finish(maker.writer) && !maker.failed;
    if (ok && entry->spoil)
        entry->spoil(&maker.writer->file);
    if (ok) {
        *ret = maker.writer->file;
        maker.writer->file = (WriterBytes){0};
    }
    writer_tree_destroy(maker.tree);
    evtx_writer_destroy(maker.writer);
    return ok;
}

static uint64_t time_of(const GalleryMaker *maker)
{
    return FIRST_TIME + maker->next_id * TICKS_PER_SECOND;
}

WriterNode *maker_root(GalleryMaker *maker)
{
    writer_tree_destroy(maker->tree);
    maker->tree = writer_tree_create();
    if (!maker->tree) {
        maker->failed = true;
        return NULL;
    }
    return writer_tree_root(maker->tree);
}

WriterNode *maker_event(GalleryMaker *maker, uint16_t event_id)
{
    if (!maker_root(maker))
        return NULL;
    const WriterEvent event = {
        .provider = "Court-Test-Provider",
        .guid = "5A6F1D52-2A4C-4E0B-9C1D-7B6F0E3A9D11",
        .channel = "Application",
        .computer = "WS-207.corp.court.example",
        .user_sid = "S-1-5-18",
        .time = time_of(maker) - 8765, /* the service writes a little later */
        .record_id = maker->next_id,
        .keywords = UINT64_C(0x8000000000000000),
        .process_id = 1234,
        .thread_id = 5678,
        .qualifiers = WRITER_NO_QUALIFIERS,
        .event_id = event_id,
        .task = 3,
        .version = 1,
        .level = 4,
        .opcode = 2,
    };
    return writer_event(maker->tree, &event);
}

WriterNode *maker_event_data(GalleryMaker *maker, uint16_t event_id)
{
    return writer_element(maker_event(maker, event_id), "EventData");
}

void maker_add(GalleryMaker *maker)
{
    const EvtxRecordSpec spec = {
        .id = maker->next_id,
        .written = time_of(maker),
        .damage = maker->record_damage,
    };
    if (maker->failed || !maker->tree || !evtx_writer_add(maker->writer, maker->tree, spec))
        maker->failed = true;
    maker->record_damage = 0;
    maker->next_id++;
}

void maker_add_plain(GalleryMaker *maker, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        WriterNode *data = maker_event_data(maker, 100);
        if (!data)
            return;
        writer_data(data, "Text", writer_string(data->tree, "ordinary"));
        writer_data(data, "Number", writer_number(data->tree, WRITER_UINT32, maker->next_id));
        maker_add(maker);
    }
}
