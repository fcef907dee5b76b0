#include "detect/rule_pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "detect/file_text.h"
#include "detect/sigma/rule_files.h"
#include "detect/sigma/yaml.h"

#define MAGIC TEXT("constat rules 1\n")
#define LEVEL 19

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for packed rules");
}

static bool damaged(Err *err, const char *path, const char *what)
{
    return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s: no pack of rules: %s", quote_z(path).str,
                   what);
}

static bool unpack(Arena *arena, const char *path, Span packed, Text *ret, Err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.ptr, packed.len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return damaged(err, path, "it is not compressed by zstd");
    if (size > RULE_PACK_BYTES_MAX)
        return damaged(err, path, "it is too large");
    char *room = arena_alloc(arena, (size_t)size + 1);
    if (!room)
        return no_memory(err);
    size_t n = ZSTD_decompress(room, (size_t)size, packed.ptr, packed.len);
    if (ZSTD_isError(n) || n != size)
        return damaged(err, path, "its bytes are damaged");
    *ret = text_of(room, n);
    return true;
}

/* "builtin/NAME", and the text; false: there is no whole file. */
static bool take_file(Arena *arena, Reader *r, RuleSource *ret, bool *ret_no_memory)
{
    uint32_t name_len = reader_u32le(r), text_len = reader_u32le(r);
    Span name = reader_take(r, name_len), text = reader_take(r, text_len);
    if (r->failed || name.len == 0 || memchr(name.ptr, '\0', name.len))
        return false;
    size_t prefix = sizeof RULE_PACK_PREFIX - 1;
    char *path = arena_alloc(arena, prefix + name.len + 1);
    *ret_no_memory = !path;
    if (!path)
        return false;
    memcpy(path, RULE_PACK_PREFIX, prefix);
    memcpy(path + prefix, name.ptr, name.len);
    *ret = (RuleSource){.path = path,
                        .text = text_of(text.ptr ? (const char *)text.ptr : "", text.len)};
    return true;
}

bool rule_pack_read(Arena *arena, const char *path, RuleSource **ret, size_t *ret_count, Err *err)
{
    Text packed = {0}, content = {0};
    if (!file_text_read(arena, path, RULE_PACK_BYTES_MAX, &packed, err) ||
        !unpack(arena, path, text_span(packed), &content, err))
        return false;
    if (!text_starts(content, MAGIC))
        return damaged(err, path, "it is of another version");
    /* Each file takes at least its two lengths. */
    RuleSource *sources = ARENA_NEW(arena, RuleSource, content.len / 8 + 1);
    if (!sources)
        return no_memory(err);
    Reader r = reader_of(text_span(content), 0);
    reader_skip(&r, MAGIC.len);
    size_t count = 0;
    while (reader_left(&r)) {
        bool failed = false;
        if (count == RULE_PACK_FILES_MAX || !take_file(arena, &r, &sources[count], &failed))
            return failed ? no_memory(err) : damaged(err, path, "its files make no sense");
        count++;
    }
    *ret = sources;
    *ret_count = count;
    return true;
}

/* ---- writing ---- */

typedef struct Packing {
    Arena *texts;
    size_t prefix; /* of a path: the folder and its slash */
    Buf content;
} Packing;

static void put_u32(Buf *out, size_t v)
{
    uint8_t bytes[4];
    store_u32le(bytes, (uint32_t)v);
    buf_add(out, bytes, sizeof bytes);
}

static bool pack_file(void *ctx, const char *path, Err *err)
{
    Packing *packing = ctx;
    Text text, name = text_from_z(path + packing->prefix);
    arena_clear(packing->texts);
    if (!file_text_read(packing->texts, path, YAML_BYTES_MAX, &text, err))
        return false;
    put_u32(&packing->content, name.len);
    put_u32(&packing->content, text.len);
    buf_add_text(&packing->content, name);
    buf_add_text(&packing->content, text);
    return !packing->content.failed || no_memory(err);
}

static bool compress(Span content, Buf *out, Err *err)
{
    size_t bound = ZSTD_compressBound(content.len);
    char *room = buf_reserve(out, bound);
    if (!room)
        return no_memory(err);
    size_t n = ZSTD_compress(room, bound, content.ptr, content.len, LEVEL);
    if (ZSTD_isError(n))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "zstd: %s", ZSTD_getErrorName(n));
    out->len += n;
    return true;
}

bool rule_pack_write(const char *folder, Buf *out, Err *err)
{
    struct stat st;
    CLEANUP(arena_destroyp) Arena *paths = arena_create(RULE_PACK_BYTES_MAX);
    CLEANUP(arena_destroyp) Arena *texts = arena_create(RULE_PACK_BYTES_MAX);
    Packing packing = {.texts = texts, .prefix = strlen(folder) + 1};
    if (!paths || !texts)
        return no_memory(err);
    buf_init(&packing.content, RULE_PACK_BYTES_MAX);
    buf_add_text(&packing.content, MAGIC);
    bool ok = stat(folder, &st) != 0 ||
              rule_files_walk(paths, folder, rule_files_is_sigma, pack_file, &packing, err);
    ok = ok && compress(buf_span(&packing.content), out, err);
    buf_done(&packing.content);
    return ok;
}
