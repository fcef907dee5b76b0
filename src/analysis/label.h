/* label.h: a name from evidence in bounded room: of a host, a channel, an account. Evidence may
 * give names of any length; one that does not fit keeps its beginning, "…" and a hash of the whole,
 * so that different names stay different. */
#ifndef ANALYSIS_LABEL_H
#define ANALYSIS_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define LABEL_MAX 192

typedef struct Label {
    uint8_t len;
    char bytes[LABEL_MAX];
} Label;

Label label_of(Text t);
Label label_lower(Text t); /* ASCII letters in lower case */

static inline Text label_text(const Label *label)
{
    return text_of(label->bytes, label->len);
}

static inline bool label_equal(const Label *a, const Label *b)
{
    return text_equal(label_text(a), label_text(b));
}

static inline int label_compare(const Label *a, const Label *b)
{
    return text_compare(label_text(a), label_text(b));
}

#endif
