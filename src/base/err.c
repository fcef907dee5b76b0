#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Shorten a message that did not fit, and say so; never in the middle of a character. */
static void mark_cut(Err *err)
{
    size_t at = sizeof err->text - 4;
    while (at > 0 && ((unsigned char)err->text[at] & 0xC0) == 0x80)
        at--;
    memcpy(err->text + at, "...", 4);
}

__attribute__((format(printf, 2, 0))) static void format_text(Err *err, const char *format,
                                                              va_list args)
{
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    if (n >= (int)sizeof err->text)
        mark_cut(err);
    else if (n < 0)
        err->text[0] = '\0';
}

bool err_set(Err *err, ErrCode code, uint64_t offset, const char *format, ...)
{
    if (!err)
        return false;
    err->code = code;
    err->offset = offset;
    va_list args;
    va_start(args, format);
    format_text(err, format, args);
    va_end(args);
    return false;
}

bool err_wrap(Err *err, const char *format, ...)
{
    if (!err)
        return false;
    Err inner = *err;
    va_list args;
    va_start(args, format);
    format_text(err, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    int n = snprintf(err->text + used, sizeof err->text - used, ": %s", inner.text);
    if (n >= (int)(sizeof err->text - used))
        mark_cut(err);
    return false;
}

bool err_errno(Err *err, int errno_value, const char *format, ...)
{
    if (!err)
        return false;
    err->code = errno_value == ENOMEM ? ERR_NO_MEMORY : ERR_IO;
    err->offset = ERR_NO_OFFSET;
    va_list args;
    va_start(args, format);
    format_text(err, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    char reason[96];
    const char *text = strerror_r(errno_value, reason, sizeof reason);
    int n = snprintf(err->text + used, sizeof err->text - used, ": %s", text);
    if (n >= (int)(sizeof err->text - used))
        mark_cut(err);
    return false;
}
