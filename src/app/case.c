#include "app/case.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "app/passphrase.h"
#include "base/cleanup.h"
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

static bool open_store(Case *opened, StoreMode mode, const char *temporary, Err *err)
{
    const StoreOptions options = {
        .mode = mode, .key = opened->key, .signing = opened->signing, .temporary = temporary};
    opened->store = store_open(opened->folder, &options, err);
    return opened->store || err_wrap(err, "%s", quote_z(opened->folder).str);
}

bool case_open(const Arguments *arguments, StoreMode mode, const char *temporary, Case *ret,
               Err *err)
{
    *ret = (Case){.folder = arguments_value(arguments, OPTION_CASE)};
    if (!ret->folder)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--case DIR is needed");
    return load_keys(arguments, ret, err) && open_store(ret, mode, temporary, err);
}

bool case_reopen(Case *opened, StoreMode mode, const char *temporary, Err *err)
{
    store_close(opened->store);
    return open_store(opened, mode, temporary, err);
}

bool case_part_output(const Case *opened, const Output *output, Err *err)
{
    CLEANUP(dir_closep) DIR *folder = opendir(opened->folder);
    const struct dirent *entry;
    if (!folder)
        return err_errno(err, errno, "%s", quote_z(opened->folder).str);
    while ((entry = readdir(folder))) {
        struct stat st;
        if (fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 &&
            output_what_is(output, st.st_dev, st.st_ino) != OUTPUT_OTHER)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                           "%s/%s is of the case and will not be overwritten",
                           quote_z(opened->folder).str, quote_z(entry->d_name).str);
    }
    return true;
}

void case_close(Case *opened)
{
    store_close(opened->store);
    signing_key_destroy(opened->signing);
    case_key_destroy(opened->key);
    *opened = (Case){0};
}
