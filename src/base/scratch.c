#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define STEP (64u * 1024) /* bytes veiled at a time */

struct Scratch {
    const char *folder;
    int fd;
    int reader; /* the same file, to be read only; -1: the system does not let us */
    uint64_t end;
    Veil veil;
    uint8_t room[STEP];
};

Scratch *scratch_create(const char *folder)
{
    Scratch *scratch = malloc(sizeof *scratch);
    if (!scratch)
        return NULL;
    scratch->folder = folder;
    scratch->fd = scratch->reader = -1;
    scratch->end = 0;
    if (veil_make(&scratch->veil))
        return scratch;
    free(scratch);
    return NULL;
}

void scratch_destroy(Scratch *scratch)
{
    if (!scratch)
        return;
    if (scratch->fd >= 0)
        close(scratch->fd);
    if (scratch->reader >= 0)
        close(scratch->reader);
    explicit_bzero(&scratch->veil, sizeof scratch->veil);
    free(scratch);
}

uint64_t scratch_end(const Scratch *scratch)
{
    return scratch->end;
}

int scratch_fd(Scratch *scratch)
{
    if (scratch->reader < 0 && scratch->fd >= 0) {
        char path[64];
        int n = snprintf(path, sizeof path, "/proc/self/fd/%d", scratch->fd);
        if (n > 0 && (size_t)n < sizeof path)
            scratch->reader = open(path, O_RDONLY | O_CLOEXEC);
    }
    return scratch->reader >= 0 ? scratch->reader : scratch->fd;
}

const Veil *scratch_veil(const Scratch *scratch)
{
    return &scratch->veil;
}

/* File systems without O_TMPFILE get a name for a moment. */
static int make_named(const char *folder)
{
    Buf path;
    buf_init(&path, 4096);
    buf_printf(&path, "%s/constat-XXXXXX", folder);
    buf_add_char(&path, '\0');
    int fd = -1;
    if (path.failed)
        errno = ENAMETOOLONG;
    else
        fd = mkostemp(path.ptr, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path.ptr);
    int saved = errno;
    buf_done(&path);
    errno = saved;
    return fd;
}

static bool ensure_file(Scratch *scratch, Err *err)
{
    if (scratch->fd >= 0)
        return true;
    scratch->fd = open(scratch->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (scratch->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        scratch->fd = make_named(scratch->folder);
    if (scratch->fd >= 0)
        return true;
    return err_errno(err, errno, "cannot make a temporary file in %s",
                     quote_z(scratch->folder).str);
}

static bool write_all(Scratch *scratch, Span bytes, Err *err)
{
    while (bytes.len) {
        ssize_t n = pwrite(scratch->fd, bytes.ptr, bytes.len, (off_t)scratch->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, n < 0 ? errno : ENOSPC,
                             "cannot write the temporary file in %s (%" PRIu64 " bytes so far)",
                             quote_z(scratch->folder).str, scratch->end);
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
        scratch->end += (uint64_t)n;
    }
    return true;
}

bool scratch_append(Scratch *scratch, Span bytes, Err *err)
{
    if (!ensure_file(scratch, err))
        return false;
    for (size_t at = 0; at < bytes.len;) {
        size_t n = bytes.len - at < STEP ? bytes.len - at : STEP;
        veil_copy(&scratch->veil, scratch->end, scratch->room, bytes.ptr + at, n);
        if (!write_all(scratch, span_of(scratch->room, n), err))
            return false;
        at += n;
    }
    return true;
}

bool scratch_read(const Scratch *scratch, uint64_t offset, void *out, size_t size, Err *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(scratch->fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* 0: beyond its end */
            return err_errno(err, n < 0 ? errno : EIO, "cannot read the temporary file in %s",
                             quote_z(scratch->folder).str);
        done += (size_t)n;
    }
    veil_apply(&scratch->veil, offset, out, size);
    return true;
}

void scratch_release(Scratch *scratch, uint64_t begin, uint64_t end)
{
    if (scratch->fd >= 0 && end > begin)
        (void)fallocate(scratch->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)begin,
                        (off_t)(end - begin));
}
