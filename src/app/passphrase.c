#include "app/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"

/* One line of a descriptor, without its end. false with errno: it cannot be read. */
static bool read_line(int fd, Secret *ret)
{
    ret->len = 0;
    while (ret->len < sizeof ret->bytes) {
        ssize_t n = read(fd, ret->bytes + ret->len, 1);
        if (n < 0)
            return false;
        if (n == 0 || ret->bytes[ret->len] == '\n')
            break;
        ret->len++;
    }
    while (ret->len && ret->bytes[ret->len - 1] == '\r')
        ret->len--;
    return true;
}

static bool from_file(const char *path, Secret *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read_line(fd, ret))
        return true;
    return err_errno(err, errno, "--passphrase-file: %s", quote_z(path).str);
}

static void put(int fd, const char *text)
{
    /* A terminal that cannot be written to cannot be read from either, which is told. */
    if (write(fd, text, strlen(text)) < 0)
        return;
}

static bool from_terminal(const char *question, const char *path, Secret *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before;
    if (fd < 0 || tcgetattr(fd, &before) != 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "%s has a passphrase and there is no terminal to ask for it; "
                       "--passphrase-file names a file that has it",
                       quote_z(path).str);
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    put(fd, question);
    put(fd, quote_z(path).str);
    put(fd, ": ");
    bool ok = tcsetattr(fd, TCSAFLUSH, &quiet) == 0 && read_line(fd, ret);
    int error = errno;
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    put(fd, "\n");
    return ok || err_errno(err, error, "the terminal");
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
    if (!again || !from_terminal("New passphrase (empty: none) of ", path, ret, err))
        return false;
    if (!from_terminal("The same again for ", path, again, err))
        return false;
    if (again->len == ret->len && memcmp(again->bytes, ret->bytes, ret->len) == 0)
        return true;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the two passphrases differ");
}
