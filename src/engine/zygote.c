#include "engine/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/veil.h"
#include "engine/wire.h"
#include "engine/worker.h"

#define SOCKET_FD  3 /* a worker's pipe takes its place */
#define SIGNALS_FD 4
#define END_MS     1000 /* how long the end of killed workers is awaited */

_Static_assert(SOCKET_FD == WIRE_PIPE_FD, "the worker's pipe replaces the zygote's socket");

#define FDS_MAX (WIRE_PIECES_MAX + 1)

/* The worker that has a slot; pid 0: none. */
typedef struct Child {
    pid_t pid;
    uint32_t generation;
} Child;

typedef struct Zygote {
    const ZygoteSetup *setup;
    WorkerSetup worker;
    Child *children; /* by slot */
    WirePiece pieces[WIRE_PIECES_MAX];
    char *text;
    uint64_t text_room;
} Zygote;

/* The coordinator is gone, or we cannot go on: no worker outlives the zygote. (Should it be killed
 * itself, their death signal sees to that.) */
static _Noreturn void end(const Zygote *zygote, int status)
{
    for (uint32_t i = 0; zygote->children && i < zygote->setup->slot_count; i++)
        if (zygote->children[i].pid > 0)
            kill(zygote->children[i].pid, SIGKILL);
    /* One that hangs in a broken device cannot die yet; we do not wait for that. */
    for (int ms = 0; ms < END_MS && waitpid(-1, NULL, WNOHANG) >= 0; ms++)
        usleep(1000);
    _exit(status);
}

static uint64_t microseconds(struct timeval tv)
{
    return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

static void report(const Zygote *zygote, WireReport news)
{
    struct rusage own;
    if (getrusage(RUSAGE_SELF, &own) == 0)
        news.zygote_cpu_us = microseconds(own.ru_utime) + microseconds(own.ru_stime);
    ssize_t n;
    do
        n = send(SOCKET_FD, &news, sizeof news, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof news)
        end(zygote, 1);
}

static _Noreturn void fail(const Zygote *zygote, const Err *err)
{
    report(zygote, (WireReport){.news = WIRE_FAILED, .err = *err});
    end(zygote, 1);
}

/* Standard input and output to nothing; standard error stays for assert in prepare(), if there is
 * one. All three are taken, so that nothing else gets their numbers. */
static bool arrange_descriptors(Err *err)
{
    int nothing = open("/dev/null", O_RDWR);
    bool silent = fcntl(STDERR_FILENO, F_GETFD) < 0;
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
        (silent && dup2(nothing, STDERR_FILENO) < 0) || close_range(SOCKET_FD + 1, ~0u, 0) != 0)
        return err_errno(err, errno, "the process that starts workers cannot close its files");
    return true;
}

/* A terminal sends these to everyone; when to end is the coordinator's decision. */
static bool is_ignored(int number)
{
    return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT ||
           number == SIGPIPE || number == SIGTSTP;
}

/* Sanitizers report crashes from handlers. */
static bool is_kept(int number)
{
    return SANDBOX_SANITIZED && (number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
                                 number == SIGILL || number == SIGABRT);
}

/* No handler of the program runs in zygote or workers: a crash is a crash. */
static void arrange_signals(void)
{
    for (int number = 1; number <= SIGRTMAX; number++)
        if (!is_kept(number))
            signal(number, is_ignored(number) ? SIG_IGN : SIG_DFL);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* Does the sandbox work here? A child tries it once, before evidence is touched. */
static bool try_sandbox(const Zygote *zygote, Err *err)
{
    pid_t pid = fork();
    if (pid < 0)
        return err_errno(err, errno, "a worker cannot be started");
    if (pid == 0)
        worker_try_sandbox(&zygote->worker);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, errno, "the sandbox cannot be tried");
    if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_EXIT_DONE)
        return true;
    return err_set(err, ERR_SANDBOX, ERR_NO_OFFSET,
                   "the sandbox cannot be set up on this system (seccomp is needed)");
}

static bool prepare(Zygote *zygote, Err *err)
{
    const ZygoteSetup *setup = zygote->setup;
    const Job *job = setup->job;
    if (job->prepare && !job->prepare(job->ctx, err))
        return false;
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (FORMATS[i]->prepare)
            FORMATS[i]->prepare();
    zygote->worker = (WorkerSetup){
        .job = job,
        .format = setup->options->format,
        .memory_bytes = setup->memory_bytes,
        .hasher = sha256_create(),
        .slots = setup->slots,
        .slot_count = setup->slot_count,
        .zygote_pid = getpid(),
    };
    zygote->children = calloc(setup->slot_count, sizeof *zygote->children);
    Sha256 once;
    if (!zygote->children || !zygote->worker.hasher || !veil_prepare() ||
        !sha256_final(zygote->worker.hasher, &once)) /* all that OpenSSL loads late */
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the zygote");
    int landlock;
    if (!sandbox_prepare(&zygote->worker.sandbox, err) || !sandbox_confine(&landlock, err))
        return err_wrap(err, "the sandbox cannot be set up");
    /* Workers give up the memory of the other slots. */
    uint64_t others = (setup->slot_count - 1) * sizeof *setup->slots;
    uint64_t *base = &zygote->worker.sandbox.base_bytes;
    *base = *base > others ? *base - others : *base;
    return try_sandbox(zygote, err);
}

