/* correlate.h: the events of one group, in order of time, to the windows in which a correlation's
 * condition holds. Used by correlator.c alone. */
#ifndef DETECT_SIGMA_CORRELATE_H
#define DETECT_SIGMA_CORRELATE_H

#include "detect/sigma/window.h"

/* A window that fulfils the condition. */
typedef struct WindowAlert {
    Time time, first, last;
    uint64_t count;
    double value;
} WindowAlert;

typedef struct CorrelateOut {
    /* `window` holds the events, but for those beyond WINDOW_BYTES_MAX that are only counted. false
     * stops. */
    bool (*alert)(void *ctx, const WindowAlert *alert, const Window *window);
    void (*too_large)(void *ctx);
    void *ctx;
} CorrelateOut;

typedef struct Correlate Correlate;

Correlate *correlate_create(const Correlation *correlation, const CorrelateOut *out);
void correlate_destroy(Correlate *correlate);

/* The next event of the group. false: no memory, or `out` stopped. */
bool correlate_event(Correlate *correlate, const WindowEvent *event);
/* The group is complete; the next event begins another. */
bool correlate_end(Correlate *correlate);

#endif
