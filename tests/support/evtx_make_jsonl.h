/* evtx_make_jsonl.h: events in evtx_dump's JSON shape, one a line, into an EVTX file. */
#ifndef EVTX_MAKE_JSONL_H
#define EVTX_MAKE_JSONL_H

#include "evtx_writer.h"

#include <stdbool.h>
#include <stdio.h>

/* Add all events of `in` to `writer`, in their order; empty lines are skipped. What JSON does not
   tell is chosen by the look of the text: SIDs, GUIDs, hex numbers, times with six or seven
   decimals and whole numbers get their types, and the rest are strings. The time written is
   TimeCreated. false: `message` says which line and why. */
bool evtx_make_jsonl(FILE *in, EvtxWriter *writer, char *message, size_t message_size);

#endif
