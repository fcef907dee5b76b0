/* spool.h: where the members of one container lie while they are needed: one scratch file, shared
 * by all that read from it. */
#ifndef EVIDENCE_SPOOL_H
#define EVIDENCE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "base/veil.h"

typedef struct Spool Spool;

/* The file is made in `folder`, which must outlive it. `used` (may be NULL) counts the bytes that
 * take room, over all spools that share it. One reference is the caller's. NULL: no memory. */
Spool *spool_create(const char *folder, uint64_t *used);
Spool *spool_ref(Spool *spool);
void spool_unref(Spool *spool); /* NULL is fine; with the last one the room is given back */

bool spool_append(Spool *spool, Span bytes, Err *err);
uint64_t spool_end(const Spool *spool); /* where the next byte will stand */

/* The bytes [begin, end) are not needed any more. Once for each byte. */
void spool_release(Spool *spool, uint64_t begin, uint64_t end);

/* Both belong to the spool. The descriptor is to be read only, where the system lets us. */
int spool_fd(Spool *spool);
const Veil *spool_veil(const Spool *spool);

#endif
