/* zygote.h: the process that forks workers.
 *
 * It is forked before the program holds anything worth stealing, prepares the job, gives up its
 * privileges and then does what the coordinator asks: fork a worker, kill one, report the end of
 * each. Only it waits for workers, so a process id cannot have got a new owner when it kills.
 * When its socket closes it ends all workers and itself. */
#ifndef ENGINE_ZYGOTE_H
#define ENGINE_ZYGOTE_H

#include <stdint.h>
#include <sys/types.h>

#include "engine/engine.h"
#include "engine/wire.h"

typedef struct ZygoteSetup {
    const Job *job;
    const EngineOptions *options;
    uint64_t memory_bytes;
    int socket;
    SlotMemory *slots;
    uint32_t slot_count;
    pid_t coordinator;
} ZygoteSetup;

_Noreturn void zygote_run(const ZygoteSetup *setup);

#endif
