/* collection.h: the documents of one rule file, with the actions that old files of several
 * documents have: `action: global` is laid over every rule after it, `reset` ends that, `repeat`
 * gives the rule before it once more with changes. Correlations and filters are never changed. */
#ifndef DETECT_SIGMA_COLLECTION_H
#define DETECT_SIGMA_COLLECTION_H

#include <stdbool.h>

#include "base/arena.h"
#include "detect/sigma/problem.h"
#include "detect/sigma/yaml.h"

typedef struct CollectionOut {
    /* A document that is to be read as a rule. false stops. */
    bool (*document)(void *ctx, const YamlNode *document);
    /* A document, or the rest of the file, cannot be one. */
    bool (*problem)(void *ctx, const Problem *problem);
    void *ctx;
} CollectionOut;

/* `scratch` holds the documents; clear it afterwards. false: no memory, or `out` stopped. */
bool collection_read(Arena *scratch, Text file, const CollectionOut *out);

#endif
