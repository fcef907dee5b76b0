/* Where Constat's tables are. */
#include "app/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The build may name a folder for programs that are moved away from theirs. */
#ifndef CONSTAT_DATADIR
#define CONSTAT_DATADIR ""
#endif

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_folder(Settings *settings, const char *path, Err *err)
{
    char *copy = settings->table_count < TABLES_MAX ? strdup(path) : NULL;
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the list of folders");
    settings->tables[settings->table_count++] = copy;
    return true;
}

/* "FOLDER OF THE PROGRAM/suffix"; NULL when the system does not tell or there is no memory. */
static char *beside_program(const char *suffix)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;
    char *path = NULL;
    if (slash && asprintf(&path, "%.*s/%s", (int)(slash - program), program, suffix) < 0)
        path = NULL;
    free(program);
    return path;
}

bool settings_find_tables(Settings *settings, const char *given, Err *err)
{
    if (given && !is_folder(given))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--knowledge: %s is not a folder",
                       quote_z(given).str);
    if (given && !add_folder(settings, given, err))
        return false;
    /* Installed; in a source tree, where the program is build/PRESET/constat. */
    static const char *const BESIDE[] = {"../share/constat/knowledge", "../../knowledge"};
    for (size_t i = 0; i < sizeof BESIDE / sizeof BESIDE[0]; i++) {
        char *path = beside_program(BESIDE[i]);
        bool found = path && is_folder(path);
        bool ok = !found || add_folder(settings, path, err);
        free(path);
        if (!ok)
            return false;
        if (found)
            return true;
    }
    if (CONSTAT_DATADIR[0] && is_folder(CONSTAT_DATADIR "/knowledge"))
        return add_folder(settings, CONSTAT_DATADIR "/knowledge", err);
    if (settings->table_count)
        return true;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                   "Constat's tables are not beside the program; --knowledge names their folder");
}

char *settings_rule_pack(void)
{
    /* Installed; in a build, where the program is build/PRESET/constat. */
    static const char *const BESIDE[] = {"../share/constat/rules.pack", "rules.pack"};
    for (size_t i = 0; i < sizeof BESIDE / sizeof BESIDE[0]; i++) {
        char *path = beside_program(BESIDE[i]);
        if (path && access(path, F_OK) == 0)
            return path;
        free(path);
    }
    static const char OTHER[] = CONSTAT_DATADIR "/rules.pack";
    return CONSTAT_DATADIR[0] && access(OTHER, F_OK) == 0 ? strdup(OTHER) : NULL;
}

char *settings_table(const Settings *settings, const char *name, Err *err)
{
    for (size_t i = 0; i < settings->table_count; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", settings->tables[i], name) < 0) {
            (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the path of a table");
            return NULL;
        }
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    (void)err_set(err, ERR_IO, ERR_NO_OFFSET, "table %s: not found in %s", name,
                  settings->table_count ? settings->tables[0] : "any folder");
    return NULL;
}

static bool hash_table(const Settings *settings, const char *name, Sha256Stream *stream, Err *err)
{
    CLEANUP(freep) char *path = settings_table(settings, name, err);
    CLEANUP(file_closep) FILE *file = path ? fopen(path, "re") : NULL;
    uint8_t room[16 * 1024];
    size_t n;
    if (!path)
        return false;
    if (!file)
        return err_errno(err, errno, "%s", path);
    bool ok = sha256_update(stream, span_of(name, strlen(name) + 1));
    while (ok && (n = fread(room, 1, sizeof room, file)) > 0)
        ok = sha256_update(stream, span_of(room, n));
    if (ferror(file))
        return err_errno(err, errno, "%s", path);
    return ok || err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "SHA-256 failed");
}

bool settings_tables_digest(const Settings *settings, Sha256 *ret, Err *err)
{
    static const char *const NAMES[] = {"sources.tsv", "actions.tsv", "ecs.tsv", "layouts.tsv"};
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    if (!stream)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to hash with");
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (!hash_table(settings, NAMES[i], stream, err))
            return false;
    return sha256_final(stream, ret) ||
           err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "SHA-256 failed");
}
