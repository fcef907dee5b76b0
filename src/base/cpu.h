/* cpu.h: what the machine can do beyond what every one of its kind can. Code for it stands in files
 * of its own (…_avx2.c), beside a twin for all machines that gives the same results. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>

static inline bool cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

#endif
