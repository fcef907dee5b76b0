/* problem.h: why a rule cannot be used: the line and a sentence for its author. */
#ifndef DETECT_SIGMA_PROBLEM_H
#define DETECT_SIGMA_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Problem {
    bool no_memory; /* not the rule's fault */
    uint32_t line;  /* 1-based; 0: no single line */
    char text[256];
} Problem;

/* Record why. Always false, so that refusing is one line. */
__attribute__((format(printf, 3, 4))) bool problem_set(Problem *problem, uint32_t line,
                                                       const char *format, ...);
bool problem_no_memory(Problem *problem);

#endif
