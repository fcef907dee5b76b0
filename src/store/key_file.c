#include "store/key_file.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

const char *const KEY_KIND_TEXT[KEY_KIND_COUNT] = {
    [KEY_SIGNING] = "signing", [KEY_HOLDER] = "holder"};

#define BASE64         sodium_base64_VARIANT_ORIGINAL
#define BASE64_ROOM    sodium_base64_ENCODED_LEN(KEY_BOX_BYTES, BASE64)
#define HEAD_ROOM      256
#define OPERATIONS_MAX 16
#define MEMORY_MAX     (UINT64_C(1) << 30)

static_assert(KEY_SALT_BYTES == crypto_pwhash_argon2id_SALTBYTES, "salt");
static_assert(KEY_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
static_assert(KEY_BOX_BYTES == KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "box");

/* ---- reading ---- */

static bool bad(Err *err, const char *what)
{
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "is not a key file of Constat: %s", what);
}

/* The next line without its end; one that has no end is not taken. */
static bool take_line(Text *rest, Text *ret)
{
    size_t len = text_find(*rest, '\n');
    if (len == rest->len)
        return false;
    *ret = text_cut(rest, '\n');
    return true;
}

/* The word up to the next blank, which must be there unless it is the last. */
static Text take_word(Text *line)
{
    return text_cut(line, ' ');
}

static bool take_bytes(Text word, uint8_t *ret, size_t size)
{
    size_t len = 0;
    const char *end = NULL;
    if (sodium_base642bin(ret, size, word.ptr ? word.ptr : "", word.len, NULL, &len, &end,
                          BASE64) != 0 ||
        len != size || end != word.ptr + word.len)
        return false;
    /* The last digit has bits that mean nothing: only zeros there are ours. */
    char again[BASE64_ROOM];
    sodium_bin2base64(again, sizeof again, ret, size, BASE64);
    bool same = strlen(again) == word.len && memcmp(again, word.ptr, word.len) == 0;
    sodium_memzero(again, sizeof again);
    return same;
}

static bool read_head(Text line, KeyFile *ret)
{
    for (unsigned kind = 0; kind < KEY_KIND_COUNT; kind++) {
        Text name = text_from_z(KEY_KIND_TEXT[kind]), rest = line;
        ret->kind = (KeyKind)kind;
        if (!text_equal(take_word(&rest), TEXT("constat")) || !text_equal(take_word(&rest), name))
            continue;
        ret->half = text_equal(rest, TEXT("public key 1")) ? KEY_HALF_PUBLIC : KEY_HALF_SECRET;
        return ret->half == KEY_HALF_PUBLIC || text_equal(rest, TEXT("key 1"));
    }
    return false;
}

static bool read_sealed(Text line, Text *rest, KeyFile *ret)
{
    Text box;
    if (!text_to_u64(take_word(&line), &ret->operations) || ret->operations < 1 ||
        ret->operations > OPERATIONS_MAX || !text_to_u64(take_word(&line), &ret->memory) ||
        ret->memory < crypto_pwhash_argon2id_MEMLIMIT_MIN || ret->memory > MEMORY_MAX ||
        !take_bytes(line, ret->salt, sizeof ret->salt))
        return false;
    ret->half = KEY_HALF_SEALED;
    return take_line(rest, &box) && text_equal(take_word(&box), TEXT("sealed")) &&
           take_bytes(take_word(&box), ret->nonce, sizeof ret->nonce) &&
           take_bytes(box, ret->box, sizeof ret->box);
}

static bool read_secret(Text *rest, KeyFile *ret)
{
    Text line;
    if (!take_line(rest, &line))
        return false;
    Text word = take_word(&line);
    if (text_equal(word, TEXT("argon2id")))
        return read_sealed(line, rest, ret);
    return text_equal(word, TEXT("secret")) && take_bytes(line, ret->secret, sizeof ret->secret);
}

bool key_file_read(Text content, KeyFile *ret, Err *err)
{
    Text line;
    *ret = (KeyFile){.half = KEY_HALF_PUBLIC};
    if (content.len > KEY_FILE_BYTES_MAX)
        return bad(err, "it is too large");
    if (!take_line(&content, &line) || !read_head(line, ret))
        return bad(err, "its first line does not say so");
    if (!take_line(&content, &line) || !text_equal(take_word(&line), TEXT("public")) ||
        !take_bytes(line, ret->public_key, sizeof ret->public_key))
        return bad(err, "its public half is damaged");
    if (ret->half != KEY_HALF_PUBLIC && !read_secret(&content, ret))
        return bad(err, "its private half is damaged");
    return content.len == 0 || bad(err, "it goes on after its end");
}

