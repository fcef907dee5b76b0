/* constat keygen: a key pair. */
#include "app/command.h"

#include <stdio.h>

#include "app/console.h"
#include "app/interrupt.h"
#include "app/passphrase.h"
#include "base/cleanup.h"
#include "store/keys.h"

static bool choose_kind(const Arguments *arguments, KeyKind *ret, const char **ret_path, Err *err)
{
    const char *signing = arguments_value(arguments, OPTION_SIGNING);
    const char *holder = arguments_value(arguments, OPTION_HOLDER);
    if ((signing != NULL) == (holder != NULL) || arguments->operand_count)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "either --signing FILE or --holder FILE says what to make");
    *ret = signing ? KEY_SIGNING : KEY_HOLDER;
    *ret_path = signing ? signing : holder;
    return true;
}

static bool make(const Arguments *arguments, const char *path, KeyMaking *making, PublicKey *ret,
                 Err *err)
{
    CLEANUP(secret_destroyp) Secret *passphrase = secret_create(err);
    if (!passphrase || !key_pair_check(path, making->overwrite, err) ||
        !passphrase_choose(arguments, path, passphrase, err))
        return false;
    making->passphrase = passphrase;
    return key_pair_make(path, making, ret, err);
}

static bool print_public(const PublicKey *key)
{
    for (size_t i = 0; i < sizeof key->bytes; i++)
        printf("%02x", key->bytes[i]);
    putchar('\n');
    return fflush(stdout) == 0 && !ferror(stdout);
}

static ExitCode run_keygen(const Arguments *arguments)
{
    const char *path = NULL;
    PublicKey key;
    Err err = {0};
    KeyMaking making = {.overwrite = arguments_has(arguments, OPTION_FORCE)};
    interrupt_watch(NULL); /* before a passphrase is asked for: the terminal must be set back */
    if (!choose_kind(arguments, &making.kind, &path, &err) ||
        !make(arguments, path, &making, &key, &err)) {
        console_fail("keygen: %s", err.text);
        return err.code == ERR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_FAILED;
    }
    if (!arguments_has(arguments, OPTION_QUIET))
        console_fail("private key: %s (keep it outside of cases); public key: %s.pub",
                     quote_z(path).str, quote_z(path).str);
    if (print_public(&key))
        return EXIT_DONE;
    console_fail("keygen: standard output cannot be written");
    return EXIT_FAILED;
}

const Command keygen_command = {
    .name = "keygen",
    .summary = "a key pair: to sign ledgers, or to open what is sealed",
    .usage = "--signing FILE | --holder FILE [OPTION...]",
    .about =
        "Makes FILE, the private half, which only its owner may read, and FILE.pub, the public\n"
        "half, whose 64 digits are printed. A signing key signs the ledger of a case, so that\n"
        "a rewritten one shows; it must not lie in the case. A holder key opens an encrypted\n"
        "case. A passphrase protects the private half; --passphrase-file /dev/null makes one\n"
        "without.\n",
    .examples =
        "constat keygen --signing ledger.key\ta key that signs ledgers\n"
        "constat keygen --holder anna.key\ta key that opens cases encrypted for anna.key.pub\n",
    .set = FOR_KEYGEN,
    .run = run_keygen,
};
