#include "app/case.h"

#include "app/passphrase.h"
#include "store/keys.h"

static bool load_keys(const Arguments *arguments, Case *opened, Err *err)
{
    const char *signing = arguments_value(arguments, OPTION_SIGNING);
    const char *key = arguments_value(arguments, OPTION_KEY);
    const PassphraseSource source = passphrase_source(arguments);
    if (signing && !(opened->signing = signing_key_load(signing, &source, err)))
        return err_wrap(err, "--signing");
    if (key && !(opened->key = case_key_load(key, &source, err)))
        return err_wrap(err, "--key");
    return true;
}

bool case_open(const Arguments *arguments, StoreMode mode, const char *temporary, Case *ret,
               Err *err)
{
    *ret = (Case){.folder = arguments_value(arguments, OPTION_CASE)};
    if (!ret->folder)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--case DIR is needed");
    if (!load_keys(arguments, ret, err))
        return false;
    const StoreOptions options = {
        .mode = mode, .key = ret->key, .signing = ret->signing, .temporary = temporary};
    ret->store = store_open(ret->folder, &options, err);
    return ret->store != NULL;
}

void case_close(Case *opened)
{
    store_close(opened->store);
    signing_key_destroy(opened->signing);
    case_key_destroy(opened->key);
    *opened = (Case){0};
}