/* ---- writing ---- */

static void add_bytes(Buf *out, const uint8_t *bytes, size_t size)
{
    char text[BASE64_ROOM];
    sodium_bin2base64(text, sizeof text, bytes, size, BASE64);
    buf_add_text(out, text_from_z(text));
    sodium_memzero(text, sizeof text);
}

static void write_head(const KeyFile *file, Buf *out)
{
    buf_printf(out, "constat %s %skey 1\npublic ", KEY_KIND_TEXT[file->kind],
               file->half == KEY_HALF_PUBLIC ? "public " : "");
    add_bytes(out, file->public_key, sizeof file->public_key);
    buf_add_char(out, '\n');
}

void key_file_write(const KeyFile *file, Buf *out)
{
    write_head(file, out);
    if (file->half == KEY_HALF_SECRET) {
        BUF_LITERAL(out, "secret ");
        add_bytes(out, file->secret, sizeof file->secret);
        buf_add_char(out, '\n');
    } else if (file->half == KEY_HALF_SEALED) {
        buf_printf(out, "argon2id %" PRIu64 " %" PRIu64 " ", file->operations, file->memory);
        add_bytes(out, file->salt, sizeof file->salt);
        BUF_LITERAL(out, "\nsealed ");
        add_bytes(out, file->nonce, sizeof file->nonce);
        buf_add_char(out, ' ');
        add_bytes(out, file->box, sizeof file->box);
        buf_add_char(out, '\n');
    }
}

/* ---- the passphrase ---- */

typedef struct Wrapping {
    uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    Buf head; /* associated data */
} Wrapping;

static bool make_wrapping(const KeyFile *file, const Secret *passphrase, Wrapping *ret, Err *err)
{
    buf_init(&ret->head, HEAD_ROOM);
    write_head(file, &ret->head);
    if (ret->head.failed ||
        crypto_pwhash(ret->key, sizeof ret->key, passphrase->bytes, passphrase->len, file->salt,
                      file->operations, (size_t)file->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET,
                       "the passphrase needs %" PRIu64 " MiB of memory", file->memory >> 20);
    return true;
}

static void wrapping_done(Wrapping *wrapping)
{
    sodium_memzero(wrapping->key, sizeof wrapping->key);
    buf_done(&wrapping->head);
}

bool key_file_seal(KeyFile *file, const Secret *passphrase, bool quick, Err *err)
{
    Wrapping wrapping = {.key = {0}};
    file->operations = quick ? 1 : crypto_pwhash_argon2id_OPSLIMIT_MODERATE;
    file->memory =
        quick ? crypto_pwhash_argon2id_MEMLIMIT_MIN : crypto_pwhash_argon2id_MEMLIMIT_MODERATE;
    randombytes_buf(file->salt, sizeof file->salt);
    randombytes_buf(file->nonce, sizeof file->nonce);
    file->half = KEY_HALF_SEALED;
    bool ok = make_wrapping(file, passphrase, &wrapping, err);
    if (ok)
        ok = crypto_aead_xchacha20poly1305_ietf_encrypt(
                 file->box, NULL, file->secret, sizeof file->secret,
                 (const uint8_t *)wrapping.head.ptr, wrapping.head.len, NULL, file->nonce,
                 wrapping.key) == 0;
    sodium_memzero(file->secret, sizeof file->secret);
    wrapping_done(&wrapping);
    return ok;
}

bool key_file_unseal(KeyFile *file, const Secret *passphrase, Err *err)
{
    Wrapping wrapping = {.key = {0}};
    bool ok = make_wrapping(file, passphrase, &wrapping, err);
    if (ok &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            file->secret, NULL, NULL, file->box, sizeof file->box,
            (const uint8_t *)wrapping.head.ptr, wrapping.head.len, file->nonce, wrapping.key) != 0)
        ok = err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the passphrase is not the right one");
    wrapping_done(&wrapping);
    return ok;
}
