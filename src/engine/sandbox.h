/* sandbox.h: what a worker may do, and what the kernel does about the rest.
 *
 * Four layers, each sufficient against most attacks by itself: no descriptors but the items and the
 * pipe (worker.c), resource limits, Landlock (no file, no TCP, no signal to outsiders; where the
 * kernel has it) and seccomp (a list of a dozen system calls; anything else ends the process).
 *
 * Sanitizer builds need more system calls and terabytes of address space: there, what is not
 * listed fails instead of killing, the list is longer, and address space is not limited. Such a
 * build is for tests and not for evidence. */
#ifndef ENGINE_SANDBOX_H
#define ENGINE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

struct sock_filter;

typedef struct Sandbox {
    struct sock_filter *program; /* the seccomp filter, compiled */
    unsigned short length;       /* its instructions */
    uint64_t base_bytes;         /* address space in use before a worker's own */
} Sandbox;

typedef struct SandboxLimits {
    uint64_t memory_bytes; /* address space beyond base_bytes */
    uint32_t cpu_seconds;
} SandboxLimits;

/* Zygote, once, when everything is loaded: compile the filter, for the rest of its life. Needs a
 * memfd. */
bool sandbox_prepare(Sandbox *ret, Err *err);

/* Zygote, once, after sandbox_prepare: give up what neither it nor its workers need: new
 * privileges, core dumps, being traced, and (Landlock) every file. Landlock is used as far as the
 * kernel has it; *ret_landlock is its version, 0 when there is none. */
bool sandbox_confine(int *ret_landlock, Err *err);

/* Worker: limits and filter, for good. `filter` pipe and items are open and nothing else is. false
 * with errno: the worker must end at once. */
bool sandbox_enter(const Sandbox *sandbox, const SandboxLimits *limits);

#endif
