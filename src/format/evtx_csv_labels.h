/* evtx_csv_labels.h: what the words in exported event logs mean, in the languages of Windows. The
 * rows are knowledge/evtx_csv_labels.tsv, compiled in: they are needed to recognise a file. */
#ifndef FORMAT_EVTX_CSV_LABELS_H
#define FORMAT_EVTX_CSV_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef enum LabelKind {
    LABEL_HEADER,  /* column header → native field */
    LABEL_LEVEL,   /* → number */
    LABEL_KEYWORD, /* → bits */
    LABEL_CHANNEL, /* provider (and code) → channel */
    LABEL_SID,     /* name → well-known SID */
    LABEL_WORD,    /* words shown for %%nnnn → %%nnnn */
    LABEL_LABEL,   /* section or label of a message → the same in English */
    LABEL_FIELD,   /* section and label in English (provider, code) → native field */
    LABEL_MESSAGE, /* whole message with {Field} in it (provider, code) */
} LabelKind;

typedef enum LabelLocale {
    LOCALE_ANY,
    LOCALE_EN,
    LOCALE_JA,
    LOCALE_DE,
    LOCALE_FR,
    LOCALE_ES,
    LOCALE_COUNT
} LabelLocale;

/* What the value of a LABEL_FIELD is. */
typedef enum LabelHow {
    LABEL_HOW_PLAIN,
    LABEL_HOW_SID,   /* a SID, or a name for one */
    LABEL_HOW_WORDS, /* words for %%nnnn, one a line */
    LABEL_HOW_ALL,   /* empty lines belong to it */
} LabelHow;

typedef struct LabelRow {
    uint8_t kind, locale, how;
    Text section; /* of a LABEL_FIELD, or empty */
    Text text, meaning;
    Text provider, code; /* empty: any */
} LabelRow;

extern const LabelRow LABEL_ROWS[]; /* headers first */
extern const uint32_t LABEL_HEADER_COUNT;
extern const uint32_t LABEL_ROW_COUNT;

#define LABEL_NONE UINT32_MAX

typedef struct Labels {
    uint32_t *slots; /* row + 1, or the same with SECTION_BIT; 0: free */
    size_t mask;
} Labels;

bool labels_init(Labels *labels); /* false: no memory */
void labels_done(Labels *labels);

/* The row of a text, as it is written; LABEL_NONE if there is none. For kinds without provider. */
uint32_t labels_find(const Labels *labels, LabelKind kind, Text text);

/* The same, but for the case of ASCII letters. Slow: for what is asked seldom. */
uint32_t labels_find_nocase(LabelKind kind, Text text);

/* The row of a column header, but for the case of ASCII letters. */
uint32_t labels_header(Text text);

/* The row for a label below a section (empty: below none), both in English: that for the code, or
 * that for any event of the provider. */
uint32_t labels_field(const Labels *labels, Text provider, Text code, Text section, Text label);

/* Does any field stand below this section? */
bool labels_is_section(const Labels *labels, Text section);

/* The channel that a provider's event is in; empty if not known. */
Text labels_channel(const Labels *labels, Text provider, Text code);

/* The patterns of an event's message, one after the other. *cursor: 0 at first. */
uint32_t labels_message(const Labels *labels, Text provider, Text code, size_t *cursor);

#endif
