#include "store/canon.h"

#include <string.h>

bool canon_init(Canon *canon)
{
    *canon = (Canon){.stream = sha256_create()};
    return canon->stream != NULL;
}

void canon_done(Canon *canon)
{
    sha256_destroy(canon->stream);
    *canon = (Canon){0};
}

void canon_raw(Canon *canon, Span bytes)
{
    if (!canon->failed && bytes.len)
        canon->failed = !sha256_update(canon->stream, bytes);
}

void canon_begin(Canon *canon, const char *tag)
{
    if (!canon->stream)
        canon->stream = sha256_create();
    canon->failed = !canon->stream;
    canon_raw(canon, span_of(tag, strlen(tag) + 1));
}

void canon_u64(Canon *canon, uint64_t v)
{
    uint8_t bytes[8];
    store_u64le(bytes, v);
    canon_raw(canon, span_of(bytes, sizeof bytes));
}

void canon_bytes(Canon *canon, Span bytes)
{
    canon_u64(canon, bytes.len);
    canon_raw(canon, bytes);
}

bool canon_end(Canon *canon, Sha256 *ret)
{
    Sha256 hash;
    if (!canon->stream)
        return false;
    if (!sha256_final(canon->stream, &hash)) {
        /* Memory was short when it should begin anew: it must not be used any more. */
        sha256_destroy(canon->stream);
        canon->stream = NULL;
        return false;
    }
    if (canon->failed)
        return false;
    *ret = hash;
    return true;
}

bool canon_end_row(Canon *canon, RowDigest *ret)
{
    Sha256 hash;
    if (!canon_end(canon, &hash))
        return false;
    memcpy(ret->bytes, hash.bytes, sizeof ret->bytes);
    return true;
}
