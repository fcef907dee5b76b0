/* writer_event.h: the System part that nearly all events share, as Windows lays it out. */
#ifndef WRITER_EVENT_H
#define WRITER_EVENT_H

#include "writer_tree.h"

#include <stdint.h>

enum { WRITER_NO_QUALIFIERS = -1 };

/* NULL texts are left out of the event. */
typedef struct WriterEvent {
    const char *provider;
    const char *guid;
    const char *event_source; /* classic sources only */
    const char *channel;
    const char *computer;
    const char *user_sid;
    const char *activity_id;
    const char *related_activity_id;
    uint64_t time;      /* FILETIME */
    uint64_t record_id; /* EventRecordID */
    uint64_t keywords;
    uint32_t process_id;
    uint32_t thread_id;
    int32_t qualifiers; /* or WRITER_NO_QUALIFIERS */
    uint16_t event_id;
    uint16_t task;
    uint8_t version;
    uint8_t level;
    uint8_t opcode;
} WriterEvent;

/* Build Event and System into the tree's root, with the slots that Windows uses (level 0, opcode 1,
   ... event data 17), and give the fragment that takes EventData or UserData. If that stays empty,
   the data is null. */
WriterNode *writer_event(WriterTree *tree, const WriterEvent *event);

#endif
