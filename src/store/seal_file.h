/* seal_file.h: case.seal, which says what case.sqlite was when the last run left it, so that verify
 * can tell that the file differs, and where. Lines of text:
 *
 *     constat case seal 1
 *     case ID                         32 hexadecimal digits
 *     size BYTES
 *     sha256 HASH                     of case.sqlite
 *     ledger NUMBER HASH              the last entry
 *     content HASH                    the content digest
 *     block NUMBER HASH               XXH3 (128 bits) of each 64 KiB, from 0 on
 *     signature SIGNATURE             if the run signed: Ed25519 over the SHA-256 of all lines
 * before end HASH                        SHA-256 of all lines before */
#ifndef STORE_SEAL_FILE_H
#define STORE_SEAL_FILE_H

#include "store/inside.h"

#define SEAL_BLOCK_BYTES (64u * 1024)

typedef struct Seal {
    uint8_t case_id[CASE_ID];
    uint64_t size;
    Sha256 sha256;
    uint64_t ledger_number;
    Sha256 ledger, content;
    Hash128 *blocks;
    size_t block_count;
    bool has_signature;
    uint8_t signature[SIGNATURE_BYTES];
    Sha256 signed_hash; /* what the signature is over */
} Seal;

/* Size, hash and blocks of the file at `path`. */
bool seal_measure(const char *path, Seal *ret, Err *err);
void seal_done(Seal *seal);

/* Write it to `path`, whole or not at all; `signing` may be NULL. */
bool seal_write(const Seal *seal, const SigningKey *signing, const char *path, Err *err);

/* Strict. ERR_FORMAT: damaged; err->offset is where, if one line is to blame. */
bool seal_read(Text content, Seal *ret, Err *err);

#endif
