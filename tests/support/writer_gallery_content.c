/* Gallery, first part: what an event can hold. */
#include "writer_gallery.h"

#include "gallery_maker.h"
#include "writer_event.h"
#include "writer_value.h"

#include <math.h>
#include <string.h>

static const char SAMPLE_GUID[] = "{01234567-89AB-CDEF-0123-456789ABCDEF}";
static const char SAMPLE_SID[] = "S-1-5-21-2999113167-1804152833-2457783728-1224";
static const char SAMPLE_TIME[] = "2026-05-28T08:38:25.1234567Z";

static void minimal(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
}

static void integer_pair(WriterNode *data, const char *name, WriterType type, uint64_t low,
                         uint64_t high)
{
    writer_data(data, name, writer_number(data->tree, type, low));
    writer_data(data, name, writer_number(data->tree, type, high));
}

static void value_integers(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 101);
    if (!data)
        return;
    integer_pair(data, "Int8", WRITER_INT8, (uint64_t)INT8_MIN, INT8_MAX);
    integer_pair(data, "UInt8", WRITER_UINT8, 0, UINT8_MAX);
    integer_pair(data, "Int16", WRITER_INT16, (uint64_t)INT16_MIN, INT16_MAX);
    integer_pair(data, "UInt16", WRITER_UINT16, 0, UINT16_MAX);
    integer_pair(data, "Int32", WRITER_INT32, (uint64_t)INT32_MIN, INT32_MAX);
    integer_pair(data, "UInt32", WRITER_UINT32, 0, UINT32_MAX);
    integer_pair(data, "Int64", WRITER_INT64, (uint64_t)INT64_MIN, INT64_MAX);
    integer_pair(data, "UInt64", WRITER_UINT64, 0, UINT64_MAX);
    integer_pair(data, "Boolean", WRITER_BOOLEAN, 0, 1);
    integer_pair(data, "HexInt32", WRITER_HEX32, 0, 0xc000006d);
    integer_pair(data, "HexInt64", WRITER_HEX64, 0x3e7, UINT64_C(0x8020000000000000));
    maker_add(maker);
}

static void value_floats(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 102);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, "Float", writer_float(tree, -1.5f));
    writer_data(data, "FloatThird", writer_float(tree, 1.0f / 3));
    writer_data(data, "FloatInfinity", writer_float(tree, -INFINITY));
    writer_data(data, "Double", writer_double(tree, 1234567.890625));
    writer_data(data, "DoubleTiny", writer_double(tree, 1e-300));
    writer_data(data, "DoubleInfinity", writer_double(tree, (double)INFINITY));
    writer_data(data, "DoubleNan", writer_double(tree, (double)NAN));
    maker_add(maker);
}

static void value_others(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 103);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, "String", writer_string(tree, "C:\\Windows\\System32\\svchost.exe"));
    writer_data(data, "StringEmpty", writer_string(tree, ""));
    writer_data(data, "AnsiString",
                writer_ansi(tree, "Gr\xfc\xdf"
                                  "e"));
    writer_data(data, "Binary", writer_bytes_value(tree, WRITER_BINARY, "\x00\x01\xfe\xff", 4));
    writer_data(data, "Guid", writer_guid(tree, SAMPLE_GUID));
    writer_data(data, "FileTime", writer_filetime(tree, SAMPLE_TIME));
    writer_data(data, "FileTimeZero", writer_number(tree, WRITER_FILETIME, 0));
    writer_data(data, "SystemTime", writer_systemtime(tree, SAMPLE_TIME));
    writer_data(data, "Sid", writer_sid(tree, SAMPLE_SID));
    writer_data(data, "SidShort", writer_sid(tree, "S-1-5-18"));
    writer_data(data, "SidEveryone", writer_sid(tree, "S-1-1-0"));
    maker_add(maker);
}

/* Pointer-sized values: declared 0x10, stored as hex. */
static void value_size(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 104);
    if (!data)
        return;
    const WriterValue values[] = {
        writer_number(data->tree, WRITER_HEX32, 0x7ffe1000),
        writer_number(data->tree, WRITER_HEX64, UINT64_C(0x7ffe12345678)),
    };
    for (size_t i = 0; i < 2; i++) {
        WriterNode *element = writer_element(data, "Data");
        writer_text(writer_attribute(element, "Name"), i ? "Size64" : "Size32");
        writer_set_declared(writer_value(element, WRITER_NORMAL, values[i]), WRITER_SIZE);
    }
    maker_add(maker);
}

