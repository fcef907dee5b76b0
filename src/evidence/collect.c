#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "evidence/item.h"
#include "evidence/item_time.h"

#define PATH_BYTES_MAX ((size_t)COLLECT_DEPTH_MAX * (NAME_MAX + 1) + 2 * PATH_MAX)

typedef struct Walk {
    Arena *arena;
    const FolderId *except;
    CollectNote note;
    void *note_ctx;
    Buf path;      /* where the walk is */
    bool here;     /* below the folder that the program is in: paths begin with a name */
    ItemList list; /* as met */
} Walk;

/* The names of one folder, sorted, so that notes come in the same order everywhere. */
typedef struct Names {
    char **names;
    size_t count, room;
} Names;

static void names_done(Names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool names_add(Names *names, const char *name)
{
    if (names->count == names->room) {
        size_t room = names->room ? names->room * 2 : 64;
        char **grown = realloc(names->names, room * sizeof *grown);
        if (!grown)
            return false;
        names->names = grown;
        names->room = room;
    }
    char *copy = strdup(name);
    if (copy)
        names->names[names->count++] = copy;
    return copy != NULL;
}

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the list of files");
}

typedef enum Loss { REMARK, LOST } Loss;

static void tell(Walk *walk, Loss loss, const char *text)
{
    if (walk->note)
        walk->note(walk->note_ctx, buf_text(&walk->path), loss == LOST, text);
}

static void tell_errno(Walk *walk, const char *what)
{
    Err err;
    err_errno(&err, errno, "%s", what);
    tell(walk, LOST, err.text);
}

static bool add_file(Walk *walk, const struct stat *st, Err *err)
{
    Item item = {.size = st->st_size > 0 ? (uint64_t)st->st_size : 0,
                 .device = st->st_dev,
                 .inode = st->st_ino,
                 .parent = ITEM_NO_PARENT,
                 .changed_ns = stat_changed_ns(st)};
    if (!arena_copy_text(walk->arena, buf_text(&walk->path), &item.path))
        return no_memory(err);
    const char *slash = memrchr(item.path.ptr, '/', item.path.len);
    size_t folder = slash ? (size_t)(slash - item.path.ptr) : 0;
    size_t name = slash ? folder + 1 : 0;
    item.folder = text_of(item.path.ptr, folder);
    item.name = text_of(item.path.ptr + name, item.path.len - name);
    return item_list_add(&walk->list, &item, err);
}

/* What is neither a file nor a folder. `loss`: did a person ask for it by name? */
static void tell_other(Walk *walk, mode_t mode, Loss loss)
{
    if (S_ISLNK(mode))
        tell(walk, loss, "a link: not followed");
    else if (S_ISBLK(mode) || S_ISCHR(mode))
        tell(walk, loss, "a device: passed over");
    else
        tell(walk, loss, "a pipe or socket: passed over");
}

/* All names in the folder, sorted. false with errno. What was listed before a failure is kept. */
static bool list_names(int folder, Names *ret)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (!dir) {
        int error = errno;
        if (copy >= 0)
            close(copy);
        errno = error;
        return false;
    }
    int error = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            error = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!names_add(ret, entry->d_name)) {
            error = ENOMEM;
            break;
        }
    }
    closedir(dir);
    if (ret->count)
        qsort(ret->names, ret->count, sizeof *ret->names, compare_names);
    errno = error;
    return error == 0;
}

static bool walk_folder(Walk *walk, int folder, unsigned depth, Err *err);

static bool walk_entry(Walk *walk, int folder, const char *name, unsigned depth, Err *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        tell_errno(walk, "cannot be examined");
        return true;
    }
    if (S_ISREG(st.st_mode))
        return add_file(walk, &st, err);
    if (!S_ISDIR(st.st_mode)) {
        tell_other(walk, st.st_mode, REMARK);
        return true;
    }
    if (depth >= COLLECT_DEPTH_MAX) {
        tell(walk, LOST, "folders are nested too deep");
        return true;
    }
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    CLEANUP(fd_closep) int below = openat(folder, name, flags | O_NOATIME);
    if (below < 0 && errno == EPERM)
        below = openat(folder, name, flags);
    if (below < 0) {
        tell_errno(walk, "cannot be opened");
        return true;
    }
    return walk_folder(walk, below, depth + 1, err);
}

static bool is_except(const Walk *walk, int folder)
{
    struct stat st;
    return walk->except && fstat(folder, &st) == 0 && st.st_dev == walk->except->device &&
           st.st_ino == walk->except->inode;
}

