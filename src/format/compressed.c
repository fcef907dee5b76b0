#include <inttypes.h>

#include "base/cleanup.h"
#include "format/archive.h"

/* The name of what is in a compressed file that is no archive: the file's own without its ending.
 */
static Text inner_name(Text name)
{
    static const char *const ENDINGS[] = {".gz", ".bz2", ".xz", ".zst", ".Z"};
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        Text ending = text_from_z(ENDINGS[i]);
        if (name.len > ending.len &&
            text_equal_nocase(text_of(name.ptr + name.len - ending.len, ending.len), ending))
            return text_of(name.ptr, name.len - ending.len);
    }
    return name.len ? name : TEXT("content");
}

/* Everything in it is one file. What breaks off is kept as far as it came. */
static bool put_whole(Opening *opening, Unpack *unpack, Span bytes, Err *err)
{
    MemberHead head = {.name = inner_name(opening->in->name), .size = UINT64_MAX};
    uint64_t have = 0;
    Err damage = {.code = ERR_NONE};
    if (!opening_begin(opening, &head, err))
        return false;
    do {
        have += bytes.len;
        if (bytes.len && !opening_bytes(opening, bytes, err))
            return false;
    } while (unpack_next(unpack, &bytes, &damage));
    if (!opening_end(opening, err))
        return false;
    if (!damage.code)
        return true;
    *err = damage;
    return err_wrap(err, "after %" PRIu64 " bytes", have);
}

bool compressed_open(Packing packing, const Input *in, Sink *sink, const MemberOut *out, Err *err)
{
    CLEANUP(unpack_closep) Unpack *unpack = unpack_open(packing, in, sink, err);
    if (!unpack)
        return false;
    Opening opening = {.in = in, .sink = sink, .out = out};
    Span first = {0};
    Err damage = {.code = ERR_NONE};
    if (!unpack_next(unpack, &first, &damage) && damage.code) {
        *err = damage;
        return false;
    }
    bool tar = tar_probe(first, UINT64_MAX) != CONFIDENCE_NONE;
    if (!(tar ? archive_open_packed_tar(&opening, unpack, first, err)
              : put_whole(&opening, unpack, first, err)))
        return false;
    unpack_tell_rest(unpack);
    return true;
}