static void array(WriterNode *data, const char *name, WriterType type, size_t count,
                  const WriterValue *items)
{
    writer_data(data, name, writer_array(data->tree, type, items, count));
}

static void value_arrays(GalleryMaker *maker)
{
    static const struct {
        const char *name;
        WriterType type;
    } NUMBERS[] = {
        {"Int8", WRITER_INT8},     {"UInt8", WRITER_UINT8},       {"Int16", WRITER_INT16},
        {"UInt16", WRITER_UINT16}, {"Int32", WRITER_INT32},       {"UInt32", WRITER_UINT32},
        {"Int64", WRITER_INT64},   {"UInt64", WRITER_UINT64},     {"Hex32", WRITER_HEX32},
        {"Hex64", WRITER_HEX64},   {"FileTime", WRITER_FILETIME},
    };
    WriterNode *data = maker_event_data(maker, 105);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    array(data, "String", WRITER_STRING, 3,
          (WriterValue[]){writer_string(tree, "first"), writer_string(tree, "second one"),
                          writer_string(tree, "troisi\u00e8me")});
    array(data, "Ansi", WRITER_ANSI, 2,
          (WriterValue[]){writer_ansi(tree, "one"), writer_ansi(tree, "two")});
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++)
        array(data, NUMBERS[i].name, NUMBERS[i].type, 2,
              (WriterValue[]){writer_number(tree, NUMBERS[i].type, i % 2),
                              writer_number(tree, NUMBERS[i].type, 1)});
    array(data, "Float", WRITER_FLOAT, 2,
          (WriterValue[]){writer_float(tree, 0.5f), writer_float(tree, -2)});
    array(data, "Double", WRITER_DOUBLE, 2,
          (WriterValue[]){writer_double(tree, 0.25), writer_double(tree, 8)});
    array(data, "Guid", WRITER_GUID, 2,
          (WriterValue[]){writer_guid(tree, SAMPLE_GUID),
                          writer_guid(tree, "00000000-0000-0000-0000-000000000000")});
    array(data, "SystemTime", WRITER_SYSTEMTIME, 2,
          (WriterValue[]){writer_systemtime(tree, SAMPLE_TIME),
                          writer_systemtime(tree, "2024-02-29T00:00:00Z")});
    maker_add(maker);
}

/* Kinds of arrays that not every reader knows. */
static void value_arrays_rare(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 106);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    array(data, "Boolean", WRITER_BOOLEAN, 2,
          (WriterValue[]){writer_number(tree, WRITER_BOOLEAN, 1),
                          writer_number(tree, WRITER_BOOLEAN, 0)});
    array(data, "Sid", WRITER_SID, 2,
          (WriterValue[]){writer_sid(tree, SAMPLE_SID), writer_sid(tree, "S-1-5-18")});
    array(data, "NoStrings", WRITER_STRING, 0, NULL);
    array(data, "NoNumbers", WRITER_UINT32, 0, NULL);
    array(data, "OneEmptyString", WRITER_STRING, 1, (WriterValue[]){writer_string(tree, "")});
    array(data, "EmptyBetween", WRITER_STRING, 3,
          (WriterValue[]){writer_string(tree, "a"), writer_string(tree, ""),
                          writer_string(tree, "b")});
    maker_add(maker);
}

/* A value that may be null; the type declared stays the same. */
static void maybe_null(WriterNode *parent, WriterMode mode, WriterType type, WriterValue value)
{
    writer_set_declared(writer_value(parent, mode, value), (uint8_t)type);
}

static void null_optional(GalleryMaker *maker)
{
    for (unsigned i = 0; i < 2; i++) {
        WriterNode *data = maker_event_data(maker, 107);
        if (!data)
            return;
        WriterValue text = i ? writer_null() : writer_string(data->tree, "here");
        WriterValue number = i ? writer_null() : writer_number(data->tree, WRITER_UINT32, 7);
        maybe_null(writer_element(data, "Optional"), WRITER_OPTIONAL, WRITER_STRING, text);
        WriterNode *holder = writer_element(data, "Holder");
        maybe_null(writer_attribute(holder, "optional"), WRITER_OPTIONAL, WRITER_UINT32, number);
        writer_text(writer_attribute(holder, "always"), "there");
        writer_text(holder, "text beside the attribute");
        maker_add(maker);
    }
}