static bool walk_folder(Walk *walk, int folder, unsigned depth, Err *err)
{
    Names names = {0};
    if (is_except(walk, folder)) {
        tell(walk, REMARK, "the case itself: not read");
        return true;
    }
    bool ok = list_names(folder, &names);
    if (!ok && errno == ENOMEM) {
        names_done(&names);
        return no_memory(err);
    }
    if (!ok)
        tell_errno(walk, "cannot be listed to the end");
    ok = true;
    size_t above = walk->path.len;
    for (size_t i = 0; ok && i < names.count; i++) {
        if (above || !walk->here)
            buf_add_char(&walk->path, '/');
        buf_add_text(&walk->path, text_from_z(names.names[i]));
        ok = walk->path.failed ? no_memory(err)
                               : walk_entry(walk, folder, names.names[i], depth, err);
        walk->path.len = above;
    }
    names_done(&names);
    return ok;
}

/* In one spelling, so that an item is known again: without "./" and doubled slashes. */
static void add_plainly(Buf *out, const char *path)
{
    for (const char *c = path; *c; c++) {
        bool part_begins = c == path || c[-1] == '/';
        if (*c == '/' && c > path && c[-1] == '/')
            continue;
        if (part_begins && c[0] == '.' && c[1] == '/' && c[2]) {
            c++;
            while (c[1] == '/')
                c++;
            continue;
        }
        buf_add_char(out, *c);
    }
}

/* A path that a person gave: links in it are followed. */
static bool walk_given(Walk *walk, const char *path, Err *err)
{
    buf_clear(&walk->path);
    add_plainly(&walk->path, path);
    if (walk->path.failed)
        return no_memory(err);
    struct stat st;
    if (stat(path, &st) != 0) {
        tell_errno(walk, "cannot be examined");
        return true;
    }
    if (S_ISREG(st.st_mode))
        return add_file(walk, &st, err);
    if (!S_ISDIR(st.st_mode)) {
        tell_other(walk, st.st_mode, LOST);
        return true;
    }
    CLEANUP(fd_closep) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        tell_errno(walk, "cannot be opened");
        return true;
    }
    while (walk->path.len && walk->path.ptr[walk->path.len - 1] == '/')
        walk->path.len--; /* "dir/" and "dir" name their files alike; "/" gives "/file" */
    walk->here = text_equal(buf_text(&walk->path), TEXT("."));
    if (walk->here)
        walk->path.len = 0; /* "." gives "file" */
    if (is_except(walk, folder))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s is the case itself, not evidence",
                       quote_z(path).str);
    return walk_folder(walk, folder, 1, err);
}

static int compare_paths(const void *a, const void *b)
{
    return text_compare(((const Item *)a)->path, ((const Item *)b)->path);
}

/* By file, then by path: the first name of a file is the one that is kept. */
static int compare_files(const void *a, const void *b)
{
    const Item *x = *(Item *const *)a, *y = *(Item *const *)b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return text_compare(x->path, y->path);
}

static bool same_file(const Item *a, const Item *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* A second name of a file that is in the list. */
static void tell_second_name(Walk *walk, const Item *second, const Item *first)
{
    if (!walk->note)
        return;
    Err text;
    err_set(&text, ERR_NONE, 0, "the same file as %s: read once",
            quote(first->path.ptr, first->path.len).str);
    walk->note(walk->note_ctx, second->path, false, text.text);
}

/* Sort by path and drop second names of a file. `first[i]`: the kept item of file i's. */
static bool finish(Walk *walk, ItemList *ret, Err *err)
{
    Item *items = walk->list.items;
    size_t count = walk->list.count;
    CLEANUP(freep) Item **order = calloc(count ? count : 1, sizeof *order);
    CLEANUP(freep) const Item **first = calloc(count ? count : 1, sizeof *first);
    if (!order || !first)
        return no_memory(err);
    if (count)
        qsort(items, count, sizeof *items, compare_paths);
    for (size_t i = 0; i < count; i++)
        order[i] = &items[i];
    if (count)
        qsort(order, count, sizeof *order, compare_files);
    for (size_t i = 0, group = 0; i < count; i++) {
        if (!same_file(order[i], order[group]))
            group = i;
        first[order[i] - items] = order[group];
    }
    for (size_t i = 0; i < count; i++) {
        /* The same path, given twice, is nothing to speak of. */
        if (i > 0 && text_equal(items[i].path, items[i - 1].path))
            continue;
        if (!text_equal(first[i]->path, items[i].path))
            tell_second_name(walk, &items[i], first[i]);
        else if (!item_list_add(ret, &items[i], err))
            return false;
    }
    ret->file_count = ret->count;
    return true;
}

bool evidence_collect(Arena *arena, const char *const *paths, size_t path_count,
                      const FolderId *except, CollectNote note, void *note_ctx, ItemList *ret,
                      Err *err)
{
    Walk walk = {.arena = arena, .except = except, .note = note, .note_ctx = note_ctx};
    *ret = (ItemList){.arena = arena};
    buf_init(&walk.path, PATH_BYTES_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < path_count; i++)
        ok = walk_given(&walk, paths[i], err);
    ok = ok && finish(&walk, ret, err);
    buf_done(&walk.path);
    item_list_done(&walk.list);
    if (!ok)
        item_list_done(ret);
    return ok;
}
