/* attack.h: tags of rules that name techniques and tactics of MITRE ATT&CK: attack.t1059.001,
 * attack.credential-access (or with _). */
#ifndef DETECT_ATTACK_H
#define DETECT_ATTACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define ATTACK_TACTICS        16
#define ATTACK_TECHNIQUE_ROOM 10 /* T1059.001 and a NUL */

extern const Text ATTACK_TACTIC[ATTACK_TACTICS]; /* in the order of ATT&CK */

/* The tactic that a tag names; false: it names none. */
bool attack_tactic(Text tag, unsigned *ret);
/* The id of the technique, NUL-terminated; false: it names none. */
bool attack_technique(Text tag, char ret[ATTACK_TECHNIQUE_ROOM]);

#endif
