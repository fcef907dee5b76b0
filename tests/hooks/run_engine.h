/* run_engine.h: run the engine over files made for the occasion, and keep all that it says as lines
 * of text, so that tests compare texts.
 *
 *   B <item name> <type> <size> <bytes, or their fingerprint>    a block
 *   D <item name> damage|note <offset or -> <text>               a defect
 *   E <item name> <state> <format or ->                          its end */
#ifndef HOOKS_RUN_ENGINE_H
#define HOOKS_RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/engine.h"

typedef struct EngineTest {
    char *folder; /* fresh; removed by engine_test_done */
    Arena *arena;
    ItemList items;
    Buf log;
    EngineStats stats;
    Err err;
    Job job;
    Engine *engine; /* while a run goes on */
    uint64_t blocks;
    /* Called with every block, in the coordinator; may be NULL. false as for Job.receive. */
    bool (*on_block)(struct EngineTest *test, const Item *item, uint8_t type, Err *err);
    void *on_block_ctx;
    Span block; /* the one that on_block is called for */
    /* As the hooks of a job; NULL: it has none. */
    bool (*known)(struct EngineTest *test, const Item *item);
    bool (*wants)(struct EngineTest *test, const Item *item);
    bool (*wants_piece)(struct EngineTest *test, const Item *item, uint64_t begin, uint64_t end);
    bool keep_engine; /* for more runs; it ends with the test */
    EngineOptions options;
    bool ordered, hash;
    bool scan;          /* every item says its size and first byte, but for those named scan-… */
    bool hash_may_fail; /* else a block of an item without its SHA-256 is a failure */
    bool prepare_fails;
    const char *takes_only; /* name of a format; NULL: all */
} EngineTest;

/* A folder, and options fit for tests: two workers, 20 s until a worker counts as hanging. */
void engine_test_init(EngineTest *test);
void engine_test_done(EngineTest *test);

/* Write a file below the folder; folders in the name are made. */
void engine_test_file(EngineTest *test, const char *name, const char *text);
/* The same, then made `size` bytes long by a hole. */
void engine_test_large(EngineTest *test, const char *name, const char *text, uint64_t size);
/* Bytes, then made `size` long unless that is 0. */
void engine_test_bytes(EngineTest *test, const char *name, Span bytes, uint64_t size);
/* A box (box.h), which is freed. */
void engine_test_box(EngineTest *test, const char *name, Buf *box);
/* A bit of everything: several groups, cuts, crashes, refusals, large outputs, odd items. */
void engine_test_mixture(EngineTest *test);
char *engine_test_path(const EngineTest *test, const char *name); /* free it */

/* List the folder, start an engine, run, stop. Everything said is in test->log (cleared before). */
bool engine_test_run(EngineTest *test);
bool engine_test_collect(EngineTest *test);
bool engine_test_run_listed(EngineTest *test);

/* How many lines of the log begin with `prefix` and contain `part`? */
unsigned engine_test_count(const EngineTest *test, const char *prefix, const char *part);
/* The log with its lines sorted: what does not depend on who was first. Free it. */
char *engine_test_sorted(const EngineTest *test);
/* The log as it is, NUL-terminated. */
const char *engine_test_log(EngineTest *test);
ItemState engine_test_state(const EngineTest *test, const char *name);

#endif
