#include "store/seal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/ledger.h"

#define SEAL_BYTES_MAX (UINT32_C(1) << 30)
#define LINE_HEAD      TEXT("constat case seal 1")

/* ---- measuring ---- */

static bool add_block(Seal *seal, size_t *cap, Span bytes)
{
    if (seal->block_count == *cap) {
        size_t larger = *cap ? 2 * *cap : 256;
        Hash128 *blocks = realloc(seal->blocks, larger * sizeof *blocks);
        if (!blocks)
            return false;
        seal->blocks = blocks;
        *cap = larger;
    }
    seal->blocks[seal->block_count++] = hash128(bytes);
    return true;
}

/* The next block: all of it but at the end of the file. */
static bool read_block(int fd, uint64_t at, uint8_t *room, size_t *ret)
{
    *ret = 0;
    while (*ret < SEAL_BLOCK_BYTES) {
        ssize_t n = pread(fd, room + *ret, SEAL_BLOCK_BYTES - *ret, (off_t)(at + *ret));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            return true;
        *ret += (size_t)n;
    }
    return true;
}

static bool measure(int fd, Sha256Stream *stream, uint8_t *room, Seal *ret, Err *err)
{
    size_t cap = 0, len;
    for (;;) {
        if (!read_block(fd, ret->size, room, &len))
            return err_errno(err, errno, STORE_FILE ": byte %" PRIu64 " cannot be read", ret->size);
        if (len == 0)
            break;
        if (!sha256_update(stream, span_of(room, len)) || !add_block(ret, &cap, span_of(room, len)))
            return no_memory(err);
        ret->size += len;
    }
    return sha256_final(stream, &ret->sha256) || digest_failed(err);
}

bool seal_measure(const char *path, Seal *ret, Err *err)
{
    *ret = (Seal){.size = 0};
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    CLEANUP(freep) uint8_t *room = malloc(SEAL_BLOCK_BYTES);
    if (!stream || !room)
        return no_memory(err);
    return measure(fd, stream, room, ret, err);
}

void seal_done(Seal *seal)
{
    free(seal->blocks);
    *seal = (Seal){0};
}

/* ---- writing ---- */

static void add_hex(Buf *out, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++) {
        buf_add_char(out, "0123456789abcdef"[p[i] >> 4]);
        buf_add_char(out, "0123456789abcdef"[p[i] & 15]);
    }
    buf_add_char(out, '\n');
}

static bool hash_text(const Buf *out, Sha256 *ret)
{
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    return stream && sha256_update(stream, buf_span(out)) && sha256_final(stream, ret);
}

static bool write_lines(const Seal *seal, const SigningKey *signing, Buf *out)
{
    Sha256 hash;
    uint8_t signature[SIGNATURE_BYTES];
    BUF_LITERAL(out, "constat case seal 1\ncase ");
    add_hex(out, seal->case_id, sizeof seal->case_id);
    buf_printf(out, "size %" PRIu64 "\nsha256 ", seal->size);
    add_hex(out, seal->sha256.bytes, sizeof seal->sha256.bytes);
    buf_printf(out, "ledger %" PRIu64 " ", seal->ledger_number);
    add_hex(out, seal->ledger.bytes, sizeof seal->ledger.bytes);
    BUF_LITERAL(out, "content ");
    add_hex(out, seal->content.bytes, sizeof seal->content.bytes);
    for (size_t i = 0; i < seal->block_count; i++) {
        buf_printf(out, "block %zu ", i);
        add_hex(out, seal->blocks[i].bytes, sizeof seal->blocks[i].bytes);
    }
    if (signing) {
        if (!hash_text(out, &hash) ||
            !signing_key_sign(signing, span_of(hash.bytes, sizeof hash.bytes), signature))
            return false;
        BUF_LITERAL(out, "signature ");
        add_hex(out, signature, sizeof signature);
    }
    if (!hash_text(out, &hash))
        return false;
    BUF_LITERAL(out, "end ");
    add_hex(out, hash.bytes, sizeof hash.bytes);
    return !out->failed;
}

static bool write_all(int fd, Span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return fsync(fd) == 0;
}

static bool replace_file(const char *path, Span bytes, Err *err)
{
    CLEANUP(freep) char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0) {
        part = NULL;
        return no_memory(err);
    }
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", quote_z(part).str);
    bool ok = write_all(fd, bytes);
    int error = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(part, path) == 0)
        return true;
    if (ok)
        error = errno;
    (void)unlink(part);
    return err_errno(err, error, "%s", quote_z(path).str);
}

bool seal_write(const Seal *seal, const SigningKey *signing, const char *path, Err *err)
{
    Buf out;
    buf_init(&out, SEAL_BYTES_MAX);
    bool ok = write_lines(seal, signing, &out) || no_memory(err);
    ok = ok && replace_file(path, buf_span(&out), err);
    buf_done(&out);
    return ok;
}

