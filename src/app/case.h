/* case.h: the case of a command (--case) and the keys that open it and sign for it. */
#ifndef APP_CASE_H
#define APP_CASE_H

#include <stdbool.h>

#include "app/options.h"
#include "app/output.h"
#include "base/err.h"
#include "store/store.h"

typedef struct Case {
    const char *folder;
    SigningKey *signing; /* NULL: none was given */
    CaseKey *key;
    Store *store;
} Case;

/* Open the case that the options name. `temporary`: folder for what does not fit in memory. Keys
 * are read here: never before the zygote is forked. false with err; case_close is still due. */
bool case_open(const Arguments *arguments, StoreMode mode, const char *temporary, Case *ret,
               Err *err);
/* Again, with the keys that were read. */
bool case_reopen(Case *opened, StoreMode mode, const char *temporary, Err *err);
/* What the output would replace must not be a file of the case. */
bool case_part_output(const Case *opened, const Output *output, Err *err);
void case_close(Case *opened);

#endif
