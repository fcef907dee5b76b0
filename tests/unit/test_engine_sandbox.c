/* What a worker inherits and what it may do, seen from inside, from outside, and by trying every
 * system call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/run.h"
#include "engine/sandbox.h"

#include "../hooks/hostile.h"
#include "../hooks/run_engine.h"

/* From inside: the worker closes all that can be closed. */
static void test_descriptors_from_inside(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "a/f", "CONSTAT-TEST read-fds\n");
    engine_test_file(&test, "b/1", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b/2", "CONSTAT-TEST text 1\n");
    engine_test_file(&test, "b/3", "CONSTAT-TEST read-fds\n");
    test.ordered = true;
    assert_true(engine_test_run(&test));
    assert_int_equal(engine_test_count(&test, "B f 1 11 open: item ", ""), 1); /* and no more */
    assert_int_equal(engine_test_count(&test, "B 3 1 21 open: item item item ", ""), 1);
    engine_test_done(&test);
}

typedef struct Seen {
    unsigned pipes, items, others;
    bool unreadable; /* only root may look: the worker is not dumpable */
    bool looked;
    char status[4096];
    const char *folder;
    size_t shared_bytes; /* of memory that it shares with others */
} Seen;

static pid_t child_of(pid_t parent)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && (entry = readdir(proc));) {
        char path[300], text[512];
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (!file)
            continue;
        size_t n = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[n] = '\0';
        const char *after = strrchr(text, ')'); /* ") S 1234 …": state and parent */
        if (after && strlen(after) > 4 && strtol(after + 4, NULL, 10) == parent)
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    if (proc)
        closedir(proc);
    return found;
}

static void look_at_descriptor(Seen *seen, pid_t pid, const char *name)
{
    char path[300], target[4096];
    snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, name);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    if (SANDBOX_SANITIZED && strcmp(name, "2") == 0)
        return;
    if (strncmp(target, "pipe:", 5) == 0)
        seen->pipes++;
    else if (strstr(target, strrchr(seen->folder, '/')) && strcmp(strrchr(target, '/'), "/f") == 0)
        seen->items++;
    else
        seen->others++;
}

/* Shared anonymous memory is a deleted /dev/zero. */
static void look_at_memory(Seen *seen, pid_t pid)
{
    char path[64], line[4400];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        char *dash;
        unsigned long begin = strtoul(line, &dash, 16);
        unsigned long end = *dash == '-' ? strtoul(dash + 1, NULL, 16) : begin;
        if (strstr(line, "/dev/zero (deleted)"))
            seen->shared_bytes += end - begin;
    }
    if (file)
        fclose(file);
}

static bool look_at_worker(EngineTest *test, const Item *item, uint8_t type, Err *err)
{
    (void)item;
    (void)err;
    Seen *seen = test->on_block_ctx;
    if (type != HOSTILE_LOOK)
        return true;
    pid_t pid = child_of(test->engine->zygote);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = pid > 0 ? opendir(path) : NULL;
    seen->looked = pid > 0;
    seen->unreadable = !dir && (errno == EACCES || errno == EPERM);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            look_at_descriptor(seen, pid, entry->d_name);
    if (dir)
        closedir(dir);
    look_at_memory(seen, pid);
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(seen->status, 1, sizeof seen->status - 1, file) : 0;
    seen->status[n] = '\0';
    if (file)
        fclose(file);
    return true;
}

/* From outside: what the kernel says that the worker has open, and of its privileges. */
static void test_worker_from_outside(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "f", "CONSTAT-TEST show 300\n");
    /* Of all that this process has open nothing is to be found in the worker. */
    int secret = open("/dev/null", O_RDWR);
    int above = fcntl(secret, F_DUPFD, 100);
    assert_true(secret >= 0 && above >= 0);
    Seen seen = {.folder = test.folder};
    test.on_block = look_at_worker;
    test.on_block_ctx = &seen;
    assert_true(engine_test_run(&test));
    assert_true(seen.looked);
    if (!seen.unreadable) {
        assert_int_equal(seen.pipes, 1);
        assert_int_equal(seen.items, 1);
        assert_int_equal(seen.others, 0);
        assert_int_equal(seen.shared_bytes, sizeof(SlotMemory)); /* its own, not the others' */
    } else {
        assert_int_not_equal(geteuid(), 0);
    }
    assert_non_null(strstr(seen.status, "NoNewPrivs:\t1"));
    assert_non_null(strstr(seen.status, "Seccomp:\t2"));
    assert_non_null(strstr(seen.status, "Threads:\t1\n"));
    close(secret);
    close(above);
    engine_test_done(&test);
}

