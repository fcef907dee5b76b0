/* pack_rules.c: a folder of rules as the pack that is installed: pack_rules FOLDER FILE. Part of the
 * build. */
#include <stdio.h>

#include "detect/rule_pack.h"

int main(int argc, char **argv)
{
    Buf pack;
    Err err = {0};
    if (argc != 3) {
        fputs("Usage: pack_rules FOLDER FILE\n", stderr);
        return 2;
    }
    buf_init(&pack, RULE_PACK_BYTES_MAX);
    bool ok = rule_pack_write(argv[1], &pack, &err);
    if (!ok)
        fprintf(stderr, "pack_rules: %s\n", err.text);
    FILE *file = ok ? fopen(argv[2], "wb") : NULL;
    if (ok && !file)
        perror(argv[2]);
    ok = file && fwrite(pack.ptr, 1, pack.len, file) == pack.len;
    if (file && fclose(file) != 0)
        ok = false;
    buf_done(&pack);
    return ok ? 0 : 1;
}
