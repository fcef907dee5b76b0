#include "base/veil.h"

#include <sodium.h>

#define BLOCK 64 /* bytes of key stream for one value of the counter */

bool veil_make(Veil *ret)
{
    if (sodium_init() < 0)
        return false;
    crypto_stream_xchacha20_keygen(ret->key);
    return true;
}

void veil_apply(const Veil *veil, uint64_t offset, void *bytes, size_t len)
{
    static const uint8_t NONCE[crypto_stream_xchacha20_NONCEBYTES]; /* a key has one file only */
    uint8_t *at = bytes;
    size_t skip = (size_t)(offset % BLOCK);
    if (skip && len) { /* up to the next whole block */
        uint8_t block[BLOCK] = {0};
        size_t part = len < BLOCK - skip ? len : BLOCK - skip;
        for (size_t i = 0; i < part; i++)
            block[skip + i] = at[i];
        crypto_stream_xchacha20_xor_ic(block, block, sizeof block, NONCE, offset / BLOCK,
                                       veil->key);
        for (size_t i = 0; i < part; i++)
            at[i] = block[skip + i];
        at += part;
        len -= part;
        offset += part;
    }
    if (len)
        crypto_stream_xchacha20_xor_ic(at, at, len, NONCE, offset / BLOCK, veil->key);
}