static void null_normal(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 107);
    maybe_null(writer_element(data, "Normal"), WRITER_NORMAL, WRITER_STRING, writer_null());
    WriterNode *holder = writer_element(data, "Holder");
    maybe_null(writer_attribute(holder, "normal"), WRITER_NORMAL, WRITER_STRING, writer_null());
    writer_text(holder, "text beside an empty attribute");
    maker_add(maker);
}

static void no_event_data(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    maker_event(maker, 108);
    if (maker->tree)
        writer_set_dependency(writer_tree_root(maker->tree)->children, WRITER_NO_SLOT);
    maker_add(maker);
    maker_add_plain(maker, 1);
}

/* The definition says that the whole event depends on its event data, and there are none; real logs
 * have such records. */
static void no_event_data_dependency(GalleryMaker *maker)
{
    maker_add_plain(maker, 1);
    maker_event(maker, 108);
    maker_add(maker);
    maker_add_plain(maker, 1);
}

static void markup(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 109);
    WriterNode *mixed = writer_element(data, "Mixed");
    writer_text(mixed, "a ");
    writer_entity(mixed, "lt");
    writer_text(writer_attribute(mixed, "Quote"), "says \"x\" & <y>");
    writer_cdata(writer_element(data, "CData"), "if (a < b && c > d) \"x\"");
    writer_element(data, "Empty");
    writer_text(writer_attribute(writer_element(data, "EmptyWithAttribute"), "Kind"), "none");
    WriterNode *outer = writer_element(data, "Outer");
    writer_text(writer_element(writer_element(outer, "Middle"), "Inner"), "three deep");
    writer_text(writer_element(outer, "Middle"), "again");
    maker_add(maker);
}

static void markup_rare(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 109);
    WriterNode *mixed = writer_element(data, "Pieces");
    writer_text(mixed, "a ");
    writer_entity(mixed, "amp");
    writer_character(mixed, 0x20ac);
    writer_cdata(mixed, "<cdata>");
    writer_text(mixed, " c");
    writer_instruction(writer_element(data, "WithInstruction"), "target", "key=value");
    WriterNode *around = writer_element(data, "Around");
    writer_text(around, "before");
    writer_text(writer_element(around, "Inner"), "inside");
    writer_text(around, "after");
    maker_add(maker);
}

static void user_data(GalleryMaker *maker)
{
    WriterNode *data = writer_element(maker_event(maker, 1102), "UserData");
    WriterNode *cleared = writer_element(data, "LogFileCleared");
    if (!cleared)
        return;
    WriterTree *tree = cleared->tree;
    writer_text(writer_attribute(cleared, "xmlns"),
                "http://manifests.microsoft.com/win/2004/08/windows/eventlog");
    writer_value(writer_element(cleared, "SubjectUserSid"), WRITER_NORMAL,
                 writer_sid(tree, SAMPLE_SID));
    writer_value(writer_element(cleared, "SubjectUserName"), WRITER_NORMAL,
                 writer_string(tree, "telvander"));
    writer_value(writer_element(cleared, "SubjectLogonId"), WRITER_NORMAL,
                 writer_number(tree, WRITER_HEX64, 0x1463d51));
    WriterNode *list = writer_element(cleared, "Detail");
    writer_value(writer_attribute(list, "code"), WRITER_OPTIONAL,
                 writer_number(tree, WRITER_UINT32, 5));
    writer_value(writer_element(list, "Path"), WRITER_NORMAL, writer_string(tree, "C:\\Temp"));
    maker_add(maker);
}

static void processing_error(GalleryMaker *maker)
{
    WriterNode *error = writer_element(maker_event(maker, 110), "ProcessingErrorData");
    if (!error)
        return;
    WriterTree *tree = error->tree;
    writer_value(writer_element(error, "ErrorCode"), WRITER_NORMAL,
                 writer_number(tree, WRITER_UINT32, 15005));
    writer_value(writer_element(error, "DataItemName"), WRITER_NORMAL,
                 writer_string(tree, "param7"));
    writer_value(writer_element(error, "EventPayload"), WRITER_NORMAL,
                 writer_bytes_value(tree, WRITER_BINARY, "\x50\x00\x61\x00\x79\x00\x00", 7));
    maker_add(maker);
}

