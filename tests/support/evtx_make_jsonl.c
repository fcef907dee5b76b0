#include "evtx_make_jsonl.h"

#include "writer_event.h"
#include "writer_value.h"

#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* GUIDs as evtx_dump prints them: without braces and in capitals, or (newer versions) the other way
   round. Anything else of that form is a text in which case and braces matter. */
static bool looks_like_guid(const char *text)
{
    uint8_t guid[16];
    bool braces = *text == '{';
    for (const char *c = text; *c; c++)
        if (braces ? (*c >= 'A' && *c <= 'F') : (*c >= 'a' && *c <= 'f'))
            return false;
    return writer_parse_guid(text, guid);
}

/* "0x" and lower-case digits without leading zeros. */
static bool looks_like_hex(const char *text, uint64_t *ret)
{
    if (strncmp(text, "0x", 2) != 0)
        return false;
    size_t digits = strspn(text + 2, "0123456789abcdef");
    if (digits == 0 || digits > 16 || text[2 + digits] || (text[2] == '0' && digits > 1))
        return false;
    *ret = strtoull(text + 2, NULL, 16);
    return true;
}

static bool looks_like_time(const char *text, uint64_t *ret)
{
    const char *point = strchr(text, '.');
    size_t decimals = point ? strspn(point + 1, "0123456789") : 0;
    return (decimals == 6 || decimals == 7) && strlen(text) == 20 + 1 + decimals &&
           writer_parse_time(text, ret);
}

static bool is_binary(const char *text, size_t *ret_size)
{
    size_t length = strspn(text, "0123456789ABCDEF");
    if (length == 0 || text[length] || length % 2 != 0)
        return false;
    *ret_size = length / 2;
    return true;
}

static WriterValue binary_of(WriterTree *tree, const char *text, size_t size)
{
    uint8_t *bytes = writer_tree_alloc(tree, size);
    for (size_t i = 0; bytes && i < size; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return (WriterValue){.type = WRITER_BINARY, .size = bytes ? size : 0, .bytes = bytes};
}

static WriterValue text_value(WriterTree *tree, const char *key, const char *text)
{
    uint8_t sid[68];
    size_t size = 0;
    uint64_t number = 0;
    if (writer_parse_sid(text, sid, &size))
        return writer_sid(tree, text);
    if (looks_like_guid(text))
        return writer_guid(tree, text);
    if (looks_like_time(text, &number))
        return writer_number(tree, WRITER_FILETIME, number);
    if (looks_like_hex(text, &number)) {
        bool wide = number > UINT32_MAX || ends_with(key, "LogonId") ||
                    ends_with(key, "ProcessId") || ends_with(key, "HandleId");
        return writer_number(tree, wide ? WRITER_HEX64 : WRITER_HEX32, number);
    }
    if (strcmp(key, "Binary") == 0 && is_binary(text, &size))
        return binary_of(tree, text, size);
    return writer_string(tree, text);
}

static WriterValue value_of(WriterTree *tree, const char *key, json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return text_value(tree, key, json_string_value(json));
    case JSON_INTEGER: {
        json_int_t number = json_integer_value(json);
        WriterType type = number < INT32_MIN    ? WRITER_INT64
                          : number < 0          ? WRITER_INT32
                          : number > UINT32_MAX ? WRITER_UINT64
                                                : WRITER_UINT32;
        return writer_number(tree, type, (uint64_t)number);
    }
    case JSON_REAL:
        return writer_double(tree, json_real_value(json));
    case JSON_TRUE:
    case JSON_FALSE:
        return writer_number(tree, WRITER_BOOLEAN, json_is_true(json));
    default:
        return writer_null();
    }
}

/* Numbers of processes and handles are pointer-sized in the templates of Windows. */
static void put_scalar(WriterNode *parent, const char *key, json_t *json)
{
    if (!parent || json_is_null(json))
        return; /* an element without text */
    WriterValue value = value_of(parent->tree, key, json);
    WriterNode *node = writer_value(parent, WRITER_NORMAL, value);
    if (value.type == WRITER_HEX64 && ends_with(key, "ProcessId"))
        writer_set_declared(node, WRITER_SIZE);
}

/* Texts of one element that stood several times, or of one array value: as an array of strings. */
static void put_array(WriterNode *parent, json_t *array)
{
    size_t count = json_array_size(array);
    WriterValue *items =
        parent ? writer_tree_alloc(parent->tree, (count + 1) * sizeof(*items)) : NULL;
    if (!items)
        return;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        items[i] = writer_string(parent->tree, text ? text : "");
    }
    writer_value(parent, WRITER_NORMAL, writer_array(parent->tree, WRITER_STRING, items, count));
}

static void put_attributes(WriterNode *element, json_t *object)
{
    const char *key;
    json_t *member;
    json_object_foreach(json_object_get(object, "#attributes"), key, member)
    {
        WriterNode *attribute = writer_attribute(element, key);
        if (strcmp(key, "xmlns") == 0 ||
            strcmp(key, "Name") == 0) /* part of the template in real logs */
            writer_text(attribute, json_is_string(member) ? json_string_value(member) : "");
        else
            put_scalar(attribute, key, member);
    }
}

/* An element of UserData with all below it. jansson's own limit (2,048 levels) bounds the depth. */
static void put_element(WriterNode *parent, const char *name, json_t *json)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_array(json)) {
        json_array_foreach(json, index, member) put_element(parent, name, member);
        return;
    }
    WriterNode *element = writer_element(parent, name);
    if (!json_is_object(json)) {
        put_scalar(element, name, json);
        return;
    }
    put_attributes(element, json);
    json_object_foreach(json, key, member)
    {
        if (strcmp(key, "#text") == 0)
            put_scalar(element, name, member);
        else if (strcmp(key, "#attributes") != 0)
            put_element(element, key, member);
    }
}

