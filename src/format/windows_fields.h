/* windows_fields.h: what the fields of a Windows event are called, whatever file it comes from.
 *
 * Names, the same for EVTX files and for their exports:
 *   System.…          what stands in Event/System: attributes and elements, dotted
 *   (as they are)     EventData's Data by its Name; without a name param1, param2, …
 *   EventData.…       attributes of EventData itself; text directly in it is "EventData"
 *   (dotted)          UserData's content, without "UserData."
 *   Export.…          what an exporter added: rendered messages, its own times, its own host
 * Namespace declarations (xmlns) are left out. An array or a repeated element gives one field for
 * each of its values, all of the same name.
 *
 * Values of System fields have the type that an EVTX file gives them, where the export's text says
 * the same: numbers are numbers, SystemTime is a time. All else stays as written. */
#ifndef FORMAT_WINDOWS_FIELDS_H
#define FORMAT_WINDOWS_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"
#include "event/event.h"
#include "event/sink.h"

#define WINDOWS_EXPORT_PREFIX TEXT("Export.")

typedef enum WindowsField {
    WINDOWS_PROVIDER_NAME,
    WINDOWS_PROVIDER_GUID,
    WINDOWS_PROVIDER_SOURCE,
    WINDOWS_EVENT_ID,
    WINDOWS_QUALIFIERS,
    WINDOWS_VERSION,
    WINDOWS_LEVEL,
    WINDOWS_TASK,
    WINDOWS_OPCODE,
    WINDOWS_KEYWORDS,
    WINDOWS_SYSTEM_TIME,
    WINDOWS_RECORD_ID,
    WINDOWS_ACTIVITY_ID,
    WINDOWS_RELATED_ACTIVITY_ID,
    WINDOWS_PROCESS_ID,
    WINDOWS_THREAD_ID,
    WINDOWS_CHANNEL,
    WINDOWS_COMPUTER,
    WINDOWS_USER_ID,
    WINDOWS_FIELD_COUNT,
    WINDOWS_FIELD_OTHER = WINDOWS_FIELD_COUNT, /* any other System field */
} WindowsField;

/* Native names: "System.Provider.Name", … */
extern const Text WINDOWS_FIELD_TEXT[WINDOWS_FIELD_COUNT];

/* The field of a native name; WINDOWS_FIELD_OTHER if it is none of them. */
WindowsField windows_field(Text native_name);

/* Is this attribute a namespace declaration? */
static inline bool windows_is_namespace(Text name)
{
    return text_equal(name, TEXT("xmlns")) || text_starts(name, TEXT("xmlns:"));
}

/* A channel as Windows spells it, if it is known in another case (exporters lower-case them); else
 * as it is. */
Text windows_channel(Text as_found);

/* What is known of the event that is being read. Texts borrow until the commit. */
typedef struct WindowsEvent {
    uint64_t offset;
    uint32_t size;
    Text provider, channel, computer, code; /* empty: not there */
    uint64_t record_id;                     /* or RECORD_ID_NONE */
    Time time;                              /* or TIME_NONE */
    TimeMeaning meaning;                    /* of a known time */
    TimeQuality quality;
} WindowsEvent;

void windows_event_begin(WindowsEvent *event, uint64_t offset, uint64_t size);

/* A System field as its export writes it: added to the sink with the right type, and noted in
 * `event`. `name` is the native name's number (`field` may be OTHER). Empty texts are left out, as
 * EVTX files do. SystemTime sets the event's time: Windows writes it in UTC, with or without saying
 * so. */
void windows_add_system(Sink *sink, WindowsEvent *event, WindowsField field, NameId name,
                        Text text);

/* Decimal number in text: VALUE_UINT or VALUE_INT; false if it is none (nothing is added). */
bool windows_add_number(Sink *sink, NameId name, Text text);

/* Head, kind and twin key from what is known, then sink_commit. */
bool windows_commit(Sink *sink, const WindowsEvent *event);

#endif
