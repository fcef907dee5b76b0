/* told_case.h: cases told event by event, with the tables of the repository, for the tests of
 * src/analysis and of reports. */
#ifndef TOLD_CASE_H
#define TOLD_CASE_H

#include <stdint.h>

#include "event/schema.h"
#include "store/store.h"

typedef struct ToldField {
    const char *name, *value; /* name NULL: no more */
} ToldField;

#define TOLD_FIELDS_MAX 8

typedef struct ToldEvent {
    const char *time; /* NULL: none */
    const char *host; /* System.Computer; NULL: the record names none */
    const char *channel, *provider, *code;
    uint64_t record; /* 0: none */
    TimeQuality quality;
    EventClass class;
    ToldField fields[TOLD_FIELDS_MAX];
} ToldEvent;

typedef struct ToldItem {
    const char *path, *layout_host, *format; /* NULL: none */
    ItemState state;                         /* 0: ITEM_DONE */
    const char *parent;                      /* path of its container; NULL: none */
    uint64_t size;                           /* 0: 4096 bytes an event */
} ToldItem;

typedef struct ToldCase ToldCase;

/* The tables of the repository (CONSTAT_SOURCE); ends the test if they do not load. */
Schema *told_schema(void);

/* A new case; whatever goes wrong ends the test. `run`: NULL, as a run of "constat investigate". */
ToldCase *told_open(const char *folder, const Schema *schema, const RunInfo *run,
                    const StoreOptions *options);
RunResult told_close(ToldCase *told);

/* Events and defects belong to the last item. */
void told_item(ToldCase *told, const ToldItem *item);
void told_event(ToldCase *told, const ToldEvent *event);
/* A logon of the Security log, of COURT\user. */
void told_logon(ToldCase *told, const char *host, const char *time, uint64_t record,
                const char *user);
void told_defect(ToldCase *told, DefectKind kind, uint64_t offset, const char *text);
/* What has been told of the item so far is a batch of its own. */
void told_batch(ToldCase *told);

/* A time `seconds` after "2026-03-02T00:00:00Z", a Monday; static memory for the last eight. */
const char *told_time(int64_t seconds);

#endif
