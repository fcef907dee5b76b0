/* archive_make.h: archives made for tests, by libarchive, in memory; and what a container format
 * makes of one, as text. */
#ifndef ARCHIVE_MAKE_H
#define ARCHIVE_MAKE_H

#include "base/buf.h"
#include "format/format.h"

struct archive;

typedef struct MakeMember {
    const char *name;
    Span bytes;
    unsigned type;    /* AE_IF…; 0: a file */
    const char *link; /* of a link: where to */
    bool hard;
    uint64_t hole; /* of a sparse file: before the bytes, and as many after them */
} MakeMember;

typedef struct MakeKind {
    const char *name;                    /* of the case */
    const char *format;                  /* that is to know it */
    int (*set_format)(struct archive *); /* of libarchive's writer */
    int (*add_filter)(struct archive *); /* NULL: none */
    const char *options;                 /* of libarchive's; NULL: none */
    const char *password;                /* NULL: none */
} MakeKind;

enum {
    MAKE_V7,
    MAKE_USTAR,
    MAKE_PAX,
    MAKE_GNU_TAR,
    MAKE_TAR_GZ,
    MAKE_TAR_BZ2,
    MAKE_TAR_XZ,
    MAKE_TAR_ZST,
    MAKE_TAR_Z,
    MAKE_ZIP,
    MAKE_ZIP_STORED,
    MAKE_ZIP64,
    MAKE_SEVEN_ZIP,
    MAKE_SEVEN_ZIP_DEFLATE,
    MAKE_SEVEN_ZIP_BZIP2,
    MAKE_SEVEN_ZIP_PPMD,
    MAKE_SEVEN_ZIP_STORED,
    MAKE_KIND_COUNT
};
extern const MakeKind MAKE_KINDS[MAKE_KIND_COUNT];

/* Fails the test if it cannot be made. Free `ret` with buf_done. */
void archive_make(const MakeKind *kind, const MakeMember *members, size_t count, Buf *ret);

/* What is told of an item, a line each, with control bytes escaped:
 *   M NAME SIZE FINGERPRINT     a member
 *   N TEXT, D TEXT              a note, a defect
 *   E TEXT                      it cannot be read on */
typedef struct Opened {
    Buf log;
    bool bad; /* members out of turn, defects outside the item or without words: see the log */
    unsigned members, notes, defects;
    bool failed;
    uint64_t bytes;
} Opened;

/* `most`: bytes of members that are taken before the receiver says no. */
Opened archive_open_all(const Format *format, Span item, const char *name,
                        const FormatOptions *options, uint64_t most);
void opened_done(Opened *opened);

/* The format that knows it. */
const Format *archive_identify(Span item);

#endif
