#include "base/veil.h"

#include <sodium.h>
#include <string.h>

#define BLOCK 64 /* bytes of key stream for one value of the counter */

bool veil_prepare(void)
{
    return sodium_init() >= 0;
}

bool veil_make(Veil *ret)
{
    if (!veil_prepare())
        return false;
    crypto_stream_xchacha20_keygen(ret->key);
    return true;
}

void veil_copy(const Veil *veil, uint64_t offset, void *out, const void *bytes, size_t len)
{
    static const uint8_t NONCE[crypto_stream_xchacha20_NONCEBYTES]; /* a key has one file only */
    const uint8_t *from = bytes;
    uint8_t *to = out;
    size_t skip = (size_t)(offset % BLOCK);
    if (skip && len) { /* up to the next whole block */
        uint8_t block[BLOCK] = {0};
        size_t part = len < BLOCK - skip ? len : BLOCK - skip;
        memcpy(block + skip, from, part);
        crypto_stream_xchacha20_xor_ic(block, block, sizeof block, NONCE, offset / BLOCK,
                                       veil->key);
        memcpy(to, block + skip, part);
        from += part;
        to += part;
        len -= part;
        offset += part;
    }
    if (len)
        crypto_stream_xchacha20_xor_ic(to, from, len, NONCE, offset / BLOCK, veil->key);
}
