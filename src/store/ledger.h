/* ledger.h: the custody ledger, a chain of entries. An entry's hash is SHA-256 over
 *
 *     "constat ledger" and a zero byte; number, time (8 bytes each, little-endian);
 *     kind, body as it is stored (each: length in 8 bytes, bytes); the hash before it (32 bytes,
 *     zeros before the first)
 *
 * so that it can be checked without a key and without Constat. Bodies are JSON objects; in an
 * encrypted case they are sealed. */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "store/inside.h"

/* As a reader meets it. Borrowed until the next one. */
typedef struct LedgerEntry {
    uint64_t number; /* from 1 */
    int64_t time_ns; /* since 1970 UTC, by the machine's clock */
    Text kind;
    Span body; /* as stored */
    Sha256 hash;
    bool has_hash; /* 32 bytes long, as it must be */
    Span signature;
} LedgerEntry;

/* Where the chain ends. */
typedef struct LedgerTail {
    uint64_t number; /* 0: no entry yet */
    Sha256 hash;
    bool unsigned_end; /* the last entry was added since the last commit */
} LedgerTail;

bool ledger_tail(Store *store, LedgerTail *ret, Err *err);

/* Append; `body` is JSON. The caller commits, and calls ledger_sign before it does. */
bool ledger_add(Store *store, LedgerTail *tail, const char *kind, Text body, Err *err);
bool ledger_sign(Store *store, LedgerTail *tail, Err *err);

/* The hash that an entry must have. */
bool ledger_hash(Canon *canon, const LedgerEntry *entry, const Sha256 *before, Sha256 *ret);

LedgerEntry ledger_entry(const Query *query); /* of LEDGER_ALL or LEDGER_LAST */

/* The body as text; empty when it cannot be opened. Valid until box_row. */
Text ledger_body(Store *store, const LedgerEntry *entry);

/* The value of "name" in a body that ledger_add got: of a text the inside of its quotes, as it
 * stands; else the number. false: not there. */
bool ledger_field(Text body, const char *name, Text *ret);

/* 2n lower-case digits to n bytes. */
bool hex_to_bytes(Text hex, uint8_t *ret, size_t size);
void json_hex(Buf *buf, Span bytes); /* quoted */

#endif