/* ---- reading ---- */

typedef struct Lines {
    Text all, rest;
    Text line;
    size_t at; /* of the line */
} Lines;

/* The next line, which must begin with `word` and a blank. */
static bool take(Lines *lines, Text word, Err *err)
{
    lines->at = lines->all.len - lines->rest.len;
    size_t end = text_find(lines->rest, '\n');
    bool whole = end < lines->rest.len;
    lines->line = text_cut(&lines->rest, '\n');
    if (whole && text_equal(text_cut(&lines->line, ' '), word))
        return true;
    return err_set(err, ERR_FORMAT, lines->at, STORE_SEAL_FILE ": no line \"%.*s\" at byte %zu",
                   (int)word.len, word.ptr, lines->at);
}

static bool bad_line(const Lines *lines, Err *err)
{
    return err_set(err, ERR_FORMAT, lines->at, STORE_SEAL_FILE ": the line at byte %zu is damaged",
                   lines->at);
}

static bool take_hex(Lines *lines, Text word, void *ret, size_t size, Err *err)
{
    return take(lines, word, err) && (hex_to_bytes(lines->line, ret, size) || bad_line(lines, err));
}

static bool next_is(const Lines *lines, Text word)
{
    return text_starts(lines->rest, word);
}

static bool take_blocks(Lines *lines, Seal *ret, Err *err)
{
    uint64_t count = (ret->size + SEAL_BLOCK_BYTES - 1) / SEAL_BLOCK_BYTES, number;
    if (count > lines->rest.len) /* a line each */
        return bad_line(lines, err);
    ret->blocks = calloc(count + 1, sizeof *ret->blocks);
    if (!ret->blocks)
        return no_memory(err);
    for (; ret->block_count < count; ret->block_count++) {
        if (!take(lines, TEXT("block"), err))
            return false;
        Text word = text_cut(&lines->line, ' ');
        if (!text_to_u64(word, &number) || number != ret->block_count ||
            !hex_to_bytes(lines->line, ret->blocks[number].bytes, sizeof(Hash128)))
            return bad_line(lines, err);
    }
    return true;
}

static bool hash_before(const Lines *lines, Sha256 *ret, Err *err)
{
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    size_t len = lines->all.len - lines->rest.len;
    return (stream && sha256_update(stream, span_of(lines->all.ptr, len)) &&
            sha256_final(stream, ret)) ||
           no_memory(err);
}

static bool take_end(Lines *lines, Seal *ret, Err *err)
{
    Sha256 hash, stated;
    if (next_is(lines, TEXT("signature "))) {
        ret->has_signature = true;
        if (!hash_before(lines, &ret->signed_hash, err) ||
            !take_hex(lines, TEXT("signature"), ret->signature, sizeof ret->signature, err))
            return false;
    }
    if (!hash_before(lines, &hash, err) ||
        !take_hex(lines, TEXT("end"), stated.bytes, sizeof stated.bytes, err))
        return false;
    if (lines->rest.len)
        return err_set(err, ERR_FORMAT, lines->all.len - lines->rest.len,
                       STORE_SEAL_FILE ": goes on after its end");
    return memcmp(hash.bytes, stated.bytes, sizeof hash.bytes) == 0 ||
           err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                   STORE_SEAL_FILE ": its own hash is another: some line was changed");
}

static bool read_lines(Lines *lines, Seal *ret, Err *err)
{
    size_t end = text_find(lines->rest, '\n');
    if (!text_equal(text_of(lines->rest.ptr, end), LINE_HEAD) || end == lines->rest.len)
        return err_set(err, ERR_FORMAT, 0, STORE_SEAL_FILE ": its first line is another");
    (void)text_cut(&lines->rest, '\n');
    if (!take_hex(lines, TEXT("case"), ret->case_id, sizeof ret->case_id, err) ||
        !take(lines, TEXT("size"), err))
        return false;
    if (!text_to_u64(lines->line, &ret->size) || ret->size > INT64_MAX)
        return bad_line(lines, err);
    if (!take_hex(lines, TEXT("sha256"), ret->sha256.bytes, sizeof ret->sha256.bytes, err) ||
        !take(lines, TEXT("ledger"), err))
        return false;
    Text number = text_cut(&lines->line, ' ');
    if (!text_to_u64(number, &ret->ledger_number) ||
        !hex_to_bytes(lines->line, ret->ledger.bytes, sizeof ret->ledger.bytes))
        return bad_line(lines, err);
    return take_hex(lines, TEXT("content"), ret->content.bytes, sizeof ret->content.bytes, err) &&
           take_blocks(lines, ret, err) && take_end(lines, ret, err);
}

bool seal_read(Text content, Seal *ret, Err *err)
{
    Lines lines = {.all = content, .rest = content};
    *ret = (Seal){.size = 0};
    if (read_lines(&lines, ret, err))
        return true;
    seal_done(ret);
    return false;
}
