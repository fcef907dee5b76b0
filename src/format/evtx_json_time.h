/* evtx_json_time.h: the ways JSON exports of events write a time. */
#ifndef FORMAT_EVTX_JSON_TIME_H
#define FORMAT_EVTX_JSON_TIME_H

#include <stdbool.h>

#include "base/text.h"
#include "base/time.h"

/* RFC 3339 and relatives, with "+0200" or " +0200" for a zone too; "/Date(1609459200000)/" (.NET:
 * milliseconds since 1970 UTC); a number, which `number` says it is: since 1970 UTC, in seconds
 * (with a fraction), or by its size in milli-, micro- or nanoseconds. false: none of them; *ret is
 * then undefined. */
bool json_time(Text text, bool number, Time *ret, bool *ret_zone_known);

#endif
