/* The same XXH3, by the vectors of AVX2. */
#define XXH_INLINE_ALL
#include "base/hash_long.h"

#if defined(__AVX2__)

#include <immintrin.h>
#include <string.h>
#include <xxhash.h>

uint64_t hash64_avx2(const void *bytes, size_t len, uint64_t seed)
{
    uint64_t hash = XXH3_64bits_withSeed(bytes, len, seed);
    _mm256_zeroupper(); /* gcc 12 forgets it here, and all SSE code after this would be slower */
    return hash;
}

Hash128 hash128_avx2(Span bytes)
{
    XXH128_canonical_t canonical;
    Hash128 hash;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.ptr, bytes.len));
    memcpy(hash.bytes, canonical.digest, sizeof hash.bytes);
    _mm256_zeroupper();
    return hash;
}

#endif
