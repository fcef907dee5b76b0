/* hostile.h: a format for tests whose content tells the worker what to do: crash, hang, lie, break
 * out. Never part of the product: tests link it with their own list of formats (formats.c).
 *
 * An item begins with "CONSTAT-TEST VERB NUMBER\n"; the verbs stand in hostile.c and
 * hostile_escape.c. Those that try something forbidden send a block "ESCAPED …" if it works, and
 * fail with the system's word if it is refused without killing. */
#ifndef HOOKS_HOSTILE_H
#define HOOKS_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "format/format.h"

#define HOSTILE_MARK "CONSTAT-TEST "

/* Types of the blocks that are sent. */
#define HOSTILE_TEXT 1 /* what a test expects */
#define HOSTILE_FILL 2 /* `fill`: megabytes */
#define HOSTILE_LOOK 3 /* `show`: the worker waits a moment for somebody to look at it */
#define HOSTILE_SHAKEN                                                                             \
    4                     /* `change-block-after-sending`: the worker goes on writing where it is  \
                           */
#define HOSTILE_REFUSED 7 /* `refused`: for the test's receive() to refuse */

extern const Format test_hostile_format;

typedef struct Hostile {
    const Piece *piece;
    WorkerPort *port;
    uint64_t number;
} Hostile;

typedef struct HostileVerb {
    const char *name;
    bool (*act)(const Hostile *hostile, Err *err);
} HostileVerb;

/* hostile_escape.c: attempts to get out of the sandbox. Ends with an empty name. */
extern const HostileVerb HOSTILE_ESCAPES[];

/* Do what the item says. */
bool hostile_act(const Piece *piece, WorkerPort *port, Err *err);

/* Send one HOSTILE_TEXT block. */
__attribute__((format(printf, 3, 4))) bool hostile_say(const Hostile *hostile, Err *err,
                                                       const char *format, ...);

/* What `fill` sends as its block number n: for the test to compare. */
void hostile_fill(uint8_t *out, size_t size, uint64_t n);

#endif
