/* Opening and closing a case. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "event/segment.h"
#include "store/inside.h"
#include "store/make.h"
#include "store/writer.h"

/* ---- what all files of the store say ---- */

bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the case");
}

bool digest_failed(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "a digest of the case cannot be computed");
}

bool take_failure(Err *err, const Err *failure)
{
    if (failure->code == ERR_NONE)
        return true;
    if (err)
        *err = *failure;
    return false;
}

/* ---- the connection ---- */

Database *store_database(Store *store, Err *err)
{
    if (!store->db)
        store->db = database_open(store->path, store->access, err);
    return store->db;
}

void store_release(Store *store)
{
    database_close(store->db);
    store->db = NULL;
}

/* ---- the folder ---- */

static bool is_file(const char *path, off_t *ret_size)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    *ret_size = st.st_size;
    return true;
}

/* In a folder that cannot be written nothing changes either, unless there is a log of commits that
 * must be read too. */
static DatabaseMode choose_access(const Store *store)
{
    CLEANUP(freep) char *log = NULL;
    off_t size = 0;
    if (access(store->folder, W_OK) == 0)
        return DATABASE_READ;
    if (asprintf(&log, "%s-wal", store->path) < 0) {
        log = NULL;
        return DATABASE_READ;
    }
    return is_file(log, &size) && size > 0 ? DATABASE_READ : DATABASE_IMMUTABLE;
}

static bool locked_by_other(int fd, const char *folder, Err *err)
{
    char pid[24];
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "the case in %s is being verified; it can be written after that",
                       quote_z(folder).str);
    ssize_t n = pread(fd, pid, sizeof pid, 0);
    size_t len = 0;
    while (n > 0 && len < (size_t)n && pid[len] >= '0' && pid[len] <= '9')
        len++;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                   "another run (process %.*s) is writing the case in %s", len ? (int)len : 1,
                   len ? pid : "?", quote_z(folder).str);
}

static bool take_lock(Store *store, Err *err)
{
    CLEANUP(freep) char *path = NULL;
    char pid[24];
    if (asprintf(&path, "%s/" STORE_LOCK_FILE, store->folder) < 0) {
        path = NULL;
        return no_memory(err);
    }
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock < 0)
        return err_errno(err, errno, "the case cannot be written: %s", quote_z(path).str);
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return locked_by_other(store->lock, store->folder, err);
        return err_errno(err, errno, "the case cannot be locked: %s", quote_z(path).str);
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* Only for the message above; the lock holds without it. */
    if (ftruncate(store->lock, 0) == 0 && n > 0)
        (void)!pwrite(store->lock, pid, (size_t)n, 0);
    return true;
}

static bool make_folder(const Store *store, Err *err)
{
    if (mkdir(store->folder, 0700) == 0 || errno == EEXIST)
        return true;
    return err_errno(err, errno, "the case folder %s cannot be made", quote_z(store->folder).str);
}

/* Only its owner may read a case; SQLite gives the same rights to the files beside it. */
static bool make_file(const Store *store, Err *err)
{
    int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s cannot be made", quote_z(store->path).str);
    close(fd);
    return true;
}

/* ---- opening ---- */

static bool prepare(Store *store, const char *folder, const StoreOptions *options)
{
    store->mode = options->mode;
    store->signing = options->signing;
    store->level = options->level ? options->level : SEGMENT_LEVEL;
    store->folder = strdup(folder);
    store->temporary = strdup(options->temporary ? options->temporary : folder);
    if (asprintf(&store->path, "%s/" STORE_FILE, folder) < 0)
        store->path = NULL;
    return canon_init(&store->canon) && store->folder && store->temporary && store->path;
}

static bool open_existing(Store *store, const StoreOptions *options, bool *ret_empty, Err *err)
{
    store->access = choose_access(store);
    return case_check(store, ret_empty, err) &&
           (*ret_empty || case_unlock(store, options->key, err)) &&
           (*ret_empty || !options->key || store->box.key ||
            err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case is not encrypted: it needs no key"));
}

static bool open_for_reading(Store *store, const StoreOptions *options, Err *err)
{
    off_t size = 0;
    bool empty = true;
    if (is_file(store->path, &size) && size > 0 && !open_existing(store, options, &empty, err))
        return false;
    return !empty || err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there is no case in %s",
                             quote_z(store->folder).str);
}

static bool open_for_writing(Store *store, const StoreOptions *options, Err *err)
{
    off_t size = 0;
    bool empty = true;
    if (options->signing && signing_key_is_below(options->signing, store->folder))
        return err_set(
            err, ERR_USAGE, ERR_NO_OFFSET,
            "the private signing key lies in the case folder; whoever has the case could "
            "sign with it: keep it elsewhere");
    if (!make_folder(store, err) || !take_lock(store, err))
        return false;
    bool exists = is_file(store->path, &size);
    if (exists && size > 0 && !open_existing(store, options, &empty, err))
        return false;
    if (!exists && !make_file(store, err))
        return false;
    /* The check may have read only; SQLite is told to write when it is known to be ours. */
    store_release(store);
    store->access = DATABASE_WRITE;
    return empty ? case_make(store, options, err) : case_renew(store, err);
}

Store *store_open(const char *folder, const StoreOptions *options, Err *err)
{
    Store *store = calloc(1, sizeof *store);
    if (!store) {
        (void)no_memory(err);
        return NULL;
    }
    store->lock = -1;
    box_init(&store->box);
    bool ok = prepare(store, folder, options) || no_memory(err);
    if (ok)
        ok = options->mode == STORE_WRITE ? open_for_writing(store, options, err)
                                          : open_for_reading(store, options, err);
    if (ok)
        return store;
    store_close(store);
    return NULL;
}

void store_close(Store *store)
{
    if (!store)
        return;
    writer_destroy(store->writer);
    reading_forget(store);
    database_close(store->db);
    if (store->lock >= 0)
        close(store->lock);
    box_done(&store->box);
    canon_done(&store->canon);
    free(store->folder);
    free(store->temporary);
    free(store->path);
    free(store);
}

const char *store_folder(const Store *store)
{
    return store->folder;
}

bool store_is_encrypted(const Store *store)
{
    return store->box.key != NULL;
}
