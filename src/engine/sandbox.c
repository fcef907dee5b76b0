#include "engine/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "engine/wire.h"

/* Stands for the worker's own process id until there is one: the filter is compiled once in the
 * zygote, and sandbox_enter puts the number in. No process has it (above PID_MAX_LIMIT, 2^22). */
#define SELF_PID 0x43504944u

typedef struct Rule {
    int call;
    uint32_t action; /* SCMP_ACT_… */
    unsigned count;
    struct scmp_arg_cmp args[2];
} Rule;

/* Argument n is `value`; of its bits in `mask` just those of `value` are set. */
#define ARG_IS(n, value)                                                                           \
    {                                                                                              \
        (n), SCMP_CMP_EQ, (scmp_datum_t)(value), 0                                                 \
    }
#define ARG_BITS(n, mask, value)                                                                   \
    {                                                                                              \
        (n), SCMP_CMP_MASKED_EQ, (mask), (value)                                                   \
    }

/* What a reader of evidence cannot do without. None of these can open, name or reach anything new,
 * and none can sleep: a worker that waits for nothing uses processor time, which is limited. */
static const Rule RULES[] = {
    /* Evidence: read at an offset, from what was inherited. */
    {.call = SCMP_SYS(pread64), .action = SCMP_ACT_ALLOW},
    /* Results: into the pipe, nowhere else. */
    {SCMP_SYS(write), SCMP_ACT_ALLOW, 1, {ARG_IS(0, WIRE_PIPE_FD)}},
    {SCMP_SYS(writev), SCMP_ACT_ALLOW, 1, {ARG_IS(0, WIRE_PIPE_FD)}},
    /* Memory: anonymous and never executable. mprotect: malloc's second arenas, which appear when
     * memory is short; madvise: giving freed pages back. */
    {SCMP_SYS(mmap),
     SCMP_ACT_ALLOW,
     2,
     {ARG_BITS(2, PROT_EXEC, 0), ARG_BITS(3, MAP_ANONYMOUS, MAP_ANONYMOUS)}},
    {SCMP_SYS(mprotect), SCMP_ACT_ALLOW, 1, {ARG_BITS(2, PROT_EXEC, 0)}},
    {SCMP_SYS(madvise), SCMP_ACT_ALLOW, 1, {ARG_IS(2, MADV_DONTNEED)}},
    {SCMP_SYS(madvise), SCMP_ACT_ALLOW, 1, {ARG_IS(2, MADV_FREE)}},
    {.call = SCMP_SYS(munmap), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(mremap), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(brk), .action = SCMP_ACT_ALLOW},
    /* pthread_once ends with a wake-up even in a process of one thread; waiting is not allowed. */
    {SCMP_SYS(futex),
     SCMP_ACT_ALLOW,
     1,
     {ARG_BITS(1, ~(scmp_datum_t)FUTEX_PRIVATE_FLAG, FUTEX_WAKE)}},
    /* Salt of hash tables in libraries (expat). */
    {.call = SCMP_SYS(getrandom), .action = SCMP_ACT_ALLOW},
    /* The clock, where the kernel's page for it is missing. */
    {.call = SCMP_SYS(clock_gettime), .action = SCMP_ACT_ALLOW},
    /* qsort of glibc asks how much memory there is. */
    {.call = SCMP_SYS(sysinfo), .action = SCMP_ACT_ALLOW},
    /* Fewer descriptors are never a danger. The test of inherited descriptors uses it. */
    {.call = SCMP_SYS(close), .action = SCMP_ACT_ALLOW},
    /* abort() and assert: their message goes nowhere, the signal must reach the process itself, so
     * that the report says "aborted" and not "broke the sandbox". */
    {SCMP_SYS(write), SCMP_ACT_ERRNO(EBADF), 1, {ARG_IS(0, STDERR_FILENO)}},
    {SCMP_SYS(writev), SCMP_ACT_ERRNO(EBADF), 1, {ARG_IS(0, STDERR_FILENO)}},
    {.call = SCMP_SYS(rt_sigprocmask), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(getpid), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(gettid), .action = SCMP_ACT_ALLOW},
    {SCMP_SYS(tgkill), SCMP_ACT_ALLOW, 1, {ARG_IS(0, SELF_PID)}},
    /* The end. */
    {.call = SCMP_SYS(exit_group), .action = SCMP_ACT_ALLOW},
};

#if SANDBOX_SANITIZED
static const uint32_t OTHERWISE = SCMP_ACT_ERRNO(EPERM);
/* The sanitizers' own: reports on standard error, locks, signal stacks, memory of all kinds. */
static const Rule SANITIZER_RULES[] = {
    {SCMP_SYS(write), SCMP_ACT_ALLOW, 1, {ARG_IS(0, STDERR_FILENO)}},
    {.call = SCMP_SYS(madvise), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(futex), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(sched_yield), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(sigaltstack), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(rt_sigaction), .action = SCMP_ACT_ALLOW},
    {.call = SCMP_SYS(rt_sigreturn), .action = SCMP_ACT_ALLOW},
};
static const size_t SANITIZER_RULE_COUNT = sizeof SANITIZER_RULES / sizeof *SANITIZER_RULES;
#else
static const uint32_t OTHERWISE = SCMP_ACT_KILL_PROCESS;
static const Rule *const SANITIZER_RULES = NULL;
static const size_t SANITIZER_RULE_COUNT = 0;
#endif

