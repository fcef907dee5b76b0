/* detection_format.h: the shapes of `hunt`, one row each. */
#ifndef REPORT_DETECTION_FORMAT_H
#define REPORT_DETECTION_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/time.h"
#include "detect/sigma/rule.h"

/* An event that a correlation is made of. */
typedef struct Cited {
    Text file;
    uint64_t offset, record_id;
    Time time;
} Cited;

/* One row. Texts are as in the evidence. */
typedef struct DetectionRow {
    const Rule *rule;
    Time time;
    Text computer, channel, code, details, file;
    uint64_t record_id;  /* RECORD_ID_NONE: none */
    const Cited *events; /* of a correlation; NULL: a rule on an event */
    size_t event_count;
} DetectionRow;

typedef struct DetectionFormat {
    const char *name, *summary;
    const char *ending; /* demanded of the name of an output file; NULL: any */
    bool is_table;      /* for eyes: coloured on a terminal, the summary is part of it */
    const char *header, *between, *footer;
    void (*row)(Buf *buf, const DetectionRow *row, bool color); /* without what stands between */
} DetectionFormat;

extern const DetectionFormat *const DETECTION_FORMATS[];
extern const size_t DETECTION_FORMAT_COUNT;

const DetectionFormat *detection_format_by_name(Text name); /* NULL: there is none */

/* The word for a level: informational where a rule does not say. */
Text detection_level(const Rule *rule);

/* Escape sequence of a level; "" for those without colour. */
const char *level_color(RuleLevel level);

/* The code of an event as a number: only digits, no leading zero. */
bool detection_code_is_number(Text code);

#endif
