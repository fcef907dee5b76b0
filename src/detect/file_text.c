#include "detect/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool read_all(int fd, char *out, size_t size, size_t *ret_len)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, out + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_len = len;
    return true;
}

bool file_text_read(Arena *arena, const char *path, size_t limit, Text *ret, Err *err)
{
    /* O_NONBLOCK: a pipe among the rules must not stop the program. */
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: not an ordinary file", quote_z(path).str);
    if (info.st_size < 0 || (uint64_t)info.st_size > limit)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s: larger than %zu bytes",
                       quote_z(path).str, limit);
    size_t size = (size_t)info.st_size, len;
    char *text = ARENA_NEW(arena, char, size + 1);
    if (!text)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "%s", quote_z(path).str);
    if (!read_all(fd, text, size, &len))
        return err_errno(err, errno, "%s", quote_z(path).str);
    *ret = text_of(text, len);
    return true;
}
