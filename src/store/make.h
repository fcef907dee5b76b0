/* make.h: making a case, and knowing one. */
#ifndef STORE_MAKE_H
#define STORE_MAKE_H

#include "store/inside.h"

/* Is it a case that this version understands? *ret_empty: a database without anything in it, as a
 * run leaves it that was killed at its very beginning. */
bool case_check(Store *store, bool *ret_empty, Err *err);

/* Read case id and cipher; open the data key if the case is encrypted. */
bool case_unlock(Store *store, const CaseKey *key, Err *err);

/* The data key alone, from the copies in meta. */
bool case_open_key(Store *store, const CaseKey *key, Err *err);

/* Tables, meta and the first entry of the ledger, all at once. */
bool case_make(Store *store, const StoreOptions *options, Err *err);

/* A case of an earlier format gets what it lacks. */
bool case_renew(Store *store, Err *err);

/* Digest over all rows of meta, which the ledger's first entry holds. */
bool case_meta_digest(Store *store, Sha256 *ret, Err *err);

/* The statements that made the tables, in their order. */
extern const Sql CASE_TABLES[];
extern const size_t CASE_TABLE_COUNT;

#endif
