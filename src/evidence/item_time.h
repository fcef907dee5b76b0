/* item_time.h: when a file was last changed, as one number. */
#ifndef EVIDENCE_ITEM_TIME_H
#define EVIDENCE_ITEM_TIME_H

#include <stdint.h>
#include <sys/stat.h>

/* Nanoseconds since 1970. Only compared for equality: a date no file can honestly have (beyond
 * 1677..2262) wraps, the same way each time. */
static inline int64_t stat_changed_ns(const struct stat *st)
{
    return (int64_t)((uint64_t)st->st_mtim.tv_sec * UINT64_C(1000000000) +
                     (uint64_t)st->st_mtim.tv_nsec);
}

#endif