/* Data without a name: evtx_dump gathers their texts. */
static void put_unnamed(WriterNode *data, json_t *json)
{
    json_t *member;
    size_t index;
    json_t *text = json_is_object(json) ? json_object_get(json, "#text") : json;
    if (!json_is_array(text)) {
        put_scalar(writer_element(data, "Data"), "Data", text ? text : json_null());
        return;
    }
    json_array_foreach(text, index, member)
        put_scalar(writer_element(data, "Data"), "Data", member);
}

static void put_event_data(WriterNode *fragment, json_t *json)
{
    const char *key;
    json_t *member;
    WriterNode *data = writer_element(fragment, "EventData");
    put_attributes(data, json);
    json_object_foreach(json, key, member)
    {
        if (strcmp(key, "#attributes") == 0)
            continue;
        if (strcmp(key, "Data") == 0) {
            put_unnamed(data, member);
        } else if (strcmp(key, "Binary") == 0) {
            put_scalar(writer_element(data, key), key, member);
        } else {
            WriterNode *element = writer_element(data, "Data");
            writer_text(writer_attribute(element, "Name"), key);
            if (json_is_array(member))
                put_array(element, member);
            else
                put_scalar(element, key, member);
        }
    }
}

static json_t *attribute_of(json_t *system, const char *element, const char *name)
{
    return json_object_get(json_object_get(json_object_get(system, element), "#attributes"), name);
}

static uint64_t number_of(json_t *json)
{
    uint64_t number = 0;
    if (json_is_integer(json))
        return (uint64_t)json_integer_value(json);
    if (json_is_string(json))
        looks_like_hex(json_string_value(json), &number);
    return number;
}

static uint64_t number_in(json_t *system, const char *key)
{
    json_t *json = json_object_get(system, key);
    return number_of(json_is_object(json) ? json_object_get(json, "#text") : json);
}

static bool read_system(json_t *system, WriterEvent *ret)
{
    json_t *qualifiers = attribute_of(system, "EventID", "Qualifiers");
    const char *time = json_string_value(attribute_of(system, "TimeCreated", "SystemTime"));
    WriterEvent event = {
        .provider = json_string_value(attribute_of(system, "Provider", "Name")),
        .guid = json_string_value(attribute_of(system, "Provider", "Guid")),
        .event_source = json_string_value(attribute_of(system, "Provider", "EventSourceName")),
        .channel = json_string_value(json_object_get(system, "Channel")),
        .computer = json_string_value(json_object_get(system, "Computer")),
        .user_sid = json_string_value(attribute_of(system, "Security", "UserID")),
        .activity_id = json_string_value(attribute_of(system, "Correlation", "ActivityID")),
        .related_activity_id =
            json_string_value(attribute_of(system, "Correlation", "RelatedActivityID")),
        .record_id = number_in(system, "EventRecordID"),
        .keywords = number_in(system, "Keywords"),
        .process_id = (uint32_t)number_of(attribute_of(system, "Execution", "ProcessID")),
        .thread_id = (uint32_t)number_of(attribute_of(system, "Execution", "ThreadID")),
        .qualifiers = qualifiers ? (int32_t)number_of(qualifiers) : WRITER_NO_QUALIFIERS,
        .event_id = (uint16_t)number_in(system, "EventID"),
        .task = (uint16_t)number_in(system, "Task"),
        .version = (uint8_t)number_in(system, "Version"),
        .level = (uint8_t)number_in(system, "Level"),
        .opcode = (uint8_t)number_in(system, "Opcode"),
    };
    if (!event.provider || !event.channel || !event.computer || !time ||
        !writer_parse_time(time, &event.time))
        return false;
    *ret = event;
    return true;
}

static const char *add_event(EvtxWriter *writer, WriterTree *tree, json_t *root)
{
    WriterEvent event;
    json_t *top = json_object_get(root, "Event");
    if (!read_system(json_object_get(top, "System"), &event))
        return "no Event.System with Provider, Channel, Computer and a time";
    WriterNode *fragment = writer_event(tree, &event);
    json_t *data = json_object_get(top, "EventData");
    json_t *user_data = json_object_get(top, "UserData");
    if (data)
        put_event_data(fragment, data);
    else if (user_data)
        put_element(fragment, "UserData", user_data);
    EvtxRecordSpec spec = {.id = event.record_id, .written = event.time};
    if (writer_tree_failed(tree))
        return "a GUID or SID of Event.System is none, or out of memory";
    return evtx_writer_add(writer, tree, spec) ? NULL : "event is too large";
}

static const char *add_line(EvtxWriter *writer, const char *line, size_t length)
{
    json_t *root = json_loadb(line, length, 0, NULL);
    if (!root)
        return "no JSON";
    WriterTree *tree = writer_tree_create();
    const char *problem = tree ? add_event(writer, tree, root) : "out of memory";
    writer_tree_destroy(tree);
    json_decref(root);
    return problem;
}

bool evtx_make_jsonl(FILE *in, EvtxWriter *writer, char *message, size_t message_size)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    const char *problem = NULL;
    ssize_t length;
    while (!problem && (length = getline(&line, &room, in)) >= 0) {
        number++;
        if (line[strspn(line, " \t\r\n")])
            problem = add_line(writer, line, (size_t)length);
    }
    if (!problem && ferror(in))
        problem = "cannot be read";
    free(line);
    if (problem && snprintf(message, message_size, "line %zu: %s", number, problem) < 0)
        message[0] = '\0';
    return !problem;
}
