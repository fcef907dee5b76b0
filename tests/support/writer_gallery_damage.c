/* Gallery, third part: what must not stop, hang or crash a reader. */
#include "writer_gallery.h"

#include "gallery_maker.h"
#include "writer_event.h"
#include "writer_value.h"

/* In every file made here the first record starts at 512 of the first chunk, and its template
 * definition, inline, at: */
enum {
    FIRST_RECORD = WRITER_CHUNK_HEADER,
    FIRST_DEFINITION = FIRST_RECORD + 24 + 4 + 10,
    FIRST_ELEMENT =
        FIRST_DEFINITION + 24 + 4, /* <Event>: token, dependency, size, name offset, name */
    FIRST_NAME_OFFSET = FIRST_ELEMENT + 7,
    FIRST_NAME = FIRST_NAME_OFFSET + 4,
    FIRST_ATTRIBUTES = FIRST_NAME + 8 + 2 * 5 + 2, /* size of the attribute list */
};

static void three(GalleryMaker *maker)
{
    maker_add_plain(maker, 3);
}

static void with_damage(GalleryMaker *maker, unsigned damage)
{
    maker_add_plain(maker, 3);
    evtx_writer_damage(maker->writer, damage);
}

static void bad_file_signature(GalleryMaker *maker)
{
    with_damage(maker, EVTX_DAMAGE_FILE_SIGNATURE);
}

static void bad_file_crc(GalleryMaker *maker)
{
    with_damage(maker, EVTX_DAMAGE_FILE_CRC);
}

static void bad_chunk_count(GalleryMaker *maker)
{
    with_damage(maker, EVTX_DAMAGE_CHUNK_COUNT);
}

static void two_chunks_second(GalleryMaker *maker, unsigned damage)
{
    maker_add_plain(maker, 3);
    evtx_writer_end_chunk(maker->writer);
    with_damage(maker, damage);
}

static void bad_chunk_signature(GalleryMaker *maker)
{
    two_chunks_second(maker, EVTX_DAMAGE_CHUNK_SIGNATURE);
}

static void bad_chunk_crc(GalleryMaker *maker)
{
    two_chunks_second(maker, EVTX_DAMAGE_CHUNK_CRC);
}

static void bad_data_crc(GalleryMaker *maker)
{
    two_chunks_second(maker, EVTX_DAMAGE_DATA_CRC);
}

static void second_of_three(GalleryMaker *maker, unsigned damage)
{
    maker_add_plain(maker, 1);
    maker->record_damage = damage;
    maker_add_plain(maker, 2);
}

static void record_signature(GalleryMaker *maker)
{
    second_of_three(maker, EVTX_RECORD_SIGNATURE);
}

static void record_size_copy(GalleryMaker *maker)
{
    second_of_three(maker, EVTX_RECORD_SIZE_COPY);
}

static void record_size_huge(GalleryMaker *maker)
{
    second_of_three(maker, EVTX_RECORD_SIZE);
}

static void deep_elements(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    WriterNode *node = maker_event_data(maker, 300);
    for (unsigned i = 0; i < 1000; i++)
        node = writer_element(node, "Deep");
    writer_text(node, "bottom");
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void deep_templates(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    WriterNode *node = maker_event_data(maker, 301);
    for (unsigned i = 0; i < 200; i++)
        node = writer_element(writer_fragment(node, WRITER_TEMPLATE), "Deep");
    writer_text(node, "bottom");
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void slot_missing(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 302);
    if (!data)
        return;
    writer_data(data, "Good", writer_string(data->tree, "here"));
    static const uint16_t SLOTS[] = {1, 1000, 0xfffe};
    for (size_t i = 0; i < sizeof(SLOTS) / sizeof(SLOTS[0]); i++) {
        WriterNode *value =
            writer_value(writer_element(data, "Lost"), WRITER_NORMAL, writer_null());
        writer_set_slot(value, SLOTS[i]);
        writer_set_declared(value, WRITER_STRING);
        writer_set_missing(value);
    }
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void unknown_token(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    WriterNode *data = maker_event_data(maker, 303);
    if (!data)
        return;
    writer_data(data, "Before", writer_string(data->tree, "read before the bad token"));
    writer_raw(data, "\x3e\xde\xad", 3);
    writer_data(data, "After", writer_string(data->tree, "cannot be reached"));
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void unknown_type(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 304);
    if (!data)
        return;
    writer_data(data, "Handle", writer_bytes_value(data->tree, WRITER_HANDLE, "\1\2\3\4", 4));
    writer_data(data, "Xml", writer_bytes_value(data->tree, WRITER_EVTXML, "\5\6\7\x08", 4));
    writer_data(data, "Unknown", writer_bytes_value(data->tree, 0x7f, "\x09\x0a", 2));
    writer_data(data, "Good", writer_string(data->tree, "after them"));
    maker_add(maker);
}

/* Texts that are no proper UTF-16 or that XML 1.0 cannot hold. */
static void bad_strings(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 305);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, "HighAlone",
                writer_string(tree, "a\xed\xa0\x80"
                                    "b"));
    writer_data(data, "LowAlone",
                writer_string(tree, "a\xed\xb0\x80"
                                    "b"));
    writer_data(data, "Swapped", writer_string(tree, "\xed\xb0\x80\xed\xa0\x80"));
    writer_data(data, "HighAtEnd", writer_string(tree, "end\xed\xaf\xbf"));
    writer_data(data, "NoCharacter", writer_string(tree, "\uffff\ufffe"));
    maker_add(maker);
}

