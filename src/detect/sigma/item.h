/* item.h: one entry of a detection: a key (field and modifiers) and its values. */
#ifndef DETECT_SIGMA_ITEM_H
#define DETECT_SIGMA_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/sigma/encode.h"
#include "detect/sigma/read_context.h"
#include "detect/sigma/tree.h"
#include "detect/sigma/value.h"
#include "detect/sigma/yaml.h"

typedef struct Item {
    Text field; /* empty: keywords */
    uint32_t line;
    ValueGroup *groups; /* one for each written value */
    uint32_t count;
    uint32_t applied; /* modifiers so far */
    bool all, negated;
    bool byte_order_mark; /* of utf16: encoded in front of the text */
} Item;

/* The item of `key` (empty: keywords without modifiers) as a tree. NULL: *context->problem. */
Node *item_read(ReadContext *context, Text key, uint32_t line, const YamlNode *value);

/* Apply the modifier called `name` (modifiers.def). */
bool modifier_apply(ReadContext *context, Item *item, Text name);

#endif
