#define XXH_INLINE_ALL
#include "base/hash.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <string.h>
#include <xxhash.h>

#include "base/cpu.h"
#include "base/hash_long.h"

Sha256Stream *sha256_create(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }
    return (Sha256Stream *)ctx;
}

void sha256_destroy(Sha256Stream *stream)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)stream);
}

bool sha256_update(Sha256Stream *stream, Span bytes)
{
    return EVP_DigestUpdate((EVP_MD_CTX *)stream, bytes.ptr, bytes.len) == 1;
}

bool sha256_final(Sha256Stream *stream, Sha256 *ret)
{
    EVP_MD_CTX *ctx = (EVP_MD_CTX *)stream;
    unsigned len = 0;
    Sha256 hash;
    if (EVP_DigestFinal_ex(ctx, hash.bytes, &len) != 1 || len != sizeof hash.bytes ||
        EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
        return false;
    *ret = hash;
    return true;
}

void sha256_hex(const Sha256 *hash, char out[64])
{
    for (size_t i = 0; i < sizeof hash->bytes; i++) {
        out[2 * i] = "0123456789abcdef"[hash->bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[hash->bytes[i] & 15];
    }
}

uint64_t hash64_plain(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

uint64_t hash64(const void *bytes, size_t len, uint64_t seed)
{
#if defined(__x86_64__)
    if (len > HASH_LONG && cpu_has_avx2())
        return hash64_avx2(bytes, len, seed);
#endif
    return hash64_plain(bytes, len, seed);
}

Hash128 hash128_plain(Span bytes)
{
    XXH128_canonical_t canonical;
    Hash128 hash;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.ptr, bytes.len));
    memcpy(hash.bytes, canonical.digest, sizeof hash.bytes);
    return hash;
}

Hash128 hash128(Span bytes)
{
#if defined(__x86_64__)
    if (bytes.len > HASH_LONG && cpu_has_avx2())
        return hash128_avx2(bytes);
#endif
    return hash128_plain(bytes);
}

uint32_t crc32_ieee(uint32_t crc, Span bytes)
{
    return libdeflate_crc32(crc, bytes.ptr, bytes.len);
}
