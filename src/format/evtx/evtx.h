/* evtx.h: Windows event logs, for those who need more than the row in formats.def. */
#ifndef FORMAT_EVTX_EVTX_H
#define FORMAT_EVTX_EVTX_H

#include "format/format.h"

/* The two ways to read a record give the same output; which is a matter of speed and of tests. */
typedef enum EvtxWay {
    EVTX_COMPILED, /* compiled plans where they can, else the general way */
    EVTX_GENERAL,  /* the general way for every record */
} EvtxWay;

/* A piece as events into `sink`, or, with `lines`, as JSON lines. See Format.parse and .lines. */
bool evtx_read(const Input *in, const FormatOptions *options, Sink *sink, const LineOut *lines,
               EvtxWay way, Err *err);

#endif
