/* evtx_json_paths.h: where a value stands in a JSON record, as a small number.
 *
 * Every distinct path of keys ("winlog", then "event_data", then "Image") becomes a node once; what
 * it means in each of the shapes that Windows events take in JSON is worked out at that moment and
 * costs nothing afterwards. Arrays leave no trace in a path, and "_source" (Elasticsearch) at the
 * top is as if it were not there. */
#ifndef FORMAT_EVTX_JSON_PATHS_H
#define FORMAT_EVTX_JSON_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "event/sink.h"
#include "format/windows_fields.h"

typedef enum JsonShape {
    SHAPE_NONE,     /* no Windows event */
    SHAPE_TREE,     /* evtx_dump and relatives: Event, System, EventData as objects */
    SHAPE_BEATS,    /* Winlogbeat: winlog.… (7 and later), event_data.… (6) */
    SHAPE_WAZUH,    /* data.win.system.…, data.win.eventdata.… */
    SHAPE_CMDLET,   /* Get-WinEvent | ConvertTo-Json */
    SHAPE_NXLOG,    /* all fields at the top, with NXLog's own */
    SHAPE_SENTINEL, /* the same with Azure Monitor's own */
    SHAPE_FLAT,     /* the same with nobody's */
    SHAPE_COUNT
} JsonShape;

/* What has been seen in a record; decides its shape. */
enum {
    MARK_TREE = 1 << 0,
    MARK_BEATS = 1 << 1,
    MARK_BEATS_6_LOG = 1 << 2,
    MARK_BEATS_6_ID = 1 << 3,
    MARK_WAZUH = 1 << 4,
    MARK_CMDLET_ID = 1 << 5,
    MARK_CMDLET_LOG = 1 << 6,
    MARK_CMDLET_PROVIDER = 1 << 7,
    MARK_EVENT_ID = 1 << 8,
    MARK_ORIGIN = 1 << 9, /* a channel, a source or a host beside EventID */
    MARK_NXLOG = 1 << 10,
    MARK_SENTINEL = 1 << 11,
    MARK_ACCOUNT_TYPE = 1 << 12,  /* NXLog has resolved the account that logged */
    MARK_OTHER_TYPE = 1 << 13,    /* EventType is the event's own, NXLog's is kept elsewhere */
    MARK_EVENT_OBJECT = 1 << 14,  /* {"Event":…} */
    MARK_OUTSIDE_EVENT = 1 << 15, /* something beside "Event" at the top */
    MARK_ATTRIBUTES = 1 << 16,    /* a tree with "#attributes": evtx_dump's */
    MARK_FOREIGN_TREE = 1 << 17,  /* a tree with attributes as "@Name" */
    MARK_THREAD = 1 << 18,        /* ThreadID at the top: fields of the logging process are there */
};

JsonShape shape_of_marks(uint32_t marks);

typedef enum PathUse {
    USE_FIELD,           /* under `name` */
    USE_NONEMPTY,        /* the same, but null and empty text are left out */
    USE_SYSTEM,          /* System field; of several candidates the lowest rank */
    USE_PARAM,           /* unnamed Data: param1, param2, … */
    USE_BARE_DATA,       /* "Data":"x": unnamed, or its name is "Data" */
    USE_DATA_NAME,       /* Name of a Data … */
    USE_DATA_TEXT,       /* … and its text, which follows */
    USE_USER_DATA,       /* below the name of UserData's element, which stands elsewhere … */
    USE_USER_ELEMENT,    /* … here */
    USE_TIME,            /* a candidate for the event's time, by rank; and under `name` */
    USE_TIME_RECEIVED,   /* NXLog's EventReceivedTime */
    USE_TIME_SYSMON,     /* UtcTime */
    USE_LOGGING_PROCESS, /* ProcessID: the logging process, or a field of the event */
    USE_LOGGING_USER,    /* UserID: the account that logged, or a field of the event */
    USE_NXLOG_ACCOUNT,   /* AccountName, Domain: names of that account, or fields of the event */
    USE_NXLOG_TYPE,      /* EventType: severity, or a field of the event */
    USE_SKIP,
} PathUse;

typedef struct Meaning {
    uint8_t use;   /* PathUse */
    uint8_t field; /* WindowsField */
    uint8_t rank;
    NameId name;  /* under which it is added */
    NameId other; /* if it is not that after all: another candidate won, it is no number, … */
} Meaning;

#define PATH_ROOT 0u
#define PATH_NONE UINT32_MAX

typedef struct PathNode {
    uint32_t parent;
    uint32_t guess; /* the node that was asked for after this one, the last time */
    uint32_t marks;
    uint32_t seen;  /* record in which it was last asked for */
    uint16_t known; /* bit s: meaning[s] is worked out */
    uint8_t place;  /* in SHAPE_TREE: see evtx_json_paths.c */
    bool in_tree;   /* below Event, System, EventData or UserData */
    Text key;
    Text path;      /* dotted */
    Text tree_name; /* native name in SHAPE_TREE */
    Meaning meaning[SHAPE_COUNT];
} PathNode;

typedef struct Paths {
    Sink *sink;
    Arena *arena;
    PathNode *nodes;
    uint32_t count;
    size_t cap;
    uint32_t *slots; /* node + 1; 0: free */
    size_t slot_count;
    uint32_t last; /* node that was asked for last */
    uint32_t record;
    uint32_t generation; /* counts the new starts: numbers of nodes hold within one */
    Buf scratch;
} Paths;

bool paths_init(Paths *paths, Sink *sink); /* false: no memory; paths_done is still due */
void paths_done(Paths *paths);

/* Before each record. Starts anew when there have been very many different keys. */
void paths_begin(Paths *paths);

/* The node of `key` below `parent`; PATH_NONE when there are too many, or no memory. In an event's
 * tree evtx_dump numbers repeated elements ("Header", "Header_1", …): where the first of them
 * was seen in this record, its node is given for all. */
uint32_t paths_child(Paths *paths, uint32_t parent, Text key);

/* Valid until the next paths_child. */
static inline const PathNode *paths_node(const Paths *paths, uint32_t node)
{
    return &paths->nodes[node];
}

const Meaning *paths_work_out(Paths *paths, uint32_t node, JsonShape shape);

static inline const Meaning *paths_meaning(Paths *paths, uint32_t node, JsonShape shape)
{
    const PathNode *at = &paths->nodes[node];
    return at->known >> shape & 1 ? &at->meaning[shape] : paths_work_out(paths, node, shape);
}

#endif
