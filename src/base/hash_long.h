/* hash_long.h: inside of hash64: what is long enough for wider vectors to pay. */
#ifndef BASE_HASH_LONG_H
#define BASE_HASH_LONG_H

#include <stddef.h>
#include <stdint.h>

#define HASH_LONG 240 /* more bytes than that go through XXH3's vector loop */

uint64_t hash64_plain(const void *bytes, size_t len, uint64_t seed);
uint64_t hash64_avx2(const void *bytes, size_t len, uint64_t seed); /* if cpu_has_avx2 */

#endif
