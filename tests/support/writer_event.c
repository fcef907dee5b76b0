#include "writer_event.h"

#include "writer_value.h"

#include <stddef.h>

/* Slots of the System template, found alike in all logs looked at. */
enum {
    SLOT_LEVEL,
    SLOT_OPCODE,
    SLOT_TASK,
    SLOT_EVENT_ID,
    SLOT_QUALIFIERS,
    SLOT_KEYWORDS,
    SLOT_TIME,
    SLOT_ACTIVITY,
    SLOT_PROCESS,
    SLOT_THREAD,
    SLOT_RECORD,
    SLOT_VERSION,
    SLOT_USER,
    SLOT_RELATED,
    SLOT_PROVIDER,
    SLOT_GUID,
    SLOT_CHANNEL,
    SLOT_DATA,
};

/* An optional value at its slot; the declared type is the same whether there is a value or not. */
static void slot_value(WriterNode *parent, uint16_t slot, WriterType type, WriterValue value)
{
    WriterNode *node = writer_value(parent, WRITER_OPTIONAL, value);
    writer_set_slot(node, slot);
    writer_set_declared(node, (uint8_t)type);
}

static void number(WriterNode *system, const char *name, uint16_t slot, WriterType type,
                   uint64_t value)
{
    WriterNode *element = writer_element(system, name);
    if (element)
        slot_value(element, slot, type, writer_number(element->tree, type, value));
}

static WriterValue guid_or_null(WriterTree *tree, const char *text)
{
    return text ? writer_guid(tree, text) : writer_null();
}

static void provider(WriterNode *system, const WriterEvent *event)
{
    WriterTree *tree = system->tree;
    WriterNode *element = writer_element(system, "Provider");
    slot_value(writer_attribute(element, "Name"), SLOT_PROVIDER, WRITER_STRING,
               writer_string(tree, event->provider));
    slot_value(writer_attribute(element, "Guid"), SLOT_GUID, WRITER_GUID,
               guid_or_null(tree, event->guid));
    if (event->event_source) /* literal: a classic source has a template of its own */
        writer_text(writer_attribute(element, "EventSourceName"), event->event_source);
}

static void event_id(WriterNode *system, const WriterEvent *event)
{
    WriterTree *tree = system->tree;
    WriterNode *element = writer_element(system, "EventID");
    WriterValue qualifiers = writer_null();
    if (event->qualifiers != WRITER_NO_QUALIFIERS)
        qualifiers = writer_number(tree, WRITER_UINT16, (uint64_t)event->qualifiers);
    slot_value(writer_attribute(element, "Qualifiers"), SLOT_QUALIFIERS, WRITER_UINT16, qualifiers);
    slot_value(element, SLOT_EVENT_ID, WRITER_UINT16,
               writer_number(tree, WRITER_UINT16, event->event_id));
}

static void origin(WriterNode *system, const WriterEvent *event)
{
    WriterTree *tree = system->tree;
    WriterNode *correlation = writer_element(system, "Correlation");
    slot_value(writer_attribute(correlation, "ActivityID"), SLOT_ACTIVITY, WRITER_GUID,
               guid_or_null(tree, event->activity_id));
    slot_value(writer_attribute(correlation, "RelatedActivityID"), SLOT_RELATED, WRITER_GUID,
               guid_or_null(tree, event->related_activity_id));
    WriterNode *execution = writer_element(system, "Execution");
    slot_value(writer_attribute(execution, "ProcessID"), SLOT_PROCESS, WRITER_UINT32,
               writer_number(tree, WRITER_UINT32, event->process_id));
    slot_value(writer_attribute(execution, "ThreadID"), SLOT_THREAD, WRITER_UINT32,
               writer_number(tree, WRITER_UINT32, event->thread_id));
    slot_value(writer_element(system, "Channel"), SLOT_CHANNEL, WRITER_STRING,
               writer_string(tree, event->channel));
    writer_text(writer_element(system, "Computer"), event->computer); /* literal, as Windows does */
    WriterNode *security = writer_element(system, "Security");
    slot_value(writer_attribute(security, "UserID"), SLOT_USER, WRITER_SID,
               event->user_sid ? writer_sid(tree, event->user_sid) : writer_null());
}

WriterNode *writer_event(WriterTree *tree, const WriterEvent *event)
{
    WriterNode *top = writer_element(writer_tree_root(tree), "Event");
    writer_text(writer_attribute(top, "xmlns"),
                "http://schemas.microsoft.com/win/2004/08/events/event");
    writer_set_dependency(top, SLOT_DATA);
    WriterNode *system = writer_element(top, "System");
    if (!system)
        return NULL;
    provider(system, event);
    event_id(system, event);
    number(system, "Version", SLOT_VERSION, WRITER_UINT8, event->version);
    number(system, "Level", SLOT_LEVEL, WRITER_UINT8, event->level);
    number(system, "Task", SLOT_TASK, WRITER_UINT16, event->task);
    number(system, "Opcode", SLOT_OPCODE, WRITER_UINT8, event->opcode);
    number(system, "Keywords", SLOT_KEYWORDS, WRITER_HEX64, event->keywords);
    slot_value(writer_attribute(writer_element(system, "TimeCreated"), "SystemTime"), SLOT_TIME,
               WRITER_FILETIME, writer_number(tree, WRITER_FILETIME, event->time));
    number(system, "EventRecordID", SLOT_RECORD, WRITER_UINT64, event->record_id);
    origin(system, event);
    WriterNode *data = writer_fragment(top, WRITER_TEMPLATE);
    writer_set_slot(data, SLOT_DATA);
    return data;
}
