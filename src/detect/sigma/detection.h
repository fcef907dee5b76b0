/* detection.h: the section `detection` of a rule (or `filter` of a filter) as one tree. */
#ifndef DETECT_SIGMA_DETECTION_H
#define DETECT_SIGMA_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/sigma/read_context.h"
#include "detect/sigma/tree.h"
#include "detect/sigma/yaml.h"

#define IDENTIFIERS_MAX 4096

typedef struct Identifier {
    Text name;
    uint32_t line;
    Node *tree;
    bool used; /* by a condition */
} Identifier;

typedef struct Identifiers {
    Identifier *list;
    uint32_t count;
} Identifiers;

/* `section`: a map. Keys in `skip` (NULL at its end) are not identifiers. NULL: *context->problem.
 */
Node *detection_read(ReadContext *context, const YamlNode *section, uint32_t line,
                     const char *const *skip);

#endif
