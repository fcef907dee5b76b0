#include "evidence/item.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "evidence/item_time.h"

#define HASH_STEP (256u * 1024) /* bytes a read; larger ones leave the processor's cache */

/* A path is handed to the system in parts that it takes: a tree made by openat may be deeper than
 * PATH_MAX. Returns the length of the next part, up to and without a '/'. */
static size_t next_part(Text rest)
{
    if (rest.len < PATH_MAX)
        return rest.len;
    size_t at = PATH_MAX - 1;
    while (at > 0 && rest.ptr[at] != '/')
        at--;
    return at;
}

/* openat, and once more without O_NOATIME if only the owner may ask for that. */
static int open_quietly(int folder, const char *path, int flags)
{
    int fd = openat(folder, path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? openat(folder, path, flags) : fd;
}

/* errno is set when the result is -1. */
static int open_path(Text path, int flags)
{
    char part[PATH_MAX];
    int folder = AT_FDCWD;
    for (;;) {
        size_t len = next_part(path);
        bool last = len == path.len;
        int fd = -1;
        if (len == 0 || memchr(path.ptr, '\0', len)) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(part, path.ptr, len);
            part[len] = '\0';
            fd = last ? open_quietly(folder, part, flags)
                      : openat(folder, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
        int error = errno;
        if (folder >= 0)
            close(folder);
        errno = error;
        if (fd < 0 || last)
            return fd;
        folder = fd;
        path = text_of(path.ptr + len + 1, path.len - len - 1);
    }
}

static bool is_listed_file(const Item *item, int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == item->device &&
           st.st_ino == item->inode;
}

/* A member's bytes are ours: no check. */
static int open_member(const Item *item, Err *err)
{
    int fd = item->spool ? fcntl(spool_fd(item->spool), F_DUPFD_CLOEXEC, 0) : -1;
    if (fd >= 0)
        return fd;
    int error = errno;
    if (!item->spool)
        err_set(err, ERR_IO, ERR_NO_OFFSET, "its bytes are not kept any more");
    else
        err_errno(err, error, "cannot be opened");
    if (item->spool && err && error == EMFILE)
        err->code = ERR_LIMIT;
    return -1;
}

Input item_input(const Item *item, int fd)
{
    return (Input){.fd = fd,
                   .base = item->spool ? item->spool_at : 0,
                   .veil = item->spool ? spool_veil(item->spool) : NULL,
                   .size = item->size,
                   .end = item->size,
                   .name = item->name};
}

int item_open(const Item *item, Err *err)
{
    if (item->parent != ITEM_NO_PARENT)
        return open_member(item, err);
    /* O_NONBLOCK: a pipe put in the file's place must not hold us up. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = open_path(item->path, flags | O_NOFOLLOW);
    if (fd < 0 && errno == ELOOP) {
        /* A link: given by a person, or put there since. O_PATH follows it without touching what
         * is behind, so we can look before we open. */
        CLEANUP(fd_closep) int target = open_path(item->path, O_PATH | O_CLOEXEC);
        if (target >= 0 && is_listed_file(item, target))
            fd = open_path(item->path, flags);
        else
            errno = ESTALE;
    }
    if (fd < 0) {
        int error = errno;
        err_errno(err, error, "cannot be opened");
        if (err && (error == EMFILE || error == ENFILE))
            err->code = ERR_LIMIT;
        return -1;
    }
    if (!is_listed_file(item, fd)) {
        close(fd);
        err_set(err, ERR_IO, ERR_NO_OFFSET, "is no longer the file that was listed");
        return -1;
    }
    return fd;
}

bool item_unchanged(const Item *item, int fd, uint64_t *ret_size)
{
    if (item->parent != ITEM_NO_PARENT)
        return true;
    struct stat st;
    bool known = fstat(fd, &st) == 0;
    uint64_t size = known && st.st_size >= 0 ? (uint64_t)st.st_size : UINT64_MAX;
    if (known && size == item->size && stat_changed_ns(&st) == item->changed_ns)
        return true;
    if (ret_size)
        *ret_size = size;
    return false;
}

bool hash_input(Sha256Stream *stream, const Input *in, void (*step)(void *ctx, uint64_t offset),
                void *step_ctx, Sha256 *ret, Hash128 *blocks, Err *err)
{
    const uint64_t size = in->size;
    CLEANUP(freep) uint8_t *room = size ? malloc(ITEM_BLOCK_BYTES) : NULL;
    if (size && !room)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to hash with");
    for (uint64_t at = 0; at < size;) {
        size_t have = 0,
               block = (size_t)(size - at < ITEM_BLOCK_BYTES ? size - at : ITEM_BLOCK_BYTES);
        while (have < block) {
            size_t want = block - have < HASH_STEP ? block - have : HASH_STEP;
            Span got = span_of(room + have, input_read(in, at + have, room + have, want, err));
            if (got.len < want)
                return false;
            if (!sha256_update(stream, got))
                return err_set(err, ERR_NO_MEMORY, at, "SHA-256 failed");
            have += got.len;
        }
        if (blocks)
            blocks[at / ITEM_BLOCK_BYTES] = hash128(span_of(room, block));
        at += block;
        if (step)
            step(step_ctx, at);
    }
    if (!sha256_final(stream, ret))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "SHA-256 failed");
    return true;
}

bool item_hash(Item *item, int fd, Err *err)
{
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    size_t count = (size_t)item_block_count(item->size);
    CLEANUP(freep) Hash128 *blocks = count ? calloc(count, sizeof *blocks) : NULL;
    if (!stream || (count && !blocks))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to hash with");
    Input in = item_input(item, fd);
    Sha256 hash;
    if (!hash_input(stream, &in, NULL, NULL, &hash, blocks, err))
        return false;
    item->sha256 = hash;
    item->hashed = true;
    free(item->blocks);
    item->blocks = blocks;
    blocks = NULL; /* now the item's */
    return true;
}
