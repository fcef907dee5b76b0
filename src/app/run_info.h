/* run_info.h: who writes to a case, where, and with what: for the ledger and the report. */
#ifndef APP_RUN_INFO_H
#define APP_RUN_INFO_H

#include "app/settings.h"
#include "store/store.h"

typedef struct RunDescription {
    Buf command;
    char person[256], machine[256];
    RunInfo info; /* its texts are the ones above */
} RunDescription;

/* Everything of ret->info but `settings`. run_description_done is due in any case. */
void run_describe(const char *command, const Arguments *arguments, const Settings *settings,
                  RunDescription *ret);
void run_description_done(RunDescription *description);

#endif
