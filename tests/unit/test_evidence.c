/* Listing what lies in folders, and opening and hashing files, however they are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "evidence/item.h"

typedef struct World {
    Arena *arena;
    ItemList list;
    Buf notes; /* "lost PATH: text\n" or "note PATH: text\n" */
} World;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Each test works in a folder of its own and names files by relative paths. */
static int set_up(void **state)
{
    static char path[4096];
    const char *base = getenv("TMPDIR");
    int n = snprintf(path, sizeof path, "%s/evidence-XXXXXX", base ? base : ".");
    if (n < 0 || (size_t)n >= sizeof path || !mkdtemp(path) || chdir(path) != 0)
        return -1;
    World *world = calloc(1, sizeof *world);
    if (!world)
        return -1;
    world->arena = arena_create((size_t)64 << 20);
    buf_init(&world->notes, SIZE_MAX / 2);
    *state = world;
    return world->arena ? 0 : -1;
}

static int tear_down(void **state)
{
    World *world = *state;
    item_list_done(&world->list);
    arena_destroy(world->arena);
    buf_done(&world->notes);
    free(world);
    char path[4096];
    if (!getcwd(path, sizeof path) || chdir("..") != 0)
        return -1;
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void note(void *ctx, Text path, bool lost, const char *text)
{
    World *world = ctx;
    Quoted shown = quote(path.ptr, path.len);
    buf_printf(&world->notes, "%s %s: %s\n", lost ? "lost" : "note", shown.str, text);
}

static void make(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

/* The list as text: "path:size path:size …"; paths escaped. */
static const char *collect(World *world, const char *const *paths, size_t count)
{
    static char out[65536];
    item_list_done(&world->list);
    buf_clear(&world->notes);
    assert_true(
        evidence_collect(world->arena, paths, count, NULL, note, world, &world->list, NULL));
    buf_add_char(&world->notes, '\0');
    Buf text;
    buf_init(&text, sizeof out);
    for (size_t i = 0; i < world->list.count; i++) {
        const Item *item = &world->list.items[i];
        Quoted path = quote(item->path.ptr, item->path.len);
        buf_printf(&text, "%s:%llu ", path.str, (unsigned long long)item->size);
    }
    buf_add_char(&text, '\0');
    assert_false(text.failed);
    memcpy(out, text.ptr, text.len);
    buf_done(&text);
    return out;
}

static const char *collect_one(World *world, const char *path)
{
    return collect(world, &path, 1);
}

static void test_sorted_and_nested(void **state)
{
    World *world = *state;
    make_folder("ev");
    make_folder("ev/a");
    make_folder("ev/a/deep");
    make_folder("ev/empty");
    make("ev/b", "12");
    make("ev/a/x", "1");
    make("ev/a/deep/y", "");
    make("ev/a.b", "123");
    make("other", "1234");
    const char *both[] = {"other", "ev"};
    assert_string_equal(collect(world, both, 2), "ev/a.b:3 ev/a/deep/y:0 ev/a/x:1 ev/b:2 other:4 ");
    assert_int_equal(world->list.bytes, 10);
    const Item *deep = &world->list.items[1], *other = &world->list.items[4];
    assert_true(text_equal(deep->name, TEXT("y")) && text_equal(deep->folder, TEXT("ev/a/deep")));
    assert_true(text_equal(other->name, TEXT("other")) && other->folder.len == 0);
    assert_string_equal(world->notes.ptr, "");
    assert_string_equal(collect_one(world, "ev/a///"), "ev/a/deep/y:0 ev/a/x:1 ");
}

static void test_same_file_once(void **state)
{
    World *world = *state;
    make_folder("ev");
    make("ev/z", "1");
    make("ev/m", "22");
    assert_int_equal(link("ev/z", "ev/second name"), 0);
    const char *twice[] = {"ev", "ev/z", "ev", "./ev/m"};
    assert_string_equal(collect(world, twice, 4), "ev/m:2 ev/second name:1 ");
    assert_string_equal(world->notes.ptr,
                        "note ev/z: the same file as ev/second name: read once\n");
}

static void test_links_and_loops(void **state)
{
    World *world = *state;
    make_folder("ev");
    make("ev/f", "1");
    make("outside", "22");
    assert_int_equal(symlink(".", "ev/loop"), 0);
    assert_int_equal(symlink("../outside", "ev/away"), 0);
    assert_int_equal(symlink("self", "self"), 0);
    assert_int_equal(symlink("ev", "given"), 0);
    assert_string_equal(collect_one(world, "ev"), "ev/f:1 ");
    assert_string_equal(world->notes.ptr, "note ev/away: a link: not followed\n"
                                          "note ev/loop: a link: not followed\n");
    assert_string_equal(collect_one(world, "given"), "given/f:1 ");
    assert_string_equal(collect_one(world, "self"), "");
    assert_string_equal(world->notes.ptr,
                        "lost self: cannot be examined: Too many levels of symbolic links\n");
    assert_string_equal(collect_one(world, "ev/away"), "ev/away:2 ");
    int fd = item_open(&world->list.items[0], NULL);
    assert_true(fd >= 0); /* a link that a person named is followed when it is opened, too */
    close(fd);
}

static void test_what_is_no_file(void **state)
{
    World *world = *state;
    make_folder("ev");
    assert_int_equal(mkfifo("ev/pipe", 0600), 0);
    assert_string_equal(collect_one(world, "ev"), "");
    assert_string_equal(world->notes.ptr, "note ev/pipe: a pipe or socket: passed over\n");
    const char *named[] = {"ev/pipe", "/dev/null", "missing", ""};
    assert_string_equal(collect(world, named, 4), "");
    assert_string_equal(world->notes.ptr,
                        "lost ev/pipe: a pipe or socket: passed over\n"
                        "lost /dev/null: a device: passed over\n"
                        "lost missing: cannot be examined: No such file or directory\n"
                        "lost : cannot be examined: No such file or directory\n");
}

static void test_unreadable_folder(void **state)
{
    World *world = *state;
    make_folder("ev");
    make_folder("ev/closed");
    make("ev/f", "1");
    if (geteuid() == 0)
        skip(); /* root may read everything */
    assert_int_equal(chmod("ev/closed", 0), 0);
    assert_string_equal(collect_one(world, "ev"), "ev/f:1 ");
    assert_string_equal(world->notes.ptr, "lost ev/closed: cannot be opened: Permission denied\n");
    assert_int_equal(chmod("ev/closed", 0700), 0);
}

static void test_names_that_are_not_utf8(void **state)
{
    World *world = *state;
    make_folder("ev");
    make("ev/\xff\xfe", "1");
    make("ev/two\nlines", "22");
    make("ev/\xc3\xa9", "333");
    assert_string_equal(collect_one(world, "ev"),
                        "ev/two\\x0alines:2 ev/\xc3\xa9:3 ev/\\xff\\xfe:1 ");
    assert_true(text_equal(world->list.items[2].name, TEXT("\xff\xfe"))); /* kept as bytes */
}

/* Deeper than a path may be long: listed, and opened part by part. */
static void test_paths_longer_than_path_max(void **state)
{
    World *world = *state;
    char name[201];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    char start[4096];
    assert_non_null(getcwd(start, sizeof start));
    for (int i = 0; i < 30; i++) {
        make_folder(name);
        assert_int_equal(chdir(name), 0);
    }
    make("f", "deep");
    assert_int_equal(chdir(start), 0);
    collect_one(world, name);
    assert_int_equal(world->list.count, 1);
    Item *item = &world->list.items[0];
    assert_int_equal(item->path.len, 30 * 201 + 1);
    int fd = item_open(item, NULL);
    assert_true(fd >= 0);
    char text[5] = "";
    assert_int_equal(pread(fd, text, 4, 0), 4);
    assert_string_equal(text, "deep");
    close(fd);
    for (int i = 0; i < 30; i++) /* tear_down cannot reach so far */
        assert_int_equal(chdir(name), 0);
    assert_int_equal(unlink("f"), 0);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir(name), 0);
    }
}

