/* Gallery, second part: how events are stored. */
#include "writer_gallery.h"

#include "gallery_maker.h"
#include "writer_event.h"
#include "writer_value.h"

#include <stdio.h>

static void empty_log(GalleryMaker *maker)
{
    (void)maker; /* no record: one chunk that says so */
}

/* Three shapes by turns: definitions and names stand once and are referred to. */
static void three_shapes(GalleryMaker *maker, unsigned count)
{
    static const char *const NAMES[] = {"TargetUserName", "ObjectName", "CommandLine"};
    for (unsigned i = 0; i < count; i++) {
        char text[32];
        int length = snprintf(text, sizeof(text), "value %u", i);
        WriterNode *data = maker_event_data(maker, (uint16_t)(200 + i % 3));
        if (!data || length < 0 || (size_t)length >= sizeof(text))
            return;
        writer_data(data, NAMES[i % 3], writer_string(data->tree, text));
        writer_data(data, "Count", writer_number(data->tree, WRITER_UINT32, i));
        maker_add(maker);
    }
}

static void shared_templates(GalleryMaker *maker)
{
    three_shapes(maker, 9);
}

static void inline_everything(GalleryMaker *maker)
{
    maker->writer->options.sharing =
        (WriterSharing){.inline_names = true, .inline_templates = true};
    three_shapes(maker, 9);
}

static void several_chunks(GalleryMaker *maker)
{
    three_shapes(maker, 500);
}

static void nested_templates(GalleryMaker *maker)
{
    for (unsigned i = 0; i < 2; i++) {
        WriterNode *data = maker_event_data(maker, 210);
        if (!data)
            return;
        WriterTree *tree = data->tree;
        writer_data(data, "Before", writer_number(tree, WRITER_UINT32, i));
        WriterNode *middle = writer_element(writer_fragment(data, WRITER_TEMPLATE), "Middle");
        writer_data(middle, "InMiddle", writer_string(tree, i ? "second" : "first"));
        WriterNode *inner = writer_element(writer_fragment(middle, WRITER_TEMPLATE), "Inner");
        writer_data(inner, "InInner", writer_sid(tree, "S-1-5-19"));
        writer_data(data, "After", writer_string(tree, "end"));
        maker_add(maker);
    }
}

/* Event data as a template instance without fragment header. */
static void nested_headless(GalleryMaker *maker)
{
    for (unsigned i = 0; i < 3; i++) {
        WriterNode *fragment = maker_event(maker, 210);
        if (!fragment)
            return;
        writer_set_style(fragment, WRITER_INSTANCE);
        writer_data(writer_element(fragment, "EventData"), "Count",
                    writer_number(fragment->tree, WRITER_UINT32, i));
        maker_add(maker);
    }
}

static void nested_literal(GalleryMaker *maker, WriterStyle style)
{
    WriterNode *data = writer_element(maker_event(maker, 211), "UserData");
    WriterNode *piece = writer_element(writer_fragment(data, style), "Piece");
    writer_text(writer_attribute(piece, "kind"),
                style == WRITER_BARE ? "bare element" : "fragment");
    writer_text(writer_element(piece, "Child"), "literal inside a value");
    maker_add(maker);
}

static void nested_element(GalleryMaker *maker)
{
    nested_literal(maker, WRITER_BARE);
}

static void nested_plain(GalleryMaker *maker)
{
    nested_literal(maker, WRITER_PLAIN);
}

static void literal_event(GalleryMaker *maker)
{
    WriterNode *root = maker_root(maker);
    writer_set_style(root, WRITER_PLAIN);
    WriterNode *event = writer_element(root, "Event");
    writer_text(writer_attribute(event, "xmlns"),
                "http://schemas.microsoft.com/win/2004/08/events/event");
    WriterNode *system = writer_element(event, "System");
    writer_text(writer_attribute(writer_element(system, "Provider"), "Name"),
                "Court-Test-Provider");
    writer_text(writer_element(system, "EventID"), "212");
    writer_text(writer_attribute(writer_element(system, "TimeCreated"), "SystemTime"),
                "2026-05-28T08:38:25.1234567Z");
    writer_text(writer_element(system, "EventRecordID"), "1");
    writer_text(writer_element(system, "Channel"), "Application");
    writer_text(writer_element(system, "Computer"), "WS-207.corp.court.example");
    WriterNode *data = writer_element(writer_element(event, "EventData"), "Data");
    writer_text(writer_attribute(data, "Name"), "Text");
    writer_text(data, "no template anywhere");
    maker_add(maker);
}

