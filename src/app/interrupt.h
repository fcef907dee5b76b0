/* interrupt.h: ending in order when a person presses Ctrl-C or the system says so. */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/engine.h"

/* From now on SIGINT, SIGTERM and SIGHUP end the run in order: `engine` (NULL: none) is told, and
 * interrupted() is true. The second of them ends the program at once. */
void interrupt_watch(Engine *engine);

bool interrupted(void);

/* ERR_INTERRUPTED. Always false. */
bool interrupt_error(Err *err);

#endif