static void test_nesting_has_a_limit(void **state)
{
    World *world = *state;
    char start[4096];
    assert_non_null(getcwd(start, sizeof start));
    for (int i = 0; i < COLLECT_DEPTH_MAX + 3; i++) {
        make_folder("d");
        assert_int_equal(chdir("d"), 0);
        make("f", "");
    }
    assert_int_equal(chdir(start), 0);
    collect_one(world, "d");
    assert_int_equal(world->list.count, COLLECT_DEPTH_MAX);
    assert_non_null(strstr(world->notes.ptr, ": folders are nested too deep\n"));
    assert_int_equal(strncmp(world->notes.ptr, "lost d/d/d/", 11), 0);
}

static void test_memory_may_run_out(void **state)
{
    World *world = *state;
    make_folder("ev");
    for (int i = 0; i < 100; i++) {
        char path[32];
        snprintf(path, sizeof path, "ev/%d", i);
        make(path, "");
    }
    Arena *small = arena_create(1000);
    const char *path = "ev";
    Err err = {0};
    assert_false(evidence_collect(small, &path, 1, NULL, note, world, &world->list, &err));
    assert_int_equal(err.code, ERR_NO_MEMORY);
    arena_destroy(small);
}

static void test_hashes(void **state)
{
    World *world = *state;
    make_folder("ev");
    make("ev/abc", "abc");
    make("ev/empty", "");
    collect_one(world, "ev");
    static const char *const HASHES[] = {
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
    for (size_t i = 0; i < 2; i++) {
        Item *item = &world->list.items[i];
        int fd = item_open(item, NULL);
        assert_true(fd >= 0 && item_hash(item, fd, NULL) && item->hashed);
        char hex[65] = "";
        sha256_hex(&item->sha256, hex);
        assert_string_equal(hex, HASHES[i]);
        close(fd);
    }
}

static void test_hash_of_what_is_not_there(void **state)
{
    World *world = *state;
    make("f", "0123456789");
    collect_one(world, "f");
    Item *item = &world->list.items[0];
    int fd = item_open(item, NULL);
    assert_true(fd >= 0);
    assert_int_equal(truncate("f", 4), 0);
    Err err = {0};
    assert_false(item_hash(item, fd, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(err.offset, 4);
    assert_string_equal(err.text, "the item ends at byte 4, but has 10 bytes");
    assert_false(item->hashed);
    close(fd);
    fd = open(".", O_RDONLY | O_DIRECTORY); /* reading a folder fails */
    assert_false(item_hash(item, fd, &err));
    assert_string_equal(err.text, "cannot read at byte 0: Is a directory");
    close(fd);
}

static void test_changes_are_seen(void **state)
{
    World *world = *state;
    make("f", "12345");
    collect_one(world, "f");
    const Item *item = &world->list.items[0];
    int fd = item_open(item, NULL);
    uint64_t size = 0;
    assert_true(fd >= 0 && item_unchanged(item, fd, NULL));
    assert_int_equal(truncate("f", 7), 0);
    assert_false(item_unchanged(item, fd, &size));
    assert_int_equal(size, 7);
    assert_int_equal(truncate("f", 5), 0); /* its old size, but it was written to */
    assert_false(item_unchanged(item, fd, NULL));
    close(fd);
}

/* Something else has taken the file's place. */
static void test_not_the_file_that_was_listed(void **state)
{
    World *world = *state;
    static const struct {
        const char *kind, *text;
    } CASES[] = {{"gone", "cannot be opened: No such file or directory"},
                 {"file", "is no longer the file that was listed"},
                 {"pipe", "is no longer the file that was listed"},
                 {"link", "cannot be opened: Stale file handle"},
                 {"folder", "is no longer the file that was listed"}};
    make("other", "x");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        make("f", "x");
        collect_one(world, "f");
        assert_int_equal(rename("f", "kept"), 0); /* so that its inode is not used again */
        if (strcmp(CASES[i].kind, "file") == 0)
            make("f", "x");
        else if (strcmp(CASES[i].kind, "pipe") == 0)
            assert_int_equal(mkfifo("f", 0600), 0);
        else if (strcmp(CASES[i].kind, "link") == 0)
            assert_int_equal(symlink("other", "f"), 0);
        else if (strcmp(CASES[i].kind, "folder") == 0)
            make_folder("f");
        Err err = {0};
        assert_int_equal(item_open(&world->list.items[0], &err), -1);
        assert_int_equal(err.code, ERR_IO);
        assert_string_equal(err.text, CASES[i].text);
        remove("f");
    }
}

static void test_reading_leaves_no_trace(void **state)
{
    World *world = *state;
    make("f", "12345");
    struct timespec long_ago[2] = {{.tv_sec = 1000000}, {.tv_sec = 2000000}};
    assert_int_equal(utimensat(AT_FDCWD, "f", long_ago, 0), 0);
    collect_one(world, "f");
    Item *item = &world->list.items[0];
    assert_int_equal(item->changed_ns, INT64_C(2000000) * 1000000000);
    int fd = item_open(item, NULL);
    assert_true(fd >= 0 && item_hash(item, fd, NULL));
    close(fd);
    struct stat st;
    assert_int_equal(stat("f", &st), 0);
    assert_int_equal(st.st_atim.tv_sec, 1000000);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_sorted_and_nested),
        IN_FOLDER(test_same_file_once),
        IN_FOLDER(test_links_and_loops),
        IN_FOLDER(test_what_is_no_file),
        IN_FOLDER(test_unreadable_folder),
        IN_FOLDER(test_names_that_are_not_utf8),
        IN_FOLDER(test_paths_longer_than_path_max),
        IN_FOLDER(test_nesting_has_a_limit),
        IN_FOLDER(test_memory_may_run_out),
        IN_FOLDER(test_hashes),
        IN_FOLDER(test_hash_of_what_is_not_there),
        IN_FOLDER(test_changes_are_seen),
        IN_FOLDER(test_not_the_file_that_was_listed),
        IN_FOLDER(test_reading_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
