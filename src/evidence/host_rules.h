/* host_rules.h: the host of an item by where it lies: collectors name folders and archives after
 * the machine. Rows: knowledge/layouts.tsv, which says how patterns are written. Immutable. */
#ifndef EVIDENCE_HOST_RULES_H
#define EVIDENCE_HOST_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

typedef struct HostRules HostRules;

#define HOST_NAME_MAX_BYTES 255

/* `path`: the table. NULL with err: it cannot be read, or a row is wrong (file and line). */
HostRules *host_rules_load(const char *path, Err *err);
void host_rules_destroy(HostRules *rules); /* NULL is fine */

/* The host of an item's path; it is a part of `path`. *ret_collector: the row's first cell. false:
 * no row fits. */
bool host_rules_find(const HostRules *rules, Text path, Text *ret_host, Text *ret_collector);

#endif
