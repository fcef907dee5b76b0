#include "store/keys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/key_file.h"

static_assert(KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(KEY_BYTES == crypto_sign_SEEDBYTES, "Ed25519");
static_assert(KEY_BYTES == crypto_box_PUBLICKEYBYTES, "X25519");
static_assert(KEY_BYTES == crypto_box_SECRETKEYBYTES, "X25519");
static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

/* Both live in the library's locked memory. */
struct SigningKey {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t public_key[KEY_BYTES];
    char *path; /* without links */
};

struct CaseKey {
    uint8_t secret[KEY_BYTES];
    uint8_t public_key[KEY_BYTES];
};

/* Locked memory, cleared when it is freed. NULL with err. */
static void *secret_memory(size_t size, Err *err)
{
    void *memory = sodium_init() < 0 ? NULL : sodium_malloc(size);
    if (!memory)
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no locked memory for keys");
    else
        memset(memory, 0, size);
    return memory;
}

static void secret_freep(void *pointer_to_pointer)
{
    sodium_free(*(void **)pointer_to_pointer);
}

Secret *secret_create(Err *err)
{
    return secret_memory(sizeof(Secret), err);
}

void secret_destroy(Secret *secret)
{
    sodium_free(secret);
}

/* ---- files ---- */

typedef struct Content {
    size_t len;
    char bytes[KEY_FILE_BYTES_MAX + 1];
} Content;

static bool read_content(const char *path, Content *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_errno(err, errno, "key %s", quote_z(path).str);
    while (ret->len < sizeof ret->bytes) {
        ssize_t n = read(fd, ret->bytes + ret->len, sizeof ret->bytes - ret->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "key %s", quote_z(path).str);
        if (n == 0)
            break;
        ret->len += (size_t)n;
    }
    return true;
}

/* The file, of the right kind, in locked memory; NULL with err. */
static KeyFile *load(const char *path, KeyKind kind, Err *err)
{
    CLEANUP(secret_freep) Content *content = secret_memory(sizeof *content, err);
    KeyFile *file = content ? secret_memory(sizeof *file, err) : NULL;
    if (!file)
        return NULL;
    bool ok = read_content(path, content, err);
    if (ok && !key_file_read(text_of(content->bytes, content->len), file, err))
        ok = err_wrap(err, "%s", quote_z(path).str);
    if (ok && file->kind != kind)
        ok = err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s is a %s key; a %s key is needed",
                     quote_z(path).str, KEY_KIND_TEXT[file->kind], KEY_KIND_TEXT[kind]);
    if (ok)
        return file;
    sodium_free(file);
    return NULL;
}

static bool unlock(const char *path, KeyFile *file, const PassphraseSource *source, Err *err)
{
    if (file->half == KEY_HALF_PUBLIC)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "%s is a public key; the private half is "
                       "needed",
                       quote_z(path).str);
    if (file->half == KEY_HALF_SECRET)
        return true;
    CLEANUP(secret_destroyp) Secret *passphrase = secret_create(err);
    if (!passphrase)
        return false;
    if (!source || !source->ask)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s needs a passphrase", quote_z(path).str);
    return source->ask(source->ctx, path, passphrase, err) &&
           (key_file_unseal(file, passphrase, err) || err_wrap(err, "%s", quote_z(path).str));
}

/* The private half as its kind needs it. Both halves are checked against each other. */
static bool expand(const KeyFile *file, uint8_t *secret, uint8_t public_key[KEY_BYTES])
{
    if (file->kind == KEY_SIGNING) {
        if (crypto_sign_seed_keypair(public_key, secret, file->secret) != 0)
            return false;
    } else {
        memcpy(secret, file->secret, KEY_BYTES);
        if (crypto_scalarmult_base(public_key, file->secret) != 0)
            return false;
    }
    return memcmp(public_key, file->public_key, KEY_BYTES) == 0;
}

static bool halves_differ(const char *path, Err *err)
{
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s: its halves do not belong together",
                   quote_z(path).str);
}

/* ---- making ---- */

static bool make_secret(KeyFile *file)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    randombytes_buf(file->secret, sizeof file->secret);
    bool ok = file->kind == KEY_SIGNING
                  ? crypto_sign_seed_keypair(file->public_key, secret, file->secret) == 0
                  : crypto_scalarmult_base(file->public_key, file->secret) == 0;
    sodium_memzero(secret, sizeof secret);
    return ok;
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

/* A file that appears complete, or not at all, under its name. */
static bool write_file(const char *path, mode_t mode, bool overwrite, Span bytes, Err *err)
{
    CLEANUP(freep) char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0) {
        part = NULL;
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a key");
    }
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(err, errno, "%s", quote_z(part).str);
    bool ok = write_all(fd, bytes);
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    /* link does not replace what came into being meanwhile */
    if (ok && (overwrite ? rename(part, path) : link(part, path)) != 0) {
        ok = false;
        error = errno;
    }
    (void)unlink(part);
    return ok || err_errno(err, error, "%s", quote_z(path).str);
}

static bool refuse_existing(const char *path, bool overwrite, Err *err)
{
    if (overwrite || access(path, F_OK) != 0)
        return true;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "%s exists; --force overwrites it",
                   quote_z(path).str);
}

