/* program.h: a rule set compiled for matching. Immutable, made once before any worker is forked,
 * shared by all of them. docs/sigma.md has the algorithm.
 *
 *   rules with the same log source, recognised by the same rows of logsources.tsv   a group
 *   its rules for events of one code (EventID), what the code decides left out       a plan
 *   a field that a plan asks, with its atoms (atom_set.h)                            a slot
 *
 * A rule set must outlive its program. Rules keep their numbers. */
#ifndef DETECT_SIGMA_PROGRAM_H
#define DETECT_SIGMA_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "detect/logsource.h"
#include "detect/sigma/ruleset.h"
#include "event/event.h"

#define PROGRAM_BYTES_MAX (3072ull * 1024 * 1024)

typedef struct Program Program;

/* All active rules of the set. NULL: no memory, or a limit was reached. `sources` must outlive the
 * program too. */
Program *program_compile(const RuleSet *set, const LogSources *sources, Err *err);
void program_destroy(Program *program);
static inline void program_destroyp(Program **program)
{
    program_destroy(*program);
}

const RuleSet *program_rules(const Program *program);

/* For those who could leave fields out: does a rule that applies to events of this kind ask for
 * every field (a keyword)? If not, `each` gets all places where a field that is asked for may be
 * found (some more than once); field_place_covers (logsource.h) tells a native field by them. */
bool program_wants_all(const Program *program, const EventKind *kind);
void program_wants(const Program *program, const EventKind *kind,
                   void (*each)(void *ctx, const FieldPlace *place), void *ctx);

/* Does a rule ask for a field by a name that may be one of ECS (words of lower case with dots)? */
bool program_wants_ecs(const Program *program);

/* Can no rule match by a number, identifier or time in the native field `name`? Neither does one
 * ask for the field, nor for words anywhere that such a value could look like. */
bool program_ignores(const Program *program, Text name);

/* Are there correlations that run? */
bool program_correlates(const Program *program);

typedef struct ProgramSize {
    uint32_t groups, plans, slots, fields, atoms, literals, expressions;
    uint64_t steps; /* of all plans */
    size_t bytes;
} ProgramSize;
ProgramSize program_size(const Program *program);

#endif
