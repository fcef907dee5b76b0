/* json_tree.h: a JSON document of a feed as a tree, by the reader of format/json_reader.h. */
#ifndef DETECT_INDICATOR_JSON_TREE_H
#define DETECT_INDICATOR_JSON_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "format/json_reader.h"

typedef struct JsonNode JsonNode;
struct JsonNode {
    JsonKind kind;
    Text key;              /* of a member of an object */
    Text text;             /* of strings and numbers */
    size_t pos;            /* byte in the document */
    const JsonNode *first; /* of objects and arrays */
    const JsonNode *next;  /* of the same object or array */
};

typedef struct JsonTree {
    JsonReader reader; /* holds texts that had escapes */
    const JsonNode *root;
} JsonTree;

/* The tree of `bytes`, which must outlive it, in `arena`. false: err has the byte and what was
 * expected there; json_tree_done is due in any case. */
bool json_tree_read(JsonTree *tree, Arena *arena, Text bytes, Err *err);
void json_tree_done(JsonTree *tree);

/* NULL: not an object, or without that member. Of several the first. `object` may be NULL. */
const JsonNode *json_member(const JsonNode *object, Text key);
const JsonNode *json_array(const JsonNode *object, Text key);      /* only if it is one */
Text json_string(const JsonNode *object, Text key);                /* empty: there is none */
bool json_number(const JsonNode *object, Text key, uint64_t *ret); /* also as a string */
/* The boolean, also as a number or string; `otherwise`: there is none. */
bool json_flag(const JsonNode *object, Text key, bool otherwise);

/* The texts of an array of strings, or, with `name`, of objects that have that member. In `arena`,
 * NULL: none, or no memory. */
const Text *json_strings(Arena *arena, const JsonNode *array, Text name, uint32_t *ret_count);

#endif
