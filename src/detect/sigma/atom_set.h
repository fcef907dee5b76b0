/* atom_set.h: all that rules ask of one field, answered for a value in one go.
 *
 * An atom is a list of values of which the field must have one: what stands under one key of a
 * rule. Its values are text with or without wildcards, numbers, networks. The same list in several
 * rules is one atom. An atom set finds all atoms that hold for a value. Values are compared as
 * docs/sigma.md says: text without regard to case unless the atom is cased, numbers as numbers.
 *
 * Immutable once finished; searching writes to the scratch only and allocates nothing. */
#ifndef DETECT_SIGMA_ATOM_SET_H
#define DETECT_SIGMA_ATOM_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "detect/sigma/literals.h"
#include "detect/sigma/value.h"
#include "event/value.h"

typedef struct AtomSet AtomSet;

AtomSet *atom_set_create(Arena *arena); /* NULL: no memory */
void atom_set_destroy(AtomSet *set);    /* what is not in the arena; NULL is fine */

/* Can this kind of value be in an atom? */
bool atom_takes(const RuleValue *value);

/* A new atom of these values, whose patterns must live as long as the set. UINT32_MAX: no memory.
 */
uint32_t atom_set_add(AtomSet *set, const RuleValue *const *values, uint32_t count);

/* Build the tables. No atoms can be added afterwards. false: no memory. */
bool atom_set_finish(AtomSet *set);

uint32_t atom_set_count(const AtomSet *set);
uint32_t atom_set_literals(const AtomSet *set);
size_t atom_set_bytes(const AtomSet *set); /* beside the arena */

/* The whole number that a value stands for, and nothing else: EventID: 4624. */
bool atom_is_code(const RuleValue *value, uint64_t *ret);

/* How likely a value of the field is to satisfy the atom; for choosing what to ask first. */
double atom_likelihood(const RuleValue *const *values, uint32_t count);

typedef struct AtomScratch {
    LiteralScratch literals;
    char *folded; /* room for the folded form of the longest value */
    size_t folded_room;
    Buf text; /* a value that is no text, written */
} AtomScratch;

/* Room for a set of `literals`. false: no memory, as the next. */
bool atom_scratch_init(AtomScratch *scratch, uint32_t literals);
/* Room for values of so many bytes. */
bool atom_scratch_reserve(AtomScratch *scratch, size_t longest, size_t longest_binary);
void atom_scratch_done(AtomScratch *scratch);

/* Calls `hit` for every atom that holds for `value`, which is no list; for some more than once. */
typedef void (*AtomHit)(void *ctx, uint32_t atom);
void atom_set_search(const AtomSet *set, AtomScratch *scratch, Value value, AtomHit hit, void *ctx);

/* Are the atoms words that no number, identifier or time looks like? Then many values can be asked
 * together whether an atom may hold for one of them: folded one behind the other, from folded[0]
 * on. */
bool atom_set_is_words(const AtomSet *set);
bool atom_set_may_hold(const AtomSet *set, AtomScratch *scratch, size_t folded_len);

/* A value as text: itself, or written into the scratch. Empty for null. */
Text atom_text(AtomScratch *scratch, Value value);

#endif
