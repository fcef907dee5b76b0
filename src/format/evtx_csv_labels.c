#include "format/evtx_csv_labels.h"

#include <stdlib.h>

#include "base/hash.h"

#define SECTION_BIT UINT32_C(0x80000000) /* the slot stands for the section of the row */

/* What a slot is found by. */
typedef struct Key {
    uint64_t kind; /* LabelKind, or KIND_SECTION */
    Text provider, code, section, label;
} Key;

#define KIND_SECTION 64u

static uint64_t hash_key(const Key *key)
{
    uint64_t hash = hash64(key->provider.ptr, key->provider.len, key->kind);
    hash = hash64(key->code.ptr, key->code.len, hash);
    hash = hash64(key->section.ptr, key->section.len, hash);
    return hash64(key->label.ptr, key->label.len, hash);
}

static Key key_of_row(uint32_t row, bool section)
{
    const LabelRow *r = &LABEL_ROWS[row];
    if (section)
        return (Key){.kind = KIND_SECTION, .section = r->section};
    return (Key){.kind = r->kind,
                 .provider = r->provider,
                 .code = r->code,
                 .section = r->section,
                 .label = r->kind == LABEL_MESSAGE ? (Text){0} : r->text};
}

static bool key_equal(const Key *a, const Key *b)
{
    return a->kind == b->kind && text_equal(a->provider, b->provider) &&
           text_equal(a->code, b->code) && text_equal(a->section, b->section) &&
           text_equal(a->label, b->label);
}

static bool slot_is(uint32_t slot, const Key *key)
{
    Key found = key_of_row((slot & ~SECTION_BIT) - 1, slot & SECTION_BIT);
    return key_equal(&found, key);
}

/* The first slot from *at on that has the key; 0 if none. *at is left at it. */
static uint32_t find_slot(const Labels *labels, const Key *key, size_t *at)
{
    for (;; *at = (*at + 1) & labels->mask) {
        uint32_t slot = labels->slots[*at];
        if (slot == 0 || slot_is(slot, key))
            return slot;
    }
}

static uint32_t find_row(const Labels *labels, const Key *key)
{
    size_t at = (size_t)hash_key(key) & labels->mask;
    uint32_t slot = find_slot(labels, key, &at);
    return slot ? (slot & ~SECTION_BIT) - 1 : LABEL_NONE;
}

static void add_slot(Labels *labels, const Key *key, uint32_t slot)
{
    size_t at = (size_t)hash_key(key) & labels->mask;
    while (labels->slots[at])
        at = (at + 1) & labels->mask;
    labels->slots[at] = slot;
}

bool labels_init(Labels *labels)
{
    size_t count = 1024;
    while (count < (size_t)LABEL_ROW_COUNT * 3)
        count *= 2;
    *labels = (Labels){.slots = calloc(count, sizeof *labels->slots), .mask = count - 1};
    if (!labels->slots)
        return false;
    for (uint32_t row = 0; row < LABEL_ROW_COUNT; row++) {
        Key key = key_of_row(row, false), section = key_of_row(row, true);
        bool again = row && text_equal(LABEL_ROWS[row - 1].section, section.section);
        add_slot(labels, &key, row + 1); /* of equal texts, all mean the same */
        if (section.section.len && !again && find_row(labels, &section) == LABEL_NONE)
            add_slot(labels, &section, (row + 1) | SECTION_BIT);
    }
    return true;
}

void labels_done(Labels *labels)
{
    free(labels->slots);
    *labels = (Labels){0};
}

uint32_t labels_find(const Labels *labels, LabelKind kind, Text text)
{
    Key key = {.kind = kind, .label = text};
    return find_row(labels, &key);
}

uint32_t labels_find_nocase(LabelKind kind, Text text)
{
    for (uint32_t row = 0; row < LABEL_ROW_COUNT; row++)
        if (LABEL_ROWS[row].kind == kind && text_equal_nocase(LABEL_ROWS[row].text, text))
            return row;
    return LABEL_NONE;
}

uint32_t labels_header(Text text)
{
    for (uint32_t row = 0; row < LABEL_HEADER_COUNT; row++)
        if (text_equal_nocase(LABEL_ROWS[row].text, text))
            return row;
    return LABEL_NONE;
}

uint32_t labels_field(const Labels *labels, Text provider, Text code, Text section, Text label)
{
    Key key = {.kind = LABEL_FIELD,
               .provider = provider,
               .code = code,
               .section = section,
               .label = label};
    uint32_t row = find_row(labels, &key);
    key.code = (Text){0};
    return row != LABEL_NONE ? row : find_row(labels, &key);
}

bool labels_is_section(const Labels *labels, Text section)
{
    Key key = {.kind = KIND_SECTION, .section = section};
    return section.len && find_row(labels, &key) != LABEL_NONE;
}

Text labels_channel(const Labels *labels, Text provider, Text code)
{
    Key key = {.kind = LABEL_CHANNEL, .code = code, .label = provider};
    uint32_t row = find_row(labels, &key);
    key.code = (Text){0};
    if (row == LABEL_NONE)
        row = find_row(labels, &key);
    return row == LABEL_NONE ? (Text){0} : LABEL_ROWS[row].meaning;
}

uint32_t labels_message(const Labels *labels, Text provider, Text code, size_t *cursor)
{
    Key key = {.kind = LABEL_MESSAGE, .provider = provider, .code = code};
    size_t first = (size_t)hash_key(&key) & labels->mask;
    size_t at = (first + *cursor) & labels->mask;
    uint32_t slot = find_slot(labels, &key, &at);
    *cursor = ((at - first) & labels->mask) + 1;
    return slot ? (slot & ~SECTION_BIT) - 1 : LABEL_NONE;
}
