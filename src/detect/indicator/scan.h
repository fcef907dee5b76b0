/* scan.h: which terms one value fulfils. */
#ifndef DETECT_INDICATOR_SCAN_H
#define DETECT_INDICATOR_SCAN_H

#include "detect/indicator/set.h"
#include "detect/sigma/literals.h"

typedef struct TermScan {
    const IndicatorSet *set;
    LiteralScratch literals;
    uint32_t *stamps; /* per term: the value that it was found in last */
    uint32_t serial;
    uint32_t *found; /* terms of the present value, each once */
    size_t count, cap;
    Text value;  /* the present one, folded */
    bool failed; /* no memory; sticky */
} TermScan;

bool term_scan_init(TermScan *scan, const IndicatorSet *set); /* false: no memory; done is due */
void term_scan_done(TermScan *scan);

/* `folded` has LITERALS_PADDING readable bytes behind it. */
void term_scan_value(TermScan *scan, Text folded);

#endif
