/* schema.h: the tables that give records their meaning, read from knowledge/ at start-up:
 * sources.tsv (channel → service), actions.tsv (record → action and roles), ecs.tsv (native field
 * → ECS field), messages.tsv (record → a line for a person). Immutable after loading. The tables
 * are ours, not evidence; still every error names file and line. */
#ifndef EVENT_SCHEMA_H
#define EVENT_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "event/event.h"

typedef struct Schema Schema;

/* `folders`: searched in order, file by file; at least one must hold each table. */
Schema *schema_load(const char *const *folders, size_t folder_count, Err *err);
void schema_destroy(Schema *schema);
static inline void schema_destroyp(Schema **schema)
{
    schema_destroy(*schema);
}

typedef enum ConditionOp { CONDITION_IS, CONDITION_IS_NOT, CONDITION_CONTAINS } ConditionOp;

typedef struct Condition {
    Text field;
    ConditionOp op;
    const Text *values; /* any of them; for IS_NOT none of them */
    uint32_t value_count;
} Condition;

typedef struct ActionRow {
    Text action;
    Text outcome;
    Text provider; /* empty: any */
    const Condition *conditions;
    uint32_t condition_count;
    Text roles[ROLE_COUNT]; /* native field names; empty: nobody */
} ActionRow;

typedef enum Transform {
    TRANSFORM_NONE,
    TRANSFORM_LOWER,
    TRANSFORM_IP,
    TRANSFORM_BASENAME,
    TRANSFORM_DASH_EMPTY,
    TRANSFORM_PID,
    TRANSFORM_PORT,
    TRANSFORM_HASHES,      /* "SHA256=…,MD5=…": ecs name is the prefix ("process.hash") */
    TRANSFORM_DOMAIN_USER, /* DOMAIN\name: ecs name is the prefix ("user") */
    TRANSFORM_COUNT
} Transform;

typedef struct EcsRow {
    Text field;
    Text ecs;
    Transform transform;
} EcsRow;

/* Service and abbreviation of a Windows channel (and provider). Empty texts when unknown. */
typedef struct SourceRow {
    Text product, service, channel, provider, abbreviation;
} SourceRow;
const SourceRow *schema_source(const Schema *schema, Text channel, Text provider);

/* Rows for a kind, first match wins; NULL and 0 when there are none. */
const ActionRow *schema_actions(const Schema *schema, const EventKind *kind, uint32_t *ret_count);

/* ECS rows that apply to a kind: for its own code, its service and any service, in that order.
 * Calls `each` for every row; a field may have several. */
void schema_ecs(const Schema *schema, const EventKind *kind,
                void (*each)(void *ctx, const EcsRow *row), void *ctx);

/* The message line with {Field} placeholders; empty when there is none. */
Text schema_message(const Schema *schema, const EventKind *kind);

/* Text of a parameter (parameters.tsv), e.g. set "logon-type" code "3"; empty when unknown. */
Text schema_parameter(const Schema *schema, Text set, Text code);

#endif