/* Run `act` in a sandboxed child; its wait status. */
static int in_sandbox(SandboxLimits limits, int (*act)(void *ctx), void *ctx)
{
    static Sandbox sandbox;
    if (!sandbox.program)
        assert_true(sandbox_prepare(&sandbox, NULL));
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (int number = 1; number <= SIGSYS; number++)
            signal(number, SIG_DFL);
        int landlock;
        if (!sandbox_confine(&landlock, NULL) || !sandbox_enter(&sandbox, &limits))
            _exit(99);
        _exit(act(ctx));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static const SandboxLimits USUAL = {.memory_bytes = 256 << 20, .cpu_seconds = 60};

static int spin(void *ctx)
{
    volatile const int *forever = ctx;
    while (*forever)
        continue;
    return 0;
}

static void test_processor_time_is_limited(void **state)
{
    (void)state;
    int forever = 1;
    SandboxLimits limits = {.memory_bytes = USUAL.memory_bytes, .cpu_seconds = 1};
    int status = in_sandbox(limits, spin, &forever);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

static int confined_open(void *ctx)
{
    (void)ctx;
    return open("/dev/null", O_RDONLY) >= 0 ? 1 : errno;
}

/* Landlock by itself, without the filter. */
static void test_landlock_alone(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int version;
        if (!sandbox_confine(&version, NULL))
            _exit(99);
        _exit(version ? confined_open(NULL) : 98);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 98)
        print_message("this kernel has no Landlock: not tested\n");
    else
        assert_int_equal(WEXITSTATUS(status), EACCES);
}

/* A system without seccomp (a filter of ours refuses the call): clear words before any evidence is
 * touched. */
static void test_no_sandbox_no_run(void **state)
{
    (void)state;
    EngineTest test;
    engine_test_init(&test);
    engine_test_file(&test, "f", "CONSTAT-TEST text 1\n");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (!filter ||
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0 ||
            seccomp_load(filter) != 0)
            _exit(99);
        bool ran = engine_test_run(&test);
        bool clear = strstr(test.err.text, "the sandbox cannot be set up on this system") != NULL;
        _exit(!ran && test.err.code == ERR_SANDBOX && clear && test.blocks == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    engine_test_done(&test);
}

#if !SANDBOX_SANITIZED

static int take_memory(void *ctx)
{
    (void)ctx;
    /* volatile: else a compiler may take the allocations for granted and leave them out. */
    void *volatile fits = malloc(8 << 20);
    void *volatile does_not = malloc(64 << 20);
    return fits && !does_not ? 0 : 1;
}

static void test_memory_is_limited(void **state)
{
    (void)state;
    SandboxLimits limits = {.memory_bytes = 32 << 20, .cpu_seconds = 60};
    int status = in_sandbox(limits, take_memory, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* With all arguments 0, these are let through; each is argued for in sandbox.c. */
static const long ALLOWED[] = {
    SYS_pread64,   SYS_mprotect,      SYS_munmap,     SYS_mremap, SYS_brk,
    SYS_getrandom, SYS_clock_gettime, SYS_sysinfo,    SYS_close,  SYS_rt_sigprocmask,
    SYS_getpid,    SYS_gettid,        SYS_exit_group,
};

static bool is_allowed(long number)
{
    for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++)
        if (ALLOWED[i] == number)
            return true;
    return false;
}

static int call(void *ctx)
{
    syscall(*(const long *)ctx, 0, 0, 0, 0, 0, 0);
    return 0;
}

/* Since Linux 6.14 no filter is asked about uretprobe and uprobe of x86-64: they only serve code
 * that the kernel itself has put into a process, and do nothing elsewhere. */
static bool is_beyond_filters(long number)
{
#if defined(__x86_64__)
    return number == 335 || number == 336;
#else
    (void)number;
    return false;
#endif
}

static void test_every_system_call(void **state)
{
    (void)state;
    for (long number = 0; number < 480; number++) {
        if (is_beyond_filters(number))
            continue;
        int status = in_sandbox(USUAL, call, &number);
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        bool returned = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (is_allowed(number) ? !returned : !killed)
            print_message("system call %ld: status %d\n", number, status);
        assert_true(is_allowed(number) ? returned : killed);
    }
}

typedef struct Call {
    long number, args[6];
    bool allowed;
} Call;

static int call_with(void *ctx)
{
    const Call *c = ctx;
    syscall(c->number, c->args[0], c->args[1], c->args[2], c->args[3], c->args[4], c->args[5]);
    return 0;
}

/* Calls that are allowed with some arguments only. */
static void test_arguments(void **state)
{
    (void)state;
    char byte = 0;
    const long at = (long)&byte;
    const Call CALLS[] = {
        {SYS_write, {WIRE_PIPE_FD, at, 0}, true},
        {SYS_write, {STDERR_FILENO, at, 0}, true}, /* answered with EBADF */
        {SYS_write, {1, at, 0}, false},
        {SYS_write, {4, at, 0}, false},
        {SYS_writev, {4, at, 0}, false},
        {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}, true},
        {SYS_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}, false},
        {SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE, 4, 0}, false},
        {SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}, false},
        {SYS_madvise, {0, 0, MADV_DONTNEED}, true},
        {SYS_madvise, {0, 0, MADV_WILLNEED}, false},
        {SYS_futex, {at, 1 /* FUTEX_WAKE */, 0}, true},
        {SYS_futex, {at, 129 /* FUTEX_WAKE_PRIVATE */, 0}, true},
        {SYS_futex, {at, 0 /* FUTEX_WAIT */, 0}, false},
        {SYS_tgkill, {getpid(), getpid(), 0}, false}, /* us, not itself */
        {SYS_tgkill, {0x43504944, 1, 0}, false},
        {SYS_exit_group, {0}, true},
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        Call c = CALLS[i];
        int status = in_sandbox(USUAL, call_with, &c);
        bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        if (killed == c.allowed)
            print_message("call %zu: status %d\n", i, status);
        assert_int_equal(killed, !c.allowed);
    }
}

#if defined(__x86_64__)
/* The other numberings of system calls on this machine. */
static void test_other_numberings(void **state)
{
    (void)state;
    long number = 0x40000000 | SYS_getpid;
    int status = in_sandbox(USUAL, call, &number);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#else
static void test_other_numberings(void **state)
{
    (void)state;
    skip();
}
#endif

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_from_inside),
        cmocka_unit_test(test_worker_from_outside),
        cmocka_unit_test(test_processor_time_is_limited),
        cmocka_unit_test(test_landlock_alone),
        cmocka_unit_test(test_no_sandbox_no_run),
#if !SANDBOX_SANITIZED
        cmocka_unit_test(test_memory_is_limited),
        cmocka_unit_test(test_every_system_call),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_other_numberings),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
