/* scratch.h: a nameless file for what does not fit in memory, appended to and read by place. It is
 * gone when it is closed, however the program ends, and its bytes are veiled (veil.h). */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/veil.h"

typedef struct Scratch Scratch;

/* The file is made in `folder`, which must outlive it, when the first bytes come. NULL: no memory,
 * or no randomness. */
Scratch *scratch_create(const char *folder);
void scratch_destroy(Scratch *scratch); /* NULL is fine */

bool scratch_append(Scratch *scratch, Span bytes, Err *err);
bool scratch_read(const Scratch *scratch, uint64_t offset, void *out, size_t size, Err *err);

/* Where the next byte will stand. */
uint64_t scratch_end(const Scratch *scratch);

/* The bytes [begin, end) are not needed any more: give their room back if the file system can. */
void scratch_release(Scratch *scratch, uint64_t begin, uint64_t end);

/* For readers in other processes: a descriptor of the scratch's own, to be read only where the
 * system lets us have that (-1: nothing was written), and the veil. */
int scratch_fd(Scratch *scratch);
const Veil *scratch_veil(const Scratch *scratch);

#endif