static void filter_releasep(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

static bool add_rules(scmp_filter_ctx filter, const Rule *rules, size_t count, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        const Rule *rule = &rules[i];
        if (rule->action == OTHERWISE)
            continue;
        int rc = seccomp_rule_add_array(filter, rule->action, rule->call, rule->count, rule->args);
        if (rc < 0 && rc != -EEXIST)
            return err_errno(err, -rc, "seccomp filter, rule %zu", i);
    }
    return true;
}

/* libseccomp writes its program to a descriptor only. */
static bool export_program(scmp_filter_ctx filter, Sandbox *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = memfd_create("seccomp", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "memfd for the seccomp filter");
    int rc = seccomp_export_bpf(filter, fd);
    if (rc < 0)
        return err_errno(err, -rc, "seccomp filter");
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(err, errno, "seccomp filter");
    size_t size = (size_t)st.st_size;
    size_t length = size / sizeof(struct sock_filter);
    if (length == 0 || length > BPF_MAXINSNS || size % sizeof(struct sock_filter) != 0)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET, "seccomp filter has %zu bytes", size);
    struct sock_filter *program = malloc(size);
    if (!program)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "seccomp filter");
    if (pread(fd, program, size, 0) != (ssize_t)size) {
        free(program);
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "seccomp filter cannot be read back");
    }
    *ret = (Sandbox){.program = program, .length = (unsigned short)length};
    return true;
}

/* Address space of this process: the first number of statm, in pages. */
static uint64_t address_space_bytes(void)
{
    char text[128];
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    uint64_t pages = fgets(text, sizeof text, file) ? strtoull(text, NULL, 10) : 0;
    fclose(file);
    long page = sysconf(_SC_PAGESIZE);
    return page > 0 ? pages * (uint64_t)page : 0;
}

bool sandbox_prepare(Sandbox *ret, Err *err)
{
    CLEANUP(filter_releasep) scmp_filter_ctx filter = seccomp_init(OTHERWISE);
    if (!filter)
        return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET, "libseccomp cannot make a filter");
    /* System calls of another architecture's numbering (32-bit on x86) end the process too. */
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc < 0)
        return err_errno(err, -rc, "seccomp filter");
    /* The sanitizers' rules first: libseccomp keeps the first of two that contradict. */
    if (!add_rules(filter, SANITIZER_RULES, SANITIZER_RULE_COUNT, err) ||
        !add_rules(filter, RULES, sizeof RULES / sizeof *RULES, err))
        return false;
    if (!export_program(filter, ret, err))
        return false;
    ret->base_bytes = address_space_bytes();
    return true;
}

/* The kernel's struct landlock_ruleset_attr as of version 6; Debian's headers know version 2. */
typedef struct LandlockRules {
    uint64_t files, net, scoped;
} LandlockRules;

#define LANDLOCK_QUERY_VERSION 1u

bool sandbox_confine(int *ret_landlock, Err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_errno(err, errno, "privileges cannot be given up");
    *ret_landlock = 0;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_QUERY_VERSION);
    if (version <= 0)
        return true;
    /* Everything that a version can forbid, and no rule that allows any of it. */
    LandlockRules rules = {.files = (1u << 13) - 1};
    if (version >= 2)
        rules.files |= 1u << 13; /* move between folders */
    if (version >= 3)
        rules.files |= 1u << 14; /* truncate */
    if (version >= 5)
        rules.files |= 1u << 15; /* ioctl of devices */
    if (version >= 4)
        rules.net = 3; /* bind and connect by TCP */
    if (version >= 6)
        rules.scoped = 3; /* abstract sockets of others, signals to others */
    size_t size = version >= 6   ? sizeof rules
                  : version >= 4 ? offsetof(LandlockRules, scoped)
                                 : offsetof(LandlockRules, net);
    CLEANUP(fd_closep) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return err_errno(err, errno, "Landlock version %ld", version);
    *ret_landlock = (int)version;
    return true;
}

static bool limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit rl = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &rl) == 0;
}

static bool limit_resources(const Sandbox *sandbox, const SandboxLimits *limits)
{
    uint64_t memory;
    if (__builtin_add_overflow(sandbox->base_bytes, limits->memory_bytes, &memory))
        memory = RLIM_INFINITY;
    struct rlimit cpu = {.rlim_cur = limits->cpu_seconds, .rlim_max = limits->cpu_seconds + 2};
    return setrlimit(RLIMIT_CPU, &cpu) == 0 && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_NPROC, 0) &&
           (SANDBOX_SANITIZED || limit(RLIMIT_AS, memory));
}

bool sandbox_enter(const Sandbox *sandbox, const SandboxLimits *limits)
{
    if (!limit_resources(sandbox, limits))
        return false;
    uint32_t pid = (uint32_t)getpid();
    for (size_t i = 0; i < sandbox->length; i++) /* our own copy: workers share nothing */
        if (BPF_CLASS(sandbox->program[i].code) == BPF_JMP && sandbox->program[i].k == SELF_PID)
            sandbox->program[i].k = pid;
    struct sock_fprog program = {.len = sandbox->length, .filter = sandbox->program};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}
