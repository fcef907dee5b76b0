#include "app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/interrupt.h"
#include "base/buf.h"
#include "base/printable.h"

#define BUFFER_BYTES (1024 * 1024)
#define DIRECT_BYTES (128 * 1024) /* blocks of this size are not copied */

typedef struct FileId {
    bool exists;
    dev_t device;
    ino_t inode;
} FileId;

struct Output {
    int fd;
    bool owned; /* fd is to be closed */
    bool terminal;
    OutputRule rule;
    char *target, *part;    /* a file that gets its name at the end; else NULL */
    FileId replaced, stale; /* what is at `target` and at `part` before we begin */
    char name[300];         /* for messages */
    Buf pending;
};

static bool refuse_existing(const char *name, Err *err)
{
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s exists; --force overwrites it", name);
}

static bool open_stdout(Output *output)
{
    output->fd = STDOUT_FILENO;
    output->terminal = isatty(STDOUT_FILENO) == 1;
    (void)snprintf(output->name, sizeof output->name, "standard output");
    return true;
}

/* A device or pipe is written as it stands. */
static bool open_special(Output *output, const char *path, Err *err)
{
    output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (output->fd < 0)
        return err_errno(err, errno, "%s", output->name);
    output->owned = true;
    output->terminal = isatty(output->fd) == 1;
    return true;
}

static FileId file_id(const struct stat *st)
{
    return (FileId){.exists = true, .device = st->st_dev, .inode = st->st_ino};
}

static bool is_file(const FileId *id, dev_t device, ino_t inode)
{
    return id->exists && id->device == device && id->inode == inode;
}

/* What a run before us may have left: looked at, and not touched before output_begin. */
static bool find_stale(Output *output, Err *err)
{
    struct stat st;
    if (lstat(output->part, &st) != 0)
        return true;
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s.part exists and is not a file",
                       output->name);
    if (output->rule == OUTPUT_KEEP_EXISTING)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "%s.part exists, from a run that did not end; --force overwrites it",
                       output->name);
    output->stale = file_id(&st);
    return true;
}

static bool open_file(Output *output, const char *path, Err *err)
{
    (void)snprintf(output->name, sizeof output->name, "%s", quote_z(path).str);
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s is a folder", output->name);
    if (exists && !S_ISREG(st.st_mode))
        return open_special(output, path, err);
    if (exists && output->rule == OUTPUT_KEEP_EXISTING)
        return refuse_existing(output->name, err);
    if (exists)
        output->replaced = file_id(&st);
    /* A link keeps pointing: what it points to is replaced. */
    output->target = exists ? realpath(path, NULL) : strdup(path);
    if (!output->target || asprintf(&output->part, "%s.part", output->target) < 0) {
        output->part = NULL;
        return err_errno(err, errno, "%s", output->name);
    }
    return find_stale(output, err);
}

Output *output_open(const char *path, OutputRule rule, Err *err)
{
    Output *output = calloc(1, sizeof *output);
    if (!output) {
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the output");
        return NULL;
    }
    output->fd = -1;
    output->rule = rule;
    buf_init(&output->pending, SIZE_MAX / 2);
    bool standard = !path || strcmp(path, "-") == 0;
    if (standard ? open_stdout(output) : open_file(output, path, err))
        return output;
    output_close(output);
    return NULL;
}

bool output_begin(Output *output, Err *err)
{
    if (!output->part)
        return true;
    /* Taken away and not cut to nothing: the file may have another name, among the evidence. */
    if (output->stale.exists && unlink(output->part) != 0 && errno != ENOENT)
        return err_errno(err, errno, "%s.part", output->name);
    output->fd = open(output->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (output->fd < 0)
        return err_errno(err, errno, "%s.part", output->name);
    output->owned = true;
    return true;
}

void output_close(Output *output)
{
    if (!output)
        return;
    if (output->owned) {
        close(output->fd);
        if (output->part)
            (void)unlink(output->part);
    }
    buf_done(&output->pending);
    free(output->target);
    free(output->part);
    free(output);
}

static bool write_failed(const Output *output, int error, Err *err)
{
    if (error == EPIPE)
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: the reader has closed it", output->name);
    return err_errno(err, error, "%s: cannot write", output->name);
}

static bool write_out(Output *output, Span bytes, Err *err)
{
    while (bytes.len) {
        if (interrupted()) /* also after a write that was cut short by it */
            return interrupt_error(err);
        ssize_t n = write(output->fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return write_failed(output, n < 0 ? errno : ENOSPC, err);
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return true;
}

static bool flush(Output *output, Err *err)
{
    if (output->pending.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "%s: no memory", output->name);
    bool ok = write_out(output, buf_span(&output->pending), err);
    buf_clear(&output->pending);
    return ok;
}

/* On a terminal, characters that it would obey (C1 controls) or that reorder what it shows are
 * written as escapes, which JSON reads back as the same characters. */
static void add_for_terminal(Buf *buf, Text t)
{
    for (size_t pos = 0; pos < t.len;) {
        size_t start = pos;
        uint32_t c = utf8_next(t, &pos);
        if (c == UTF8_INVALID)
            BUF_LITERAL(buf, "\\ufffd");
        else if (c >= 0x10000 && printable_is_deceptive(c))
            buf_printf(buf, "\\u%04x\\u%04x", 0xD800u + ((c - 0x10000) >> 10),
                       0xDC00u + (c & 0x3FF));
        else if (c >= 0x7F && (c == 0x7F || printable_is_deceptive(c)))
            buf_printf(buf, "\\u%04x", c);
        else
            buf_add(buf, t.ptr + start, pos - start);
    }
}

bool output_write(Output *output, Span bytes, Err *err)
{
    Buf *pending = &output->pending;
    if (output->terminal) {
        add_for_terminal(pending, text_from_span(bytes));
        return flush(output, err);
    }
    if (pending->len + bytes.len > BUFFER_BYTES && !flush(output, err))
        return false;
    if (bytes.len >= DIRECT_BYTES)
        return flush(output, err) && write_out(output, bytes, err);
    buf_add_text(pending, text_from_span(bytes));
    return true;
}

/* RENAME_NOREPLACE: a file that came into being meanwhile is not lost. */
static bool take_name(Output *output, Err *err)
{
    bool keep = output->rule == OUTPUT_KEEP_EXISTING;
    int failed =
        renameat2(AT_FDCWD, output->part, AT_FDCWD, output->target, keep ? RENAME_NOREPLACE : 0);
    if (failed && (errno == EINVAL || errno == ENOSYS)) { /* file systems without the flag */
        failed = keep ? link(output->part, output->target) || unlink(output->part)
                      : rename(output->part, output->target);
    }
    if (!failed)
        return true;
    return err_errno(err, errno, "%s: the finished result stays in %s.part, because of",
                     output->name, output->name);
}

bool output_finish(Output *output, Err *err)
{
    if (!flush(output, err))
        return false;
    if (!output->owned)
        return true;
    output->owned = false;
    int failed = close(output->fd);
    if (failed) {
        (void)write_failed(output, errno, err);
        if (output->part)
            (void)unlink(output->part);
        return false;
    }
    return !output->part || take_name(output, err);
}

bool output_on_terminal(const Output *output)
{
    return output->terminal;
}

OutputFile output_what_is(const Output *output, dev_t device, ino_t inode)
{
    struct stat st;
    if (is_file(&output->replaced, device, inode) || is_file(&output->stale, device, inode))
        return OUTPUT_REPLACES;
    bool same = fstat(output->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == device &&
                st.st_ino == inode;
    return same ? OUTPUT_WRITES : OUTPUT_OTHER;
}
