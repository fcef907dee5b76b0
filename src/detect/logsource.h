/* logsource.h: knowledge/logsources.tsv: which events a rule's log source means, and where the
 * fields that rules name are found in them. knowledge/README.md has the columns.
 *
 * Each row says how events of a product, a category or a service are recognised. A rule applies to
 * an event when a row of each attribute that it states does. Read only after loading. */
#ifndef DETECT_LOGSOURCE_H
#define DETECT_LOGSOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "event/event.h"
#include "event/schema.h"

/* What a rule states; lower case, empty: not stated. */
typedef struct LogSource {
    Text product, category, service;
} LogSource;

/* One place where a field may be found; the first that an event has is taken. */
typedef enum FieldPlaceKind {
    PLACE_NAME,      /* the native field, or else the ECS field, of that name */
    PLACE_PREFIX,    /* all native fields that begin so and go on with digits: param* */
    PLACE_SUFFIX,    /* the native field that ends in .name: fields of UserData */
    PLACE_PART,      /* key=value within the field: Hashes[MD5] */
    PLACE_REGISTRY,  /* registry(key,value): a path as Sysmon writes it */
    PLACE_INTEGRITY, /* integrity(field): S-1-16-12288 as High */
} FieldPlaceKind;

typedef struct FieldPlace {
    FieldPlaceKind kind;
    Text name; /* "@" stands for the rule's field */
    Text part; /* key of PLACE_PART, second field of PLACE_REGISTRY */
} FieldPlace;

typedef struct FieldRow {
    Text field; /* "@": any that has no row of its own */
    const FieldPlace *places;
    uint32_t count;
} FieldRow;

typedef struct TextSet {
    const Text *list;
    uint32_t count; /* 0: any */
} TextSet;

typedef struct SourceEntry {
    LogSource source; /* one of product, category, service is what the row is about */
    Text event_product, event_service;
    TextSet channels, providers, codes; /* a text that is empty stands for none */
    const Condition *conditions;        /* on fields of the event, beyond its kind */
    uint32_t condition_count;
    const FieldRow *fields;
    uint32_t field_count;
} SourceEntry;

typedef struct LogSources LogSources;

LogSources *logsources_load(const char *const *folders, size_t folder_count, Err *err);
void logsources_destroy(LogSources *sources);
static inline void logsources_destroyp(LogSources **sources)
{
    logsources_destroy(*sources);
}

uint32_t logsources_count(const LogSources *sources);
const SourceEntry *logsources_at(const LogSources *sources, uint32_t row);

/* Does a row, apart from its conditions, recognise events of this kind? ASCII case of channels,
 * providers and products does not matter. */
bool source_entry_fits(const SourceEntry *entry, const EventKind *kind);

/* Is the row about an attribute that `source` states, and of its product if it states one? */
bool source_entry_is_category(const SourceEntry *entry, const LogSource *source);
bool source_entry_is_service(const SourceEntry *entry, const LogSource *source);
bool source_entry_is_product(const SourceEntry *entry, const LogSource *source);

/* Is there any kind of event that `source` means? If not, *ret_missing is the attribute that
 * nothing has: "category", "service", "product". */
bool logsources_have(const LogSources *sources, const LogSource *source, const char **ret_missing);

/* May a native field be what `place` means? ECS fields are not native. */
bool field_place_covers(const FieldPlace *place, Text native_name);
bool field_has_prefix(Text native_name, Text prefix); /* prefix and digits */
bool field_has_suffix(Text native_name, Text name);   /* ….name, but for System and Export */

#endif
