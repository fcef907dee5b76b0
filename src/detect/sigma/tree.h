/* tree.h: the condition of a rule with its identifiers put in: and, or, not over leaves, each of
 * which asks one thing of one field, or of all (a keyword). Lives in the arena of its rule set. */
#ifndef DETECT_SIGMA_TREE_H
#define DETECT_SIGMA_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "detect/sigma/value.h"

#define TREE_NODES_MAX 100000 /* of one rule */

typedef enum NodeKind { NODE_AND, NODE_OR, NODE_NOT, NODE_LEAF } NodeKind;

typedef struct Node Node;
struct Node {
    NodeKind kind;
    uint32_t count;  /* of children: 1 of NODE_NOT, 0 of NODE_LEAF */
    uint32_t weight; /* nodes in it, shared ones as often as they are met; UINT32_MAX: too many */
    Node **children;
    Text field; /* of a leaf; empty: keyword */
    const RuleValue *value;
};

/* All give NULL when memory is exhausted. */
Node *node_leaf(Arena *arena, Text field, const RuleValue *value);
Node *node_not(Arena *arena, Node *of);
/* The children are copied; one alone is itself the result. */
Node *node_join(Arena *arena, NodeKind kind, Node *const *children, uint32_t count);

/* The tree as JSON, for comparison with other readers of rules: ["and", …], ["or", …], ["not", …];
 * a leaf is [operator, field, value], its field null for a keyword. Operators: = (any case), ==, ~
 * (value: expression, flags ims, ^ and $ of startswith and endswith), in (32 digits/bits), < <= >
 * >=, $ and $$ (another field; cased), exists, minute, hour, … Strings are written with * and ? as
 * wildcards and \ before what is neither. Nested and/or of the same kind are flattened. */
void node_write(Buf *buf, const Node *node);

#endif
