/* query.h: a query as it is written (docs/search.md), and what it is made of.
 *
 *     user:alice AND (action:logon* OR code:>=4624) AND NOT host:DC01 mimikatz
 *
 * A query is parsed once into a tree that never changes; query_match.h holds it against events. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "event/event.h"
#include "store/query_test.h"

#define QUERY_BYTES_MAX (64u * 1024)
#define QUERY_TERMS_MAX 1024
#define QUERY_DEPTH_MAX 64 /* parentheses and NOTs within one another */

/* What an event has beside its fields, under names of its own: summaries know most of them. */
typedef enum Basic {
    BASIC_NONE,
    BASIC_ACTION, /* the same for all events of a layout … */
    BASIC_OUTCOME,
    BASIC_CHANNEL,
    BASIC_PROVIDER,
    BASIC_CODE,
    BASIC_SOURCE,
    BASIC_TIME, /* … and from here on not */
    BASIC_RECORD_ID,
    BASIC_CLASS,
    BASIC_QUALITY,
    BASIC_HOST,
    BASIC_ITEM,
} Basic;

/* One term: some value of what it names passes the test. */
typedef struct QueryLeaf {
    Text field;       /* empty: any field */
    Basic basic;      /* else nothing of the following: */
    Text native, ecs; /* other names of fields that are meant too; empty: none */
    uint32_t roles;   /* bit per Role that the field names */
    QueryTest test;
} QueryLeaf;

typedef enum QueryOp { QUERY_ALL, QUERY_LEAF, QUERY_NOT, QUERY_AND, QUERY_OR } QueryOp;

typedef struct QueryNode {
    QueryOp op;
    uint32_t leaf;            /* QUERY_LEAF */
    uint32_t first, children; /* NOT (one), AND, OR: places in query->children; cheap ones first */
    uint32_t cost;
} QueryNode;

typedef struct Query {
    Arena *arena;
    QueryNode *nodes;
    uint32_t node_count, node_room, root;
    uint32_t *children; /* nodes */
    uint32_t child_count;
    QueryLeaf *leaves;
    uint32_t leaf_count;
    const char *hint; /* what the person may not have meant; NULL: nothing */
} Query;

/* NULL with err: ERR_USAGE "character 12: …" with the offset of the byte, ERR_NO_MEMORY. The text
 * need not live on. */
Query *query_parse(Text text, Err *err);
void query_destroy(Query *query); /* NULL is fine */
static inline void query_destroyp(Query **query)
{
    query_destroy(*query);
}

/* Fill in what a field's name means: all but the field itself and the test. */
void query_name(QueryLeaf *leaf);

#endif
