/* json_plan.h: steps of a template compiled to JSON; private to json_compile.c and plan_json.c.
 *
 * A step copies literal bytes and then does one thing; the conditional ones do neither without
 * their condition. Members are written with a comma behind
 * them; whatever closes an object turns the last comma into '}', so absent optional members need no
 * look-ahead. */
#ifndef FORMAT_EVTX_JSON_PLAN_H
#define FORMAT_EVTX_JSON_PLAN_H

#include "base/text.h"
#include "format/evtx/binxml.h"

#define COPY_SLACK 32 /* literals may be over-read and output over-written by so much */

#define ATTRIBUTES_OPEN     "{\"#attributes\":{"
#define ATTRIBUTES_OPEN_LEN (sizeof ATTRIBUTES_OPEN - 1)

typedef enum StepKind {
    STEP_END,              /* of the plan */
    STEP_LITERAL,          /* nothing else */
    STEP_SKIP_NULL,        /* to `jump` when the value is absent (dependency) */
    STEP_MEMBER,           /* value or null, comma */
    STEP_MEMBER_IF,        /* only if value `jump` is not absent */
    STEP_DATA,             /* value or "", comma */
    STEP_DATA_IF,          /* only if value `jump` is not absent */
    STEP_ATTRIBUTE,        /* key, value, comma; nothing when empty */
    STEP_LAST_ATTRIBUTE,   /* and then STEP_CLOSE_ATTRIBUTES */
    STEP_CLOSE_ATTRIBUTES, /* end of an element that has nothing else */
    STEP_CLOSE_FOR_TEXT,   /* end of attributes, then the element's text */
    STEP_CLOSE_FOR_MEMBERS,
    STEP_CLOSE_OBJECT,
    STEP_POSITIONAL, /* `jump` values from `index` of the plan's list */
    STEP_NESTED,
} StepKind;

typedef struct Step {
    uint32_t literal, literal_len;
    uint32_t key, key_len;
    uint16_t index;
    uint16_t jump;
    uint8_t kind;
    uint8_t suffix_len; /* of what stands behind the value */
    char suffix[4];
} Step;

struct JsonPlan {
    Text root; /* name of the only root element */
    const Step *steps;
    uint32_t step_count;
    const uint16_t *list;
    const char *literals; /* COPY_SLACK readable bytes behind the last */
    size_t literal_total;
    size_t value_uses;      /* how often the most used value is written */
    uint32_t values_needed; /* one more than the highest index of a value */
    const Text *siblings;   /* names beside the nested value */
    uint32_t sibling_count;
    bool nested_in_container; /* EventData, UserData: a Data there has a form of its own */
    bool root_is_data;
};

const JsonPlan *json_plan_compile(Binxml *bx, Definition *definition);

/* The plan of a definition, compiled on first use; its step_count is 0 when only the general way
 * will do. */
static inline const JsonPlan *json_plan(Binxml *bx, Definition *definition)
{
    const JsonPlan *known = definition->template->json;
    return known ? known : json_plan_compile(bx, definition);
}

#endif
