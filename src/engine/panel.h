/* panel.h: what a run did, for a person, after it. */
#ifndef ENGINE_PANEL_H
#define ENGINE_PANEL_H

#include "base/buf.h"
#include "engine/engine.h"

/* A few lines: duration, throughput, items by how they ended, events, defects, workers, memory.
 * Each ends with "\n". Commands print it to standard error unless -q. */
void engine_panel(Buf *buf, const EngineStats *stats, bool color);

#endif
