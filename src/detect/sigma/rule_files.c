#include "detect/sigma/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"

typedef struct Walk {
    Arena *arena;
    bool (*takes)(const char *name);
    bool (*each)(void *ctx, const char *path, Err *err);
    void *ctx;
} Walk;

bool rule_files_is_sigma(const char *name)
{
    Text t = text_from_z(name);
    return text_ends(t, TEXT(".yml")) || text_ends(t, TEXT(".yaml"));
}

static char *join(Arena *arena, const char *folder, const char *name)
{
    size_t first = strlen(folder), second = strlen(name);
    while (first > 1 && folder[first - 1] == '/')
        first--;
    char *path = ARENA_NEW(arena, char, first + second + 2);
    if (!path)
        return NULL;
    memcpy(path, folder, first);
    path[first] = '/';
    memcpy(path + first + 1, name, second);
    return path;
}

/* strcmp, not the order of the person's language: the same on every machine. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool walk_folder(Walk *walk, const char *path, unsigned depth, Err *err);

static bool walk_entry(Walk *walk, const char *folder, const char *name, unsigned depth, Err *err)
{
    char *path = join(walk->arena, folder, name);
    if (!path)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "rules in %s", quote_z(folder).str);
    struct stat info;
    if (lstat(path, &info) != 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    if (S_ISDIR(info.st_mode))
        return walk_folder(walk, path, depth + 1, err);
    return !S_ISREG(info.st_mode) || !walk->takes(name) || walk->each(walk->ctx, path, err);
}

static bool walk_folder(Walk *walk, const char *path, unsigned depth, Err *err)
{
    if (depth > RULE_FOLDER_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s: folders nested deeper than %d",
                       quote_z(path).str, RULE_FOLDER_DEPTH_MAX);
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, is_shown, by_bytes);
    if (n < 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && walk_entry(walk, path, entries[i]->d_name, depth, err);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

bool rule_files_walk(Arena *arena, const char *path, bool (*takes)(const char *name),
                     bool (*each)(void *ctx, const char *path, Err *err), void *ctx, Err *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    Walk walk = {.arena = arena, .takes = takes, .each = each, .ctx = ctx};
    if (S_ISDIR(info.st_mode))
        return walk_folder(&walk, path, 1, err);
    return each(ctx, path, err);
}
