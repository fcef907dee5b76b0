#include "golden_files.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EXPECTED ".expected.jsonl"

static void path_of(char *out, size_t room, const char *folder, const char *name,
                    const char *suffix)
{
    const char *source = getenv("CONSTAT_SOURCE");
    int n =
        snprintf(out, room, "%s/tests/golden/%s/%s%s", source ? source : ".", folder, name, suffix);
    if (n < 0 || (size_t)n >= room)
        fail_msg("path too long: %s", name);
}

static Span read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (Span){0};
    size_t cap = 1 << 20;
    uint8_t *bytes = malloc(cap);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, cap, file);
    assert_true(len < cap);
    fclose(file);
    return span_of(bytes, len);
}

static void release(Span bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && !text_ends(text_from_z(entry->d_name), TEXT(EXPECTED));
}

void golden_open(GoldenFiles *files, const char *folder)
{
    char path[4096];
    struct dirent **names = NULL;
    *files = (GoldenFiles){.folder = folder};
    path_of(path, sizeof path, folder, "", "");
    int n = scandir(path, &names, is_input, alphasort);
    if (n <= 0)
        fail_msg("no golden inputs in %s", path);
    assert_true(n <= GOLDEN_FILES_MAX);
    for (int i = 0; i < n; i++) {
        GoldenFile *file = &files->list[files->count++];
        int len = snprintf(file->name, sizeof file->name, "%s", names[i]->d_name);
        assert_true(len > 0 && (size_t)len < sizeof file->name);
        path_of(path, sizeof path, folder, file->name, "");
        file->input = read_whole(path);
        assert_non_null(file->input.ptr);
        free(names[i]);
    }
    free(names);
}

void golden_close(GoldenFiles *files)
{
    for (size_t i = 0; i < files->count; i++)
        release(files->list[i].input);
    files->count = 0;
}

static void record(const char *path, Text actual)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(actual.ptr, 1, actual.len, file) != actual.len || fclose(file) != 0)
        fail_msg("cannot write %s", path);
}

void golden_check(const GoldenFiles *files, size_t i, Text actual)
{
    char path[4096];
    path_of(path, sizeof path, files->folder, files->list[i].name, EXPECTED);
    if (getenv("CONSTAT_RECORD_GOLDEN")) {
        record(path, actual);
        return;
    }
    Span bytes = read_whole(path);
    if (!bytes.ptr)
        fail_msg("%s is missing", path);
    Text expected = text_from_span(bytes);
    bool same = text_equal(expected, actual);
    for (int line = 1; !same && (expected.len || actual.len); line++) {
        Text want = text_cut(&expected, '\n'), have = text_cut(&actual, '\n');
        if (!text_equal(want, have))
            fail_msg("%s, line %d:\nexpected %.*s\nfound    %.*s", path, line, (int)want.len,
                     want.ptr ? want.ptr : "", (int)have.len, have.ptr ? have.ptr : "");
    }
    release(bytes);
    assert_true(same);
}
