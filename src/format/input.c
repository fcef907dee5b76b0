#include "format/input.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

Input input_from_memory(Span item)
{
    return (Input){.fd = -1, .memory = item, .size = item.len, .begin = 0, .end = item.len};
}

static size_t read_memory(const Input *in, uint64_t offset, void *out, size_t size)
{
    if (offset >= in->memory.len)
        return 0;
    size_t left = in->memory.len - (size_t)offset;
    size_t n = size < left ? size : left;
    memcpy(out, in->memory.ptr + offset, n);
    return n;
}

static size_t read_file(const Input *in, uint64_t offset, char *out, size_t size, Err *err)
{
    size_t done = 0;
    if (offset > INT64_MAX - in->base || size > INT64_MAX - in->base - offset) {
        err_set(err, ERR_IO, offset, "an offset beyond what a file can have");
        return 0;
    }
    while (done < size) {
        ssize_t n = pread(in->fd, out + done, size - done, (off_t)(in->base + offset + done));
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0) {
            break;
        } else if (errno != EINTR) {
            int why = errno;
            err_errno(err, why, "cannot read at byte %" PRIu64, offset + done);
            if (err)
                err->offset = offset + done;
            errno = why; /* for callers that tell it by number */
            break;
        }
    }
    if (in->veil)
        veil_apply(in->veil, in->base + offset, out, done);
    return done;
}

size_t input_read(const Input *in, uint64_t offset, void *out, size_t size, Err *err)
{
    if (size == 0 || offset >= in->size)
        return 0;
    if (size > in->size - offset)
        size = (size_t)(in->size - offset);
    Err why = {.code = ERR_NONE};
    size_t got =
        in->fd < 0 ? read_memory(in, offset, out, size) : read_file(in, offset, out, size, &why);
    if (got < size && why.code == ERR_NONE) /* shrunk since its size was taken */
        err_set(&why, ERR_IO, offset + got,
                "the item ends at byte %" PRIu64 ", but has %" PRIu64 " bytes", offset + got,
                in->size);
    if (why.code != ERR_NONE && err)
        *err = why;
    return got;
}