/* `size` bytes from the stream, or the end of the zygote. */
static void receive_all(const Zygote *zygote, void *out, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = recv(SOCKET_FD, (char *)out + have, size - have, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            end(zygote, 0);
        have += (size_t)n;
    }
}

/* One request and its descriptors. The coordinator sends both in one go. */
static uint32_t receive_request(const Zygote *zygote, WireRequest *ret, int fds[FDS_MAX])
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof *ret};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do
        n = recvmsg(SOCKET_FD, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        end(zygote, 0);
    if (n < (ssize_t)sizeof *ret)
        receive_all(zygote, (char *)ret + n, sizeof *ret - (size_t)n);
    uint32_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        count = (uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), count * sizeof(int));
    }
    return count;
}

/* Descriptors arrive at the lowest free numbers, in order: what worker.c relies on. */
static bool descriptors_in_order(const int *fds, uint32_t count, uint32_t expected)
{
    if (count != expected || count < 2)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (fds[i] != SIGNALS_FD + 1 + (int)i)
            return false;
    return true;
}

static void receive_body(Zygote *zygote, const WireRequest *request)
{
    if (request->piece_count > WIRE_PIECES_MAX || request->text_bytes > WIRE_TEXT_MAX)
        end(zygote, 1);
    receive_all(zygote, zygote->pieces, request->piece_count * sizeof *zygote->pieces);
    if (request->text_bytes > zygote->text_room) {
        free(zygote->text);
        zygote->text = malloc(request->text_bytes);
        zygote->text_room = zygote->text ? request->text_bytes : 0;
        if (!zygote->text)
            end(zygote, 1);
    }
    receive_all(zygote, zygote->text, request->text_bytes);
}

static void spawn(Zygote *zygote, const WireRequest *request, const int *fds, uint32_t fd_count)
{
    receive_body(zygote, request);
    WireReport news = {
        .news = WIRE_NOT_STARTED, .slot = request->slot, .generation = request->generation};
    pid_t pid = -1;
    if (!descriptors_in_order(fds, fd_count, request->fd_count)) {
        err_set(&news.err, ERR_SANDBOX, ERR_NO_OFFSET, "%u of %u descriptors came through",
                (unsigned)fd_count, (unsigned)request->fd_count);
    } else {
        pid = fork();
        if (pid < 0)
            err_errno(&news.err, errno, "a worker cannot be started");
    }
    if (pid == 0) {
        const WorkerTask task = {
            .request = request, .pieces = zygote->pieces, .text = zygote->text, .fds = fds};
        worker_run(&zygote->worker, &task);
    }
    close_range(SIGNALS_FD + 1, ~0u, 0);
    if (pid < 0)
        report(zygote, news);
    else
        zygote->children[request->slot] = (Child){.pid = pid, .generation = request->generation};
}

static void serve(Zygote *zygote)
{
    WireRequest request;
    int fds[FDS_MAX];
    uint32_t fd_count = receive_request(zygote, &request, fds);
    if (request.slot >= zygote->setup->slot_count)
        end(zygote, 1);
    const Child *child = &zygote->children[request.slot];
    if (request.command == WIRE_SPAWN)
        spawn(zygote, &request, fds, fd_count);
    else if (child->pid > 0 && child->generation == request.generation)
        kill(child->pid, SIGKILL);
}

static void report_end(Zygote *zygote, pid_t pid, int status, const struct rusage *used)
{
    for (uint32_t slot = 0; slot < zygote->setup->slot_count; slot++) {
        Child *child = &zygote->children[slot];
        if (child->pid != pid)
            continue;
        report(zygote, (WireReport){
                           .news = WIRE_ENDED,
                           .slot = slot,
                           .generation = child->generation,
                           .status = status,
                           .peak_bytes = (uint64_t)used->ru_maxrss * 1024,
                           .cpu_us = microseconds(used->ru_utime) + microseconds(used->ru_stime),
                       });
        *child = (Child){0};
        return;
    }
}

static void reap(Zygote *zygote)
{
    struct signalfd_siginfo info;
    while (read(SIGNALS_FD, &info, sizeof info) > 0)
        continue; /* several ends may have become one signal: ask wait4 for all */
    int status;
    struct rusage used;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0)
        report_end(zygote, pid, status, &used);
}

_Noreturn void zygote_run(const ZygoteSetup *setup)
{
    Zygote zygote = {.setup = setup};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != setup->coordinator)
        end(&zygote, 0);
    prctl(PR_SET_NAME, "constat-zygote");
    if (dup2(setup->socket, SOCKET_FD) != SOCKET_FD)
        end(&zygote, 1);
    arrange_signals();
    Err err = {.offset = ERR_NO_OFFSET};
    if (!arrange_descriptors(&err) || !prepare(&zygote, &err))
        fail(&zygote, &err);
    close_range(SIGNALS_FD, ~0u, 0); /* what prepare() left open is not for workers */
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    if (signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC) != SIGNALS_FD) {
        err_set(&err, ERR_IO, ERR_NO_OFFSET, "the zygote cannot hear of its workers");
        fail(&zygote, &err);
    }
    report(&zygote, (WireReport){.news = WIRE_READY});
    for (;;) {
        struct pollfd fds[2] = {{.fd = SOCKET_FD, .events = POLLIN},
                                {.fd = SIGNALS_FD, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            end(&zygote, 1);
        if (fds[1].revents)
            reap(&zygote);
        if (fds[0].revents)
            serve(&zygote);
    }
}
