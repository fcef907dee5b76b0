/* archive.h: what all rows of archives and compressed files share. Private to src/format.
 *
 *   archive_kinds.c     the rows
 *   archive.c           archives, by libarchive
 *   compressed.c        compressed files: a tar archive, or one file
 *   unpack.c, gunzip.c  what is in a compressed file, as a stream
 *   opening.c           members on their way out, within limits */
#ifndef FORMAT_ARCHIVE_H
#define FORMAT_ARCHIVE_H

#include "format/format.h"
#include "format/unpack.h"

/* Limits of one container; beyond them it is not read on, with a defect that says so. A bomb meets
 * one of them before it fills the disk. */
#define ARCHIVE_MEMBERS_MAX UINT64_C(1000000)
#define ARCHIVE_BYTES_MAX   (UINT64_C(1) << 40) /* of all members */
#define ARCHIVE_RATIO_MAX   250u                /* bytes out for one in, … */
#define ARCHIVE_RATIO_FROM  (UINT64_C(1) << 30) /* … once so many have come out */
#define ARCHIVE_NAMES_MAX   (UINT64_C(256) << 20)
#define ARCHIVE_HOLES_MAX   (UINT64_C(1) << 30) /* of sparse members; then these are cut */

/* A container that is being opened. */
typedef struct Opening {
    const Input *in;
    Sink *sink;
    const MemberOut *out;
    bool in_member;
    uint64_t members, bytes, names, holes; /* so far */
} Opening;

/* One member after the other, as in MemberOut. false: not on, err says why; a member that has begun
 * is then ended as far as it came. */
bool opening_begin(Opening *opening, const MemberHead *head, Err *err);
bool opening_bytes(Opening *opening, Span bytes, Err *err);
bool opening_end(Opening *opening, Err *err);
/* A gap of a sparse member. *ret false: there were too many; the member is to end here. */
bool opening_hole(Opening *opening, uint64_t size, bool *ret, Err *err);

/* Are `bytes` out of an item of `size` more than can be right? */
bool opening_is_bomb(uint64_t bytes, uint64_t size);

/* Loads what libarchive and the C library would load late (tables of character sets). In the
 * zygote: workers cannot open files. */
void archive_prepare(void);

#define TAR_BLOCK 512u

/* Is this the first block of a tar archive? */
Confidence tar_probe(Span head, uint64_t item_size);

bool archive_open_zip(const Input *in, const FormatOptions *options, Sink *sink,
                      const MemberOut *out, Err *err);
bool archive_open_seven_zip(const Input *in, const FormatOptions *options, Sink *sink,
                            const MemberOut *out, Err *err);
bool archive_open_tar(const Input *in, const FormatOptions *options, Sink *sink,
                      const MemberOut *out, Err *err);

/* The tar archive in a compressed item, of which `first` has been unpacked already. */
bool archive_open_packed_tar(Opening *opening, Unpack *unpack, Span first, Err *err);

/* Format.open of compressed files. */
bool compressed_open(Packing packing, const Input *in, Sink *sink, const MemberOut *out, Err *err);

#endif
