#include "format/format.h"

#include <string.h>

#define FORMAT(name) extern const Format name##_format;
#include "format/formats.def"
#undef FORMAT

#define FORMAT(name) &name##_format,
const Format *const FORMATS[] = {
#include "format/formats.def"
};
#undef FORMAT

const size_t FORMAT_COUNT = sizeof FORMATS / sizeof FORMATS[0];

const Format *format_identify(Span head, uint64_t item_size, const Format **ret_tie)
{
    const Format *best = NULL, *tie = NULL;
    Confidence surest = CONFIDENCE_NONE;
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        Confidence confidence = FORMATS[i]->probe(head, item_size);
        if (confidence == CONFIDENCE_NONE || confidence < surest)
            continue;
        if (confidence > surest) {
            surest = confidence;
            best = FORMATS[i];
            tie = NULL;
        } else if (strcmp(FORMATS[i]->name, best->name) < 0) {
            tie = best;
            best = FORMATS[i];
        } else {
            tie = FORMATS[i];
        }
    }
    *ret_tie = tie;
    return best;
}

const Format *format_by_name(Text name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (text_equal(name, text_from_z(FORMATS[i]->name)))
            return FORMATS[i];
    return NULL;
}
