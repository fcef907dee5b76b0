/* passphrase.h: where passphrases come from: a file that was named, else the person at the
 * terminal, who does not see what is typed. */
#ifndef APP_PASSPHRASE_H
#define APP_PASSPHRASE_H

#include <stdbool.h>

#include "app/options.h"
#include "base/err.h"
#include "store/keys.h"

/* For keys that are loaded: --passphrase-file, else the terminal. `arguments` must outlive it. */
PassphraseSource passphrase_source(const Arguments *arguments);

/* For a key that is made: the same; at the terminal twice, and an empty one means none. false with
 * err: neither is there. */
bool passphrase_choose(const Arguments *arguments, const char *path, Secret *ret, Err *err);

#endif
