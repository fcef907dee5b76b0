/* evtx_make: EVTX files for the tests and the examples.

     evtx_make sample OUT.evtx               Security log of one workstation, with an intrusion in
   it evtx_make gallery OUTDIR                one small file for each feature and each kind of
   damage; a list on stdout: name, sound/odd/damaged, live records, what is in it evtx_make
   from-jsonl IN.jsonl OUT.evtx  events in evtx_dump's JSON shape

   The same input gives the same bytes. Exit code 0: done; 1: failed; 2: wrong use. */
#include "evtx_make_jsonl.h"
#include "evtx_writer.h"
#include "writer_gallery.h"
#include "writer_sample.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool write_file(const char *path, const WriterBytes *bytes)
{
    FILE *out = fopen(path, "wb");
    bool ok = out && fwrite(bytes->ptr, 1, bytes->len, out) == bytes->len;
    if (out && fclose(out) != 0)
        ok = false;
    if (!ok)
        fprintf(stderr, "evtx_make: %s: %s\n", path, strerror(errno));
    return ok;
}

static bool finish(EvtxWriter *writer, const char *path)
{
    if (evtx_writer_finish(writer))
        return write_file(path, &writer->file);
    fprintf(stderr, "evtx_make: %s: out of memory\n", path);
    return false;
}

static bool make_sample(char **args)
{
    EvtxWriter *writer = evtx_writer_create((EvtxWriterOptions){0});
    bool ok = writer && writer_sample(writer);
    if (!ok)
        fprintf(stderr, "evtx_make: the sample could not be made\n");
    ok = ok && finish(writer, args[0]);
    evtx_writer_destroy(writer);
    return ok;
}

static bool make_entry(const char *folder, const GalleryEntry *entry)
{
    static const char *const STATES[] = {
        [GALLERY_SOUND] = "sound",
        [GALLERY_ODD] = "odd",
        [GALLERY_DAMAGED] = "damaged",
    };
    WriterBytes file = {0};
    size_t size = strlen(folder) + strlen(entry->name) + sizeof("/.evtx");
    char *path = malloc(size);
    bool ok = path && gallery_make(entry, &file);
    if (!ok)
        fprintf(stderr, "evtx_make: %s could not be made\n", entry->name);
    int length = ok ? snprintf(path, size, "%s/%s.evtx", folder, entry->name) : -1;
    ok = ok && length >= 0 && (size_t)length < size && write_file(path, &file);
    if (ok)
        printf("%s\t%s\t%u\t%s\n", entry->name, STATES[entry->state], entry->records,
               entry->summary);
    writer_bytes_done(&file);
    free(path);
    return ok;
}

static bool make_gallery(char **args)
{
    if (mkdir(args[0], 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "evtx_make: %s: %s\n", args[0], strerror(errno));
        return false;
    }
    for (size_t i = 0; i < gallery_count(); i++)
        if (!make_entry(args[0], gallery_entry(i)))
            return false;
    return true;
}

static bool make_from_jsonl(char **args)
{
    char message[256] = "";
    FILE *in = fopen(args[0], "rb");
    if (!in) {
        fprintf(stderr, "evtx_make: %s: %s\n", args[0], strerror(errno));
        return false;
    }
    EvtxWriter *writer = evtx_writer_create((EvtxWriterOptions){0});
    bool ok = writer && evtx_make_jsonl(in, writer, message, sizeof(message));
    if (!ok)
        fprintf(stderr, "evtx_make: %s: %s\n", args[0], writer ? message : "out of memory");
    ok = ok && finish(writer, args[1]);
    evtx_writer_destroy(writer);
    fclose(in);
    return ok;
}

static const struct {
    const char *name;
    int args;
    bool (*run)(char **args);
} COMMANDS[] = {
    {"sample", 1, make_sample},
    {"gallery", 1, make_gallery},
    {"from-jsonl", 2, make_from_jsonl},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0 && argc == 2 + COMMANDS[i].args)
            return COMMANDS[i].run(argv + 2) ? EXIT_SUCCESS : EXIT_FAILURE;
    fprintf(stderr,
            "usage: evtx_make sample OUT.evtx | gallery OUTDIR | from-jsonl IN.jsonl OUT.evtx\n");
    return 2;
}
