/* settings.h: what the options of a command mean, checked: numbers, times, zones, folders. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options.h"
#include "app/output.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "base/zone.h"
#include "engine/engine.h"

#define WORKERS_MAX 256
#define TABLES_MAX  4

/* --timezone: the last one that matches a path counts. */
typedef struct ZoneRule {
    char *pattern; /* NULL: every path */
    Zone zone;
} ZoneRule;

/* --host: the first one that matches a path counts. */
typedef struct HostGiven {
    char *pattern;
    const char *name; /* of argv */
} HostGiven;

typedef struct Settings {
    EngineOptions engine;
    Time from, to; /* [from, to); TIME_NONE and INT64_MAX when open */
    ZoneRule *zones;
    size_t zone_count;
    HostGiven *hosts;
    size_t host_count;
    char *tables[TABLES_MAX]; /* folders to search for tables, in order */
    size_t table_count;
    char **passwords; /* engine.format has them too */
    size_t password_count;
    const char *output; /* NULL: standard output */
    OutputRule output_rule;
    const char *temporary; /* folder for what does not fit in memory */
    char *temporary_own;
    unsigned console; /* ConsoleFlag */
} Settings;

bool settings_read(const Arguments *arguments, Settings *ret, Err *err);
void settings_done(Settings *settings);

/* The zone for an item; NULL: none was given for it. */
const Zone *settings_zone(const Settings *settings, Text path);

/* The host that a person gave for an item; empty: none. */
Text settings_host(const Settings *settings, Text path);

/* The path of a table: in the first folder that has it. malloc'ed; NULL with err. */
char *settings_table(const Settings *settings, const char *name, Err *err);

/* The pack of Constat's own rules (detect/rule_pack.h). malloc'ed; NULL: there is none. */
char *settings_rule_pack(void);

/* One digest of all tables that decide what records mean. */
bool settings_tables_digest(const Settings *settings, Sha256 *ret, Err *err);

/* The folders with Constat's tables, nearest first: `given` (or NULL), then what belongs to this
 * program. Fills settings->tables. */
bool settings_find_tables(Settings *settings, const char *given, Err *err);

#endif
