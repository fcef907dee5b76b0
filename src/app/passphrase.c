#include "app/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Up to the first line's end. */
static bool read_line(int fd, const char *name, Secret *ret, Err *err)
{
    ret->len = 0;
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
        if (n < 0)
            return err_errno(err, errno, "%s", quote_z(name).str);
        if (n == 0 || c == '\n')
            break;
        if (ret->len == sizeof ret->bytes)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s: a passphrase has at most %d bytes",
                           quote_z(name).str, PASSPHRASE_MAX);
        ret->bytes[ret->len++] = c;
    }
    if (ret->len && ret->bytes[ret->len - 1] == '\r')
        ret->len--;
    return true;
}

static bool from_file(const char *path, Secret *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, errno, "--passphrase-file %s", quote_z(path).str);
    return read_line(fd, path, ret, err);
}

static void put(int fd, const char *text)
{
    (void)!write(fd, text, strlen(text)); /* a terminal that is gone is met when it is read */
}

static bool from_terminal(const char *prompt, const char *path, Secret *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    if (fd < 0 || tcgetattr(fd, &before) != 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "%s needs a passphrase, and there is no terminal to ask at: "
                       "--passphrase-file names a file with it",
                       quote_z(path).str);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    put(fd, prompt);
    put(fd, quote_z(path).str);
    put(fd, ": ");
    (void)tcsetattr(fd, TCSAFLUSH, &silent);
    bool ok = read_line(fd, "the terminal", ret, err);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    put(fd, "\n");
    return ok;
}

static bool ask(void *ctx, const char *path, Secret *ret, Err *err)
{
    const char *file = arguments_value(ctx, OPTION_PASSPHRASE_FILE);
    return file ? from_file(file, ret, err) : from_terminal("Passphrase of ", path, ret, err);
}

PassphraseSource passphrase_source(const Arguments *arguments)
{
    return (PassphraseSource){.ask = ask, .ctx = (void *)(uintptr_t)arguments};
}

bool passphrase_choose(const Arguments *arguments, const char *path, Secret *ret, Err *err)
{
    const char *file = arguments_value(arguments, OPTION_PASSPHRASE_FILE);
    if (file)
        return from_file(file, ret, err);
    CLEANUP(secret_destroyp) Secret *again = secret_create(err);
    if (!again || !from_terminal("Passphrase (empty: none) for ", path, ret, err) ||
        !from_terminal("Once more, for ", path, again, err))
        return false;
    return (again->len == ret->len && memcmp(again->bytes, ret->bytes, ret->len) == 0) ||
           err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the two passphrases differ");
}