static bool write_pair(const char *path, const char *public_path, const KeyFile *file,
                       bool overwrite, Err *err)
{
    KeyFile half = {.kind = file->kind, .half = KEY_HALF_PUBLIC};
    memcpy(half.public_key, file->public_key, KEY_BYTES);
    CLEANUP(secret_freep) char *room = secret_memory(KEY_FILE_BYTES_MAX, err);
    if (!room)
        return false;
    /* A buffer that lies in locked memory and cannot grow out of it. */
    Buf content = {.ptr = room, .cap = KEY_FILE_BYTES_MAX, .limit = KEY_FILE_BYTES_MAX};
    key_file_write(file, &content);
    if (!write_file(path, 0600, overwrite, buf_span(&content), err))
        return false;
    buf_clear(&content);
    key_file_write(&half, &content);
    if (write_file(public_path, 0644, overwrite, buf_span(&content), err))
        return true;
    if (!overwrite)
        (void)unlink(path); /* half a pair is of no use */
    return false;
}

bool key_pair_check(const char *path, bool overwrite, Err *err)
{
    CLEANUP(freep) char *public_path = NULL;
    if (asprintf(&public_path, "%s.pub", path) < 0) {
        public_path = NULL;
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a key");
    }
    return refuse_existing(path, overwrite, err) && refuse_existing(public_path, overwrite, err);
}

bool key_pair_make(const char *path, const KeyMaking *making, PublicKey *ret, Err *err)
{
    CLEANUP(secret_freep) KeyFile *file = secret_memory(sizeof *file, err);
    CLEANUP(freep) char *public_path = NULL;
    if (!file)
        return false;
    if (asprintf(&public_path, "%s.pub", path) < 0) {
        public_path = NULL;
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a key");
    }
    if (!key_pair_check(path, making->overwrite, err))
        return false;
    *file = (KeyFile){.kind = making->kind, .half = KEY_HALF_SECRET};
    if (!make_secret(file))
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "the library cannot make a key");
    *ret = (PublicKey){.kind = file->kind};
    memcpy(ret->bytes, file->public_key, KEY_BYTES);
    if (making->passphrase && making->passphrase->len &&
        !key_file_seal(file, making->passphrase, making->quick, err))
        return false;
    return write_pair(path, public_path, file, making->overwrite, err);
}

/* ---- public halves ---- */

bool public_key_load(const char *path, KeyKind kind, PublicKey *ret, Err *err)
{
    CLEANUP(secret_freep) KeyFile *file = load(path, kind, err);
    if (!file)
        return false;
    ret->kind = kind;
    memcpy(ret->bytes, file->public_key, KEY_BYTES);
    return true;
}

bool public_key_from_hex(Text hex, KeyKind kind, PublicKey *ret)
{
    size_t len = 0;
    const char *end = NULL;
    PublicKey key = {.kind = kind};
    if (hex.len != 2 * KEY_BYTES ||
        sodium_hex2bin(key.bytes, sizeof key.bytes, hex.ptr, hex.len, NULL, &len, &end) != 0 ||
        len != KEY_BYTES)
        return false;
    *ret = key;
    return true;
}

/* ---- signing ---- */

SigningKey *signing_key_load(const char *path, const PassphraseSource *source, Err *err)
{
    CLEANUP(secret_freep) KeyFile *file = load(path, KEY_SIGNING, err);
    if (!file || !unlock(path, file, source, err))
        return NULL;
    SigningKey *key = secret_memory(sizeof *key, err);
    if (!key)
        return NULL;
    if (!expand(file, key->secret, key->public_key)) {
        (void)halves_differ(path, err);
        signing_key_destroy(key);
        return NULL;
    }
    key->path = realpath(path, NULL);
    if (key->path)
        return key;
    (void)err_errno(err, errno, "%s", quote_z(path).str);
    signing_key_destroy(key);
    return NULL;
}

void signing_key_destroy(SigningKey *key)
{
    if (!key)
        return;
    free(key->path);
    sodium_free(key);
}

const uint8_t *signing_key_public(const SigningKey *key)
{
    return key->public_key;
}

bool signing_key_sign(const SigningKey *key, Span message, uint8_t ret[SIGNATURE_BYTES])
{
    return crypto_sign_detached(ret, NULL, message.ptr, message.len, key->secret) == 0;
}

bool signature_fits(const uint8_t public_key[KEY_BYTES], Span message, const uint8_t *signature)
{
    return crypto_sign_verify_detached(signature, message.ptr, message.len, public_key) == 0;
}

bool signing_key_is_below(const SigningKey *key, const char *folder)
{
    CLEANUP(freep) char *real = realpath(folder, NULL);
    if (!real)
        return false;
    Text path = text_from_z(key->path), above = text_from_z(real);
    return text_starts(path, above) &&
           (path.len == above.len || text_equal(above, TEXT("/")) || path.ptr[above.len] == '/');
}

/* ---- opening ---- */

CaseKey *case_key_load(const char *path, const PassphraseSource *source, Err *err)
{
    CLEANUP(secret_freep) KeyFile *file = load(path, KEY_HOLDER, err);
    if (!file || !unlock(path, file, source, err))
        return NULL;
    CaseKey *key = secret_memory(sizeof *key, err);
    if (!key)
        return NULL;
    if (expand(file, key->secret, key->public_key))
        return key;
    (void)halves_differ(path, err);
    case_key_destroy(key);
    return NULL;
}

void case_key_destroy(CaseKey *key)
{
    sodium_free(key);
}

const uint8_t *case_key_public(const CaseKey *key)
{
    return key->public_key;
}

bool case_key_open(const CaseKey *key, Span sealed, uint8_t *ret, size_t len)
{
    return sealed.len == len + crypto_box_SEALBYTES &&
           crypto_box_seal_open(ret, sealed.ptr, sealed.len, key->public_key, key->secret) == 0;
}
