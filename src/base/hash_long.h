/* hash_long.h: inside of hash64 and hash128: what is long enough for wider vectors to pay. */
#ifndef BASE_HASH_LONG_H
#define BASE_HASH_LONG_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/span.h"

#define HASH_LONG 240 /* more bytes than that go through XXH3's vector loop */

uint64_t hash64_plain(const void *bytes, size_t len, uint64_t seed);
Hash128 hash128_plain(Span bytes);

/* Only where cpu_has_avx2. */
uint64_t hash64_avx2(const void *bytes, size_t len, uint64_t seed);
Hash128 hash128_avx2(Span bytes);

#endif
