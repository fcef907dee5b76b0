/* archive_seeds FOLDER: a small archive of each kind, to begin fuzzing with. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "archive_make.h"

static bool save(const char *folder, const char *name, Buf *bytes)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "wb") : NULL;
    bool ok = file && fwrite(bytes->ptr, 1, bytes->len, file) == bytes->len;
    ok = file && fclose(file) == 0 && ok;
    buf_done(bytes);
    return ok;
}

int main(int argc, char **argv)
{
    static const char *const ENCRYPTED[] = {"zip:encryption=zipcrypt", "zip:encryption=aes128"};
    const MakeMember members[] = {
        {.name = "a/one", .bytes = span_of("some text, some text\n", 21)},
        {.name = "caf\xc3\xa9", .bytes = span_of("x", 1)},
        {.name = "link", .type = AE_IFLNK, .link = "a/one"},
    };
    if (argc != 2)
        return 2;
    bool ok = true;
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++) {
        Buf bytes;
        archive_make(&MAKE_KINDS[i], members, i < MAKE_ZIP ? 3 : 2, &bytes);
        ok = save(argv[1], MAKE_KINDS[i].name, &bytes) && ok;
    }
    for (size_t i = 0; i < 2; i++) {
        const MakeKind kind = {.name = ENCRYPTED[i],
                               .set_format = archive_write_set_format_zip,
                               .options = ENCRYPTED[i],
                               .password = "pw"};
        Buf bytes;
        archive_make(&kind, members, 1, &bytes);
        ok = save(argv[1], i ? "zip, AES" : "zip, ZipCrypto", &bytes) && ok;
    }
    return ok ? 0 : 1;
}
