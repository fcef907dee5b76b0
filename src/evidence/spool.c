#include "evidence/spool.h"

#include <stdlib.h>

#include "base/scratch.h"

struct Spool {
    Scratch *file;
    uint32_t references;
    uint64_t *used;
    uint64_t own; /* bytes of this spool in *used */
};

Spool *spool_create(const char *folder, uint64_t *used)
{
    Spool *spool = calloc(1, sizeof *spool);
    if (!spool)
        return NULL;
    *spool = (Spool){.file = scratch_create(folder), .references = 1, .used = used};
    if (spool->file)
        return spool;
    free(spool);
    return NULL;
}

Spool *spool_ref(Spool *spool)
{
    spool->references++;
    return spool;
}

static void count(Spool *spool, uint64_t more, uint64_t fewer)
{
    spool->own += more - fewer;
    if (spool->used)
        *spool->used += more - fewer;
}

void spool_unref(Spool *spool)
{
    if (!spool || --spool->references > 0)
        return;
    count(spool, 0, spool->own);
    scratch_destroy(spool->file);
    free(spool);
}

bool spool_append(Spool *spool, Span bytes, Err *err)
{
    count(spool, bytes.len, 0);
    return scratch_append(spool->file, bytes, err);
}

uint64_t spool_end(const Spool *spool)
{
    return scratch_end(spool->file);
}

void spool_release(Spool *spool, uint64_t begin, uint64_t end)
{
    scratch_release(spool->file, begin, end);
    count(spool, 0, end - begin);
}

int spool_fd(Spool *spool)
{
    return scratch_fd(spool->file);
}

const Veil *spool_veil(const Spool *spool)
{
    return scratch_veil(spool->file);
}