static void unnamed_data(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 7036);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, NULL, writer_string(tree, "Windows Update"));
    writer_data(data, NULL, writer_string(tree, "running"));
    writer_value(writer_element(data, "Binary"), WRITER_OPTIONAL,
                 writer_bytes_value(tree, WRITER_BINARY, "W\0u\0/\0", 6));
    maker_add(maker);
}

static void unicode(GalleryMaker *maker)
{
    WriterNode *data = maker_event_data(maker, 111);
    if (!data)
        return;
    WriterTree *tree = data->tree;
    writer_data(data, "French",
                writer_string(tree, "t\u00e9moin prot\u00e9g\u00e9, pi\u00e8ce n\u00b0 7"));
    writer_data(data, "Cyrillic",
                writer_string(tree, "\u0441\u0432\u0438\u0434\u0435\u0442\u0435\u043b\u044c"));
    writer_data(data, "Arabic", writer_string(tree, "\u0634\u0627\u0647\u062f"));
    writer_data(data, "Chinese", writer_string(tree, "\u8bc1\u4eba"));
    writer_data(data, "Astral", writer_string(tree, "\U0001d518 \U0001f50f"));
    writer_data(data, "Combining", writer_string(tree, "e\u0301 \u200f\u202etxt.exe"));
    writer_data(data, "Nom_\u00e9t\u00e9", writer_string(tree, "name with accents"));
    maker_add(maker);
}

static void long_string(GalleryMaker *maker)
{
    static char text[30001];
    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 99; i < sizeof(text) - 1; i += 100)
        text[i] = '\n';
    WriterNode *data = maker_event_data(maker, 4104);
    if (!data)
        return;
    writer_data(data, "ScriptBlockText", writer_string(data->tree, text));
    maker_add(maker);
}

const GalleryEntry GALLERY_CONTENT[] = {
    {"minimal", "one ordinary event", GALLERY_SOUND, 1, minimal, NULL},
    {"value_integers", "all integer types, boolean, hex: least and greatest", GALLERY_SOUND, 1,
     value_integers, NULL},
    {"value_floats", "float and double with infinities and NaN", GALLERY_SOUND, 1, value_floats,
     NULL},
    {"value_others", "strings, binary, GUID, times, SIDs", GALLERY_SOUND, 1, value_others, NULL},
    {"value_size", "declared size_t, stored as hex32 and hex64", GALLERY_SOUND, 1, value_size,
     NULL},
    {"value_arrays", "arrays of every item type", GALLERY_SOUND, 1, value_arrays, NULL},
    {"value_arrays_rare", "arrays of booleans and SIDs, without items, with empty strings",
     GALLERY_ODD, 1, value_arrays_rare, NULL},
    {"null_optional", "optional values in an element and an attribute, once set and once null",
     GALLERY_SOUND, 2, null_optional, NULL},
    {"null_normal", "normal values that are null, in an element and an attribute", GALLERY_ODD, 1,
     null_normal, NULL},
    {"no_event_data", "the second of three events has no event data", GALLERY_ODD, 3, no_event_data,
     NULL},
    {"no_event_data_dependency", "the same, and the event depends on its data", GALLERY_ODD, 3,
     no_event_data_dependency, NULL},
    {"markup", "entity reference, CDATA, text in pieces, empty and nested elements", GALLERY_SOUND,
     1, markup, NULL},
    {"markup_rare",
     "character reference, pieces of every kind in one element, instruction, text around an "
     "element",
     GALLERY_ODD, 1, markup_rare, NULL},
    {"user_data", "UserData with a name space and nested elements", GALLERY_SOUND, 1, user_data,
     NULL},
    {"processing_error", "ProcessingErrorData", GALLERY_SOUND, 1, processing_error, NULL},
    {"unnamed_data", "Data without names, and Binary", GALLERY_SOUND, 1, unnamed_data, NULL},
    {"unicode", "scripts, characters outside the first plane, direction marks, a name with accents",
     GALLERY_SOUND, 1, unicode, NULL},
    {"long_string", "one value of 60,000 bytes", GALLERY_SOUND, 1, long_string, NULL},
};
const size_t GALLERY_CONTENT_COUNT = sizeof(GALLERY_CONTENT) / sizeof(GALLERY_CONTENT[0]);
