/* err.h: how an operation says that it could not go on.
 *
 * A function that can fail returns bool (or a pointer) and takes `Err *err` last. err_set and
 * err_wrap return false so that reporting is one line. `err` may be NULL: nothing is recorded.
 * Damage in evidence that can be stepped over is not an Err but a defect (event/sink.h). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

typedef enum ErrCode {
    ERR_NONE,        /* all is well */
    ERR_NO_MEMORY,   /* an allocation failed */
    ERR_FORMAT,      /* bytes are not what their format demands */
    ERR_LIMIT,       /* a named limit was reached (size, depth, count, time) */
    ERR_IO,          /* the operating system refused or a device failed */
    ERR_USAGE,       /* the person asked for something that cannot be */
    ERR_UNSUPPORTED, /* recognised, but Constat does not read it */
    ERR_INTERRUPTED, /* stopped by a signal; can be continued */
    ERR_SANDBOX,     /* a worker died, hung, broke a limit or sent nonsense */
} ErrCode;

#define ERR_NO_OFFSET UINT64_MAX

typedef struct Err {
    ErrCode code;
    uint64_t offset; /* byte in the evidence, or ERR_NO_OFFSET */
    char text[256];  /* a sentence for a person: expected, found; UTF-8, shortened if too long */
} Err;

/* Record a failure. Always false. */
__attribute__((format(printf, 4, 5))) bool err_set(Err *err, ErrCode code, uint64_t offset,
                                                   const char *format, ...);

/* Put context before an existing text: "key Run: cell has size 0". Always false. */
__attribute__((format(printf, 2, 3))) bool err_wrap(Err *err, const char *format, ...);

/* ERR_IO with strerror(errno_value) after the text. Always false. */
__attribute__((format(printf, 3, 4))) bool err_errno(Err *err, int errno_value, const char *format,
                                                     ...);

/* Text from evidence made fit for a message or a terminal: at most about 80 columns, control
 * bytes, terminal codes and bytes that are not UTF-8 as \xNN, bidirectional controls as \u{…}. */
typedef struct Quoted {
    char str[256]; /* NUL-terminated */
} Quoted;

Quoted quote(const void *bytes, size_t len);
Quoted quote_z(const char *nul_terminated);

#endif