static void control_characters(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 306);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, "Escape", writer_string(tree, "\x1b[31mred\x1b[0m \x07 \x08 \x7f"));
    writer_data(data, "Lines", writer_string(tree, "one\r\ntwo\tthree\nfour\vfive"));
    writer_data(data, "NulInside", writer_bytes_value(tree, WRITER_STRING, "a\0\0\0b\0", 6));
    writer_data(data, "NulAtEnd", writer_bytes_value(tree, WRITER_STRING, "a\0b\0\0\0", 6));
    writer_data(data, "Markup", writer_string(tree, "</Data><script>alert(1)</script>]]>&amp;"));
    maker_add(maker);
}

/* Sizes that do not fit the type of the value. */
static void odd_sizes(GalleryMaker *maker)
{
    static const struct {
        const char *name;
        uint8_t type;
        uint8_t size;
    } VALUES[] = {
        {"String", WRITER_STRING, 5},
        {"UInt32", WRITER_UINT32, 3},
        {"UInt64", WRITER_UINT64, 9},
        {"Guid", WRITER_GUID, 15},
        {"FileTime", WRITER_FILETIME, 4},
        {"SystemTime", WRITER_SYSTEMTIME, 8},
        {"SidShort", WRITER_SID, 6},
        {"Boolean1", WRITER_BOOLEAN, 1},
        {"UInt8Empty", WRITER_UINT8, 0},
        {"Array", WRITER_UINT32 | WRITER_ARRAY, 7},
        {"StringArray", WRITER_STRING | WRITER_ARRAY, 9},
    };
    static const uint8_t BYTES[16] = {1, 15, 0, 0, 0, 0, 0, 5, 'x', 0, 'y', 0, 'z', 0, 1, 1};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        WriterNode *data = maker_event_data(maker, 307);
        if (!data)
            return;
        writer_data(data, VALUES[i].name,
                    writer_bytes_value(data->tree, VALUES[i].type, BYTES, VALUES[i].size));
        writer_data(data, "Good", writer_string(data->tree, "after it"));
        maker_add(maker);
    }
}

