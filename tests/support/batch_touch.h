/* batch_touch.h: read everything that a batch offers, by every accessor, so that a read beyond the
 * batch is met by the sanitizers. For tests and fuzz targets. */
#ifndef BATCH_TOUCH_H
#define BATCH_TOUCH_H

#include <stdint.h>

#include "event/batch.h"

/* A sum over every byte that was read. */
uint64_t batch_touch(const Batch *batch);

#endif
