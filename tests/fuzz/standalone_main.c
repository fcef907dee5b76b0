/* standalone_main.c: runs a fuzz target over given files, for builds without libFuzzer. Each
   argument is a file or a folder (walked, names in order). Exit code: 0 all ran, 1 nothing to run,
   2 an input cannot be read. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DEPTH = 8 };

static bool complain(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
}

/* The input lies in a heap block of exactly its size, so that a sanitizer sees the first byte read
 * past it. */
static bool run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return complain(path);
    uint8_t *data = malloc(size ? size : 1);
    bool ok = data && fread(data, 1, size, file) == size;
    if (ok) {
        /* Before the run: the last line then names the input that crashed. */
        fprintf(stderr, "%s (%zu bytes)\n", path, size);
        LLVMFuzzerTestOneInput(data, size);
    } else {
        complain(path);
    }
    free(data);
    fclose(file);
    return ok;
}

static bool run_path(const char *path, int depth, size_t *count);

static bool run_folder(const char *path, int depth, size_t *count)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort);
    if (n < 0)
        return complain(path);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char *child = NULL;
        if (names[i]->d_name[0] != '.') {
            if (asprintf(&child, "%s/%s", path, names[i]->d_name) < 0) {
                child = NULL;
                ok = complain(path);
            } else {
                ok = run_path(child, depth + 1, count) && ok;
            }
        }
        free(child);
        free(names[i]);
    }
    free(names);
    return ok;
}

static bool run_path(const char *path, int depth, size_t *count)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return complain(path);
    if (S_ISDIR(status.st_mode)) {
        if (depth < MAX_DEPTH)
            return run_folder(path, depth, count);
        errno = ELOOP;
        return complain(path);
    }
    *count += 1;
    return run_file(path, (size_t)status.st_size);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    bool ok = true;
    for (int i = 1; i < argc; i++)
        ok = run_path(argv[i], 0, &count) && ok;
    fprintf(stderr, "%zu inputs\n", count);
    if (!ok)
        return 2;
    return count ? 0 : 1;
}
