/* passphrase.h: the passphrases of key files: from --passphrase-file, else asked on the terminal without
 * echo. */
#ifndef APP_PASSPHRASE_H
#define APP_PASSPHRASE_H

#include "app/options.h"
#include "store/keys.h"

PassphraseSource passphrase_source(const Arguments *arguments);

/* A new passphrase, asked twice if a person is asked. Empty is allowed. */
bool passphrase_choose(const Arguments *arguments, const char *path, Secret *ret, Err *err);

#endif
