/* Attempts to reach something outside the sandbox. Each either is killed by it, or is refused by
 * the system (sanitizer builds), or sends "ESCAPED". */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/wire.h"
#include "engine/worker.h"

/* `worked`: the forbidden thing was possible. */
static bool verdict(const Hostile *hostile, bool worked, const char *what, Err *err)
{
    int error = errno;
    if (worked)
        return hostile_say(hostile, err, "ESCAPED: %s", what);
    return err_errno(err, error, "%s", what);
}

static bool act_open_file(const Hostile *hostile, Err *err)
{
    return verdict(hostile, open("/etc/passwd", O_RDONLY) >= 0, "open", err);
}

static bool act_create_file(const Hostile *hostile, Err *err)
{
    return verdict(hostile, open("escaped", O_WRONLY | O_CREAT, 0600) >= 0, "create", err);
}

static bool act_connect(const Hostile *hostile, Err *err)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 0x5000, .sin_addr.s_addr = 0};
    if (fd >= 0)
        (void)connect(fd, (struct sockaddr *)&to, sizeof to);
    return verdict(hostile, fd >= 0, "socket", err);
}

static bool act_exec(const Hostile *hostile, Err *err)
{
    static char program[] = "/bin/true";
    static char *const args[] = {program, NULL};
    execv(program, args);
    return verdict(hostile, false, "exec", err);
}

static bool act_fork(const Hostile *hostile, Err *err)
{
    return verdict(hostile, fork() >= 0, "fork", err);
}

static bool act_kill(const Hostile *hostile, Err *err)
{
    return verdict(hostile, kill(getppid(), SIGTERM) == 0, "kill", err);
}

static bool act_ptrace(const Hostile *hostile, Err *err)
{
    return verdict(hostile, ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0, "ptrace", err);
}

static bool act_map_code(const Hostile *hostile, Err *err)
{
    void *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return verdict(hostile, code != MAP_FAILED, "executable memory", err);
}

static bool act_protect_code(const Hostile *hostile, Err *err)
{
    void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return verdict(hostile, mprotect(data, 4096, PROT_READ | PROT_EXEC) == 0, "executable memory",
                   err);
}

static bool act_map_file(const Hostile *hostile, Err *err)
{
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, hostile->piece->in.fd, 0);
    return verdict(hostile, map != MAP_FAILED, "mapping the item", err);
}

/* The memory that the worker shares with the coordinator, grown: do others' lie behind it? */
static bool act_grow_shared(const Hostile *hostile, Err *err)
{
    const size_t size = sizeof(SlotMemory);
    SlotMemory *grown = mremap(hostile->port->memory, size, 3 * size, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED)
        return verdict(hostile, false, "growing memory", err);
    hostile->port->memory = grown;
    volatile const uint8_t *beyond = grown[1].parts[0]; /* no memory there: SIGBUS */
    return hostile_say(hostile, err, "ESCAPED: byte %u of others", beyond[0]);
}

/* Pages that go into the pipe by reference could change after they were sent. */
static bool act_vmsplice(const Hostile *hostile, Err *err)
{
    static char page[4096];
    struct iovec iov = {.iov_base = page, .iov_len = sizeof page};
    return verdict(hostile, vmsplice(WIRE_PIPE_FD, &iov, 1, 0) >= 0, "vmsplice", err);
}

static bool act_write_item(const Hostile *hostile, Err *err)
{
    return verdict(hostile, write(hostile->piece->in.fd, "x", 1) == 1, "writing to the item", err);
}

static bool act_raise_limit(const Hostile *hostile, Err *err)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    return verdict(hostile, setrlimit(RLIMIT_CPU, &all) == 0, "raising a limit", err);
}

/* Every descriptor that can be closed was open: which ones, but for the pipe? */
static bool act_read_fds(const Hostile *hostile, Err *err)
{
    Buf list;
    buf_init(&list, 3000);
    for (int fd = 0; fd < 100000; fd++) {
        if (fd == WIRE_PIPE_FD || (SANDBOX_SANITIZED && fd == STDERR_FILENO))
            continue;
        uint8_t byte;
        ssize_t readable = pread(fd, &byte, 1, 0);
        if (close(fd) == 0)
            buf_printf(&list, "%s ", readable == 1 ? "item" : "OTHER");
    }
    buf_add_char(&list, '\0');
    bool ok = hostile_say(hostile, err, "open: %s", list.failed ? "many" : list.ptr);
    buf_done(&list);
    return ok;
}

const HostileVerb HOSTILE_ESCAPES[] = {
    {"open-file", act_open_file},
    {"create-file", act_create_file},
    {"connect", act_connect},
    {"exec", act_exec},
    {"fork", act_fork},
    {"kill", act_kill},
    {"ptrace", act_ptrace},
    {"map-code", act_map_code},
    {"protect-code", act_protect_code},
    {"map-file", act_map_file},
    {"grow-shared", act_grow_shared},
    {"vmsplice", act_vmsplice},
    {"write-item", act_write_item},
    {"raise-limit", act_raise_limit},
    {"read-fds", act_read_fds},
    {"", NULL},
};
