#include <inttypes.h>

#include "format/archive.h"

bool opening_is_bomb(uint64_t bytes, uint64_t size)
{
    return bytes > ARCHIVE_RATIO_FROM && bytes / ARCHIVE_RATIO_MAX > size;
}

static void end_broken(Opening *opening)
{
    Err ignored;
    bool was_in = opening->in_member;
    opening->in_member = false;
    if (was_in)
        (void)opening->out->end(opening->out->ctx, &ignored); /* err is about to say more */
}

static bool refuse(Opening *opening, Err *err, const char *limit)
{
    end_broken(opening);
    return err_set(err, ERR_LIMIT, ERR_NO_OFFSET,
                   "not read on after %" PRIu64 " members with %" PRIu64 " bytes: %s",
                   opening->members, opening->bytes, limit);
}

bool opening_begin(Opening *opening, const MemberHead *head, Err *err)
{
    MemberHead cut = *head;
    if (cut.name.len == 0)
        cut.name = TEXT("(no name)");
    if (cut.name.len > MEMBER_NAME_MAX) {
        sink_defect(opening->sink, ERR_NO_OFFSET, 0, "%s…: a name of %zu bytes is cut",
                    quote(cut.name.ptr, cut.name.len).str, cut.name.len);
        cut.name.len = MEMBER_NAME_MAX;
    }
    opening->names += cut.name.len;
    if (opening->names > ARCHIVE_NAMES_MAX)
        return refuse(opening, err, "more than 256 MiB of names");
    if (++opening->members > ARCHIVE_MEMBERS_MAX)
        return refuse(opening, err, "more than 1,000,000 members");
    if (!opening->out->begin(opening->out->ctx, &cut, err))
        return false;
    opening->in_member = true;
    return true;
}

bool opening_bytes(Opening *opening, Span bytes, Err *err)
{
    opening->bytes += bytes.len;
    if (opening->bytes > ARCHIVE_BYTES_MAX)
        return refuse(opening, err, "more than 1 TiB");
    if (opening_is_bomb(opening->bytes, opening->in->size))
        return refuse(opening, err, "more than 250 times its own size, as in a decompression bomb");
    return opening->out->bytes(opening->out->ctx, bytes, err);
}

bool opening_hole(Opening *opening, uint64_t size, bool *ret, Err *err)
{
    static const uint8_t ZEROS[64 * 1024];
    *ret = size <= ARCHIVE_HOLES_MAX - opening->holes;
    if (!*ret)
        return true;
    opening->holes += size;
    while (size) {
        size_t n = size < sizeof ZEROS ? (size_t)size : sizeof ZEROS;
        if (!opening->out->bytes(opening->out->ctx, span_of(ZEROS, n), err))
            return false;
        size -= n;
    }
    return true;
}

bool opening_end(Opening *opening, Err *err)
{
    opening->in_member = false;
    return opening->out->end(opening->out->ctx, err);
}
