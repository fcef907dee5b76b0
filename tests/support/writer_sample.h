/* writer_sample.h: a plausible Security log of one workstation of the fictitious court, two working
   days long, with an intrusion in it: an attachment starts a shell, looks around, registers a task;
   at night an administrator's account comes over the network. Same bytes in every run. */
#ifndef WRITER_SAMPLE_H
#define WRITER_SAMPLE_H

#include "evtx_writer.h"

#include <stdbool.h>

/* Add the whole log to `writer`. false: out of memory. */
bool writer_sample(EvtxWriter *writer);

#endif
