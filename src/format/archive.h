/* archive.h: what all rows of archives share. Private to src/format. */
#ifndef FORMAT_ARCHIVE_H
#define FORMAT_ARCHIVE_H

#include "format/format.h"

/* Limits of one container; beyond them it is not read on, with a defect that says so. A bomb meets
 * one of them before it fills the disk. */
#define ARCHIVE_MEMBERS_MAX UINT64_C(1000000)
#define ARCHIVE_BYTES_MAX   (UINT64_C(1) << 40) /* of all members */
#define ARCHIVE_RATIO_MAX   250u                /* bytes out for one in, … */
#define ARCHIVE_RATIO_FROM  (UINT64_C(1) << 30) /* … once so many have come out */
#define ARCHIVE_NAME_MAX    (64u * 1024)

/* Loads what libarchive and the C library would load late (tables of character sets). In the
 * zygote: workers cannot open files. */
void archive_prepare(void);

/* Format.open of every archive: libarchive finds out which it is. */
bool archive_open(const Input *in, const FormatOptions *options, Sink *sink, const MemberOut *out,
                  Err *err);

#endif