static void slot_order(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 213);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    static const struct {
        const char *name;
        uint16_t slot;
        const char *text;
    } FIELDS[] = {
        {"Third", 5, "fifth slot"},
        {"First", 0, "slot nought"},
        {"Shared", 0, "never seen: the first value of a slot wins"},
        {"Second", 2, "slot two"},
    };
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        WriterNode *element = writer_element(data, "Data");
        writer_text(writer_attribute(element, "Name"), FIELDS[i].name);
        writer_set_slot(writer_value(element, WRITER_NORMAL, writer_string(tree, FIELDS[i].text)),
                        FIELDS[i].slot);
    }
    maker_add(maker);
}

static void no_data_record(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    maker_event(maker, 214);
    maker->record_damage = EVTX_RECORD_NO_DATA;
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void preallocated(GalleryMaker *maker)
{
    maker_add_plain(maker, 3);
    evtx_writer_zero_chunk(maker->writer);
    evtx_writer_zero_chunk(maker->writer);
}

static void zeroed_between(GalleryMaker *maker)
{
    maker_add_plain(maker, 3);
    evtx_writer_zero_chunk(maker->writer);
    maker_add_plain(maker, 2);
}

static void id_gap(GalleryMaker *maker)
{
    maker_add_plain(maker, 3);
    maker->next_id += 5; /* five records taken out */
    maker_add_plain(maker, 2);
    evtx_writer_end_chunk(maker->writer);
    maker->next_id += 40;
    maker_add_plain(maker, 1);
}

static void id_mismatch(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    WriterNode *data = maker_event_data(maker, 215);
    if (!data)
        return;
    writer_data(data, "Text",
                writer_string(data->tree, "EventRecordID says 2, the record header 7"));
    maker->next_id = 7;
    maker_add(maker);
}

/* The second chunk starts over the bytes of the first: records 3.. of the first remain behind the
 * new ones. */
static void stale_slack(GalleryMaker *maker)
{
    maker->writer->options.keep_slack = true;
    three_shapes(maker, 12);
    evtx_writer_end_chunk(maker->writer);
    maker_add_plain(maker, 3);
}

/* The last record ends with the chunk. Its text is made as long as that takes. */
static void chunk_filled(GalleryMaker *maker)
{
    static char text[WRITER_CHUNK_SIZE];
    size_t room = 0, used = 0;
    maker->writer->options.fill = true;
    maker_add_plain(maker, 5);
    for (unsigned i = 0; i < 3;
         i++) { /* the definition, a record without text to measure, the long record */
        for (size_t n = 0; i == 2 && n < room / 2; n++)
            text[n] = (char)('a' + n % 26);
        WriterNode *data = maker_event_data(maker, 216);
        if (!data)
            return;
        writer_data(data, "Filler", writer_string(data->tree, text));
        used = maker->writer->chunk->used;
        maker_add(maker);
        size_t record = maker->writer->chunk->used - used;
        room = WRITER_CHUNK_SIZE - maker->writer->chunk->used - record;
    }
    maker_add_plain(maker, 1);
}

/* As stale_slack, but the older chunk itself is gone: its last records exist in the slack only. */
static void stale_only(GalleryMaker *maker)
{
    stale_slack(maker);
}

static void drop_first_chunk(WriterBytes *file)
{
    uint8_t *chunk = file->ptr + EVTX_WRITER_FILE_HEADER;
    for (size_t i = 0; i < WRITER_CHUNK_SIZE; i++)
        chunk[i] = chunk[WRITER_CHUNK_SIZE + i];
    file->len -= WRITER_CHUNK_SIZE;
    writer_poke(file->ptr + 16, 0, 8);
    writer_poke(file->ptr + 42, 1, 2);
    evtx_writer_seal(file->ptr, file->len);
}

static void dirty(GalleryMaker *maker)
{
    maker_add_plain(maker, 4);
    evtx_writer_end_chunk(maker->writer);
    maker_add_plain(maker, 2);
    evtx_writer_damage(maker->writer, EVTX_DAMAGE_DIRTY);
}

static void full(GalleryMaker *maker)
{
    maker_add_plain(maker, 2);
    evtx_writer_damage(maker->writer, EVTX_DAMAGE_FULL);
}

static void archived(GalleryMaker *maker)
{
    maker_add_plain(maker, 3);
    evtx_writer_damage(maker->writer, EVTX_DAMAGE_FREE_OFFSET);
}

static void tail(GalleryMaker *maker)
{
    maker_add_plain(maker, 2);
}

static void add_tail(WriterBytes *file)
{
    writer_bytes_fill(file, 0, 4096);
}

const GalleryEntry GALLERY_STRUCTURE[] = {
    {"empty_log", "a log without records", GALLERY_SOUND, 0, empty_log, NULL},
    {"shared_templates", "nine events of three shapes: definitions stand once, then references",
     GALLERY_SOUND, 9, shared_templates, NULL},
    {"inline_everything", "the same with every name and definition written out", GALLERY_SOUND, 9,
     inline_everything, NULL},
    {"several_chunks", "500 events in three chunks", GALLERY_SOUND, 500, several_chunks, NULL},
    {"nested_templates", "templates within values within templates", GALLERY_SOUND, 2,
     nested_templates, NULL},
    {"nested_headless", "event data without a fragment header", GALLERY_SOUND, 3, nested_headless,
     NULL},
    {"nested_element", "a value that is a bare element", GALLERY_SOUND, 1, nested_element, NULL},
    {"nested_plain", "a value that is a fragment without a template", GALLERY_ODD, 1, nested_plain,
     NULL},
    {"literal_event", "an event without any template", GALLERY_ODD, 1, literal_event, NULL},
    {"slot_order", "values out of document order, one used twice, unused ones between",
     GALLERY_SOUND, 1, slot_order, NULL},
    {"full", "header flag 0x2", GALLERY_SOUND, 2, full, NULL},
    {"preallocated", "two chunk slots of zeros at the end", GALLERY_SOUND, 3, preallocated, NULL},
    {"tail", "4,096 zeros after the last chunk", GALLERY_SOUND, 2, tail, add_tail},
    {"chunk_filled", "the last record ends with its chunk", GALLERY_ODD, 9, chunk_filled, NULL},
    {"archived", "free-space offset at the end of the chunk, zeros before it", GALLERY_ODD, 3,
     archived, NULL},
    {"zeroed_between", "a chunk slot of zeros between two chunks", GALLERY_ODD, 5, zeroed_between,
     NULL},
    {"dirty", "header flag 0x1; the header knows the first of two chunks only", GALLERY_ODD, 6,
     dirty, NULL},
    {"no_data_record", "the second of three records has no data", GALLERY_ODD, 3, no_data_record,
     NULL},
    {"id_gap", "record identifiers 4 to 8 and 11 to 50 are missing", GALLERY_ODD, 6, id_gap, NULL},
    {"id_mismatch", "EventRecordID and the record header differ", GALLERY_ODD, 2, id_mismatch,
     NULL},
    {"stale_slack", "records of the first chunk stand again in the slack of the second",
     GALLERY_ODD, 15, stale_slack, NULL},
    {"stale_only", "older records stand only in the slack of the one chunk", GALLERY_ODD, 3,
     stale_only, drop_first_chunk},
};
const size_t GALLERY_STRUCTURE_COUNT = sizeof(GALLERY_STRUCTURE) / sizeof(GALLERY_STRUCTURE[0]);
