#include "store/query_could.h"

typedef struct Asking {
    const Query *query;
    unsigned (*leaf)(void *ctx, uint32_t leaf);
    void *ctx;
} Asking;

static unsigned ask(const Asking *asking, uint32_t number);

/* AND is false as soon as one part cannot be true; OR is the same with the words exchanged. */
static unsigned ask_series(const Asking *asking, const QueryNode *node, unsigned all, unsigned any)
{
    unsigned could = all;
    for (uint32_t i = 0; i < node->children; i++) {
        unsigned child = ask(asking, asking->query->children[node->first + i]);
        if (!(child & all))
            return any;
        could |= child & any;
    }
    return could;
}

/* As deep as parentheses and NOTs, of which the parser allows QUERY_DEPTH_MAX. */
static unsigned ask(const Asking *asking, uint32_t number)
{
    const QueryNode *node = &asking->query->nodes[number];
    switch (node->op) {
    case QUERY_ALL:
        return COULD_BE_TRUE;
    case QUERY_LEAF:
        return asking->leaf(asking->ctx, node->leaf);
    case QUERY_NOT: {
        unsigned child = ask(asking, asking->query->children[node->first]);
        return (child & COULD_BE_TRUE ? COULD_BE_FALSE : 0) |
               (child & COULD_BE_FALSE ? COULD_BE_TRUE : 0);
    }
    case QUERY_AND:
        return ask_series(asking, node, COULD_BE_TRUE, COULD_BE_FALSE);
    case QUERY_OR:
        return ask_series(asking, node, COULD_BE_FALSE, COULD_BE_TRUE);
    }
    return COULD_BE_BOTH;
}

unsigned query_could(const Query *query, unsigned (*leaf)(void *ctx, uint32_t leaf), void *ctx)
{
    Asking asking = {.query = query, .leaf = leaf, .ctx = ctx};
    return ask(&asking, query->root);
}