/* The definition of the event data holds an instance of itself. */
static void template_cycle(GalleryMaker *maker)
{
    WriterNode *root = maker_root(maker);
    static const uint8_t INSTANCE[] = {
        0x0c, 1, 0, 0, 0, 0, FIRST_DEFINITION & 0xff, FIRST_DEFINITION >> 8, 0, 0, 0, 0, 0, 0,
    };
    WriterNode *event = writer_element(root, "Event");
    writer_raw(event, INSTANCE, sizeof(INSTANCE));
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static uint8_t *first_chunk(WriterBytes *file)
{
    return file->ptr + EVTX_WRITER_FILE_HEADER;
}

static void poke_first(WriterBytes *file, size_t at, uint64_t value, size_t size)
{
    writer_poke(first_chunk(file) + at, value, size);
    evtx_writer_seal(file->ptr, file->len);
}

static void name_chain_cycle(WriterBytes *file)
{
    poke_first(file, FIRST_NAME, FIRST_NAME, 4);
}

static void name_outside(WriterBytes *file)
{
    poke_first(file, FIRST_NAME_OFFSET, 0xfffffff0, 4);
}

static void name_at_end(WriterBytes *file)
{
    writer_poke(first_chunk(file) + WRITER_CHUNK_SIZE - 2, 0xffff,
                2); /* beyond the used part: would be its count */
    poke_first(file, FIRST_NAME_OFFSET, WRITER_CHUNK_SIZE - 8, 4);
}

static void name_count_huge(WriterBytes *file)
{
    poke_first(file, FIRST_NAME + 6, 0xffff, 2);
}

static void element_size_huge(WriterBytes *file)
{
    poke_first(file, FIRST_ELEMENT + 3, 0xffffffff, 4);
}

static void attributes_size_huge(WriterBytes *file)
{
    poke_first(file, FIRST_ATTRIBUTES, 0x7fffffff, 4);
}

static void definition_size_huge(WriterBytes *file)
{
    poke_first(file, FIRST_DEFINITION + 20, 0xffffffff, 4);
}

static void definition_outside(WriterBytes *file)
{
    poke_first(file, FIRST_DEFINITION - 4, 0x10000 - 4, 4);
}

static void value_count_huge(WriterBytes *file)
{
    size_t size = (size_t)writer_peek(first_chunk(file) + FIRST_DEFINITION + 20, 4);
    poke_first(file, FIRST_DEFINITION + 24 + size, 0xffffffff, 4);
}

static void value_sizes_huge(WriterBytes *file)
{
    size_t size = (size_t)writer_peek(first_chunk(file) + FIRST_DEFINITION + 20, 4);
    size_t descriptors = FIRST_DEFINITION + 24 + size + 4;
    for (size_t i = 0; i < 3; i++)
        writer_poke(first_chunk(file) + descriptors + 4 * i, 0xffff, 2);
    evtx_writer_seal(file->ptr, file->len);
}

static void truncated_chunk(WriterBytes *file)
{
    size_t first = (size_t)writer_peek(first_chunk(file) + FIRST_RECORD + 4, 4);
    file->len = EVTX_WRITER_FILE_HEADER + FIRST_RECORD + first + 40; /* within the second record */
}

static void header_only(WriterBytes *file)
{
    file->len = EVTX_WRITER_FILE_HEADER;
}

static void half_header(WriterBytes *file)
{
    file->len = 100;
}

const GalleryEntry GALLERY_DAMAGE[] = {
    {"bad_file_signature", "ElfFile is misspelt", GALLERY_DAMAGED, 3, bad_file_signature, NULL},
    {"bad_file_crc", "checksum of the file header", GALLERY_DAMAGED, 3, bad_file_crc, NULL},
    {"bad_chunk_count", "the header states three chunks too many", GALLERY_DAMAGED, 3,
     bad_chunk_count, NULL},
    {"bad_chunk_signature", "the second chunk's ElfChnk is misspelt", GALLERY_DAMAGED, 3,
     bad_chunk_signature, NULL},
    {"bad_chunk_crc", "checksum of the second chunk's header", GALLERY_DAMAGED, 6, bad_chunk_crc,
     NULL},
    {"bad_data_crc", "checksum of the second chunk's records", GALLERY_DAMAGED, 6, bad_data_crc,
     NULL},
    {"record_signature",
     "the second of three records has no signature: the chain of live ones ends", GALLERY_DAMAGED,
     1, record_signature, NULL},
    {"record_size_copy", "the second of three records: size and copy differ", GALLERY_DAMAGED, 3,
     record_size_copy, NULL},
    {"record_size_huge", "the second of three records is said to have 2 GB", GALLERY_DAMAGED, 1,
     record_size_huge, NULL},
    {"deep_elements", "1,000 elements within each other", GALLERY_DAMAGED, 3, deep_elements, NULL},
    {"deep_templates", "200 templates within each other", GALLERY_DAMAGED, 3, deep_templates, NULL},
    {"slot_missing", "substitutions without a value", GALLERY_DAMAGED, 2, slot_missing, NULL},
    {"unknown_token", "token 0x3e in the second of three records", GALLERY_DAMAGED, 3,
     unknown_token, NULL},
    {"unknown_type", "value types 0x20, 0x23 and 0x7f", GALLERY_DAMAGED, 1, unknown_type, NULL},
    {"bad_strings", "lone and swapped surrogates, non-characters", GALLERY_ODD, 1, bad_strings,
     NULL},
    {"control_characters", "terminal codes, NUL, markup in values", GALLERY_ODD, 1,
     control_characters, NULL},
    {"odd_sizes", "values whose size does not fit their type, one a record", GALLERY_DAMAGED, 11,
     odd_sizes, NULL},
    {"template_cycle", "a definition that holds an instance of itself", GALLERY_DAMAGED, 2,
     template_cycle, NULL},
    {"name_chain_cycle", "a name that is its own successor", GALLERY_ODD, 3, three,
     name_chain_cycle},
    {"name_outside", "a name offset outside the chunk", GALLERY_DAMAGED, 3, three, name_outside},
    {"name_at_end", "a name offset in the last bytes of the chunk", GALLERY_DAMAGED, 3, three,
     name_at_end},
    {"name_count_huge", "a name of 65,535 characters", GALLERY_DAMAGED, 3, three, name_count_huge},
    {"element_size_huge", "an element of 4 GB", GALLERY_DAMAGED, 3, three, element_size_huge},
    {"attributes_size_huge", "an attribute list of 2 GB", GALLERY_DAMAGED, 3, three,
     attributes_size_huge},
    {"definition_size_huge", "a template definition of 4 GB", GALLERY_DAMAGED, 3, three,
     definition_size_huge},
    {"definition_outside", "a template offset at the very end of the chunk", GALLERY_DAMAGED, 3,
     three, definition_outside},
    {"value_count_huge", "4,294,967,295 values", GALLERY_DAMAGED, 3, three, value_count_huge},
    {"value_sizes_huge", "values that end behind the record", GALLERY_DAMAGED, 3, three,
     value_sizes_huge},
    {"truncated_chunk", "the file ends within the second record", GALLERY_DAMAGED, 2, three,
     truncated_chunk},
    {"header_only", "the file ends after its header", GALLERY_DAMAGED, 0, three, header_only},
    {"half_header", "the file has 100 bytes", GALLERY_DAMAGED, 0, three, half_header},
};
const size_t GALLERY_DAMAGE_COUNT = sizeof(GALLERY_DAMAGE) / sizeof(GALLERY_DAMAGE[0]);
