/* case.seal, and case.sqlite against it, block by block. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/verify_inside.h"

#define SEAL_FILE_MAX (UINT32_C(1) << 30)

static void tell(Verify *verify, VerifyWeight weight, VerifyPlace place, uint64_t begin,
                 uint64_t end, const char *text)
{
    VerifyFinding finding = {
        .weight = weight, .place = place, .begin = begin, .end = end, .text = text};
    verify_tell(verify, &finding);
}

int verify_open_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

const char *verify_open_error(void)
{
    return errno == ENOENT ? "is missing" : errno == EINVAL ? "is not a file" : strerror(errno);
}

/* NULL: there is none, or it cannot be read, which was said. */
static bool read_file(Verify *verify, const char *path, Buf *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = verify_open_file(path);
    if (fd < 0) {
        if (errno == ENOENT)
            tell(verify, VERIFY_NOTE, PLACE_SEAL, 0, 0,
                 "is not there: the file itself cannot be compared, its content is verified");
        else
            tell(verify, VERIFY_FILE, PLACE_SEAL, 0, 0, verify_open_error());
        return true;
    }
    for (;;) {
        char *room = buf_reserve(ret, 64 * 1024);
        if (!room)
            return no_memory(err);
        ssize_t n = read(fd, room, 64 * 1024);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            tell(verify, VERIFY_FILE, PLACE_SEAL, 0, 0, strerror(errno));
        if (n <= 0)
            return true;
        ret->len += (size_t)n;
    }
}

static void tell_damage(Verify *verify, const Err *failure)
{
    uint64_t at = failure->offset;
    bool known = at != ERR_NO_OFFSET;
    /* The text names the file already. */
    const char *text = failure->text;
    if (strncmp(text, STORE_SEAL_FILE ": ", sizeof STORE_SEAL_FILE + 1) == 0)
        text += sizeof STORE_SEAL_FILE + 1;
    tell(verify, VERIFY_FILE, PLACE_SEAL, known ? at : 0, known ? at + 1 : 0, text);
}

static bool load_seal(Verify *verify, Err *err)
{
    CLEANUP(freep) char *path = NULL;
    if (asprintf(&path, "%s/" STORE_SEAL_FILE, verify->store->folder) < 0) {
        path = NULL;
        return no_memory(err);
    }
    Buf content;
    Err failure = {0};
    buf_init(&content, SEAL_FILE_MAX);
    bool ok = read_file(verify, path, &content, err);
    if (ok && content.len) {
        verify->has_seal = seal_read(buf_text(&content), &verify->seal, &failure);
        if (!verify->has_seal && is_damage(&failure))
            tell_damage(verify, &failure);
        else if (!verify->has_seal)
            ok = take_failure(err, &failure);
    }
    buf_done(&content);
    return ok;
}

/* Blocks that differ, neighbours together. */
static void compare_blocks(Verify *verify)
{
    const Seal *seal = &verify->seal, *is = &verify->measured;
    size_t common = seal->block_count < is->block_count ? seal->block_count : is->block_count;
    for (size_t i = 0; i < common;) {
        size_t begin = i;
        while (i < common && memcmp(&seal->blocks[i], &is->blocks[i], sizeof(Hash128)) != 0)
            i++;
        if (i == begin) {
            i++;
            continue;
        }
        uint64_t end = (uint64_t)i * SEAL_BLOCK_BYTES;
        tell(verify, VERIFY_FILE, PLACE_CASE, (uint64_t)begin * SEAL_BLOCK_BYTES,
             end < is->size ? end : is->size, "differ from what the last run left");
    }
    if (seal->size > is->size)
        tell(verify, VERIFY_FILE, PLACE_CASE, is->size, seal->size, "are missing at its end");
    else if (seal->size < is->size)
        tell(verify, VERIFY_FILE, PLACE_CASE, seal->size, is->size,
             "are more than the last run left");
}

bool verify_seal(Verify *verify, Err *err)
{
    Err failure = {0};
    if (!load_seal(verify, err))
        return false;
    if (!seal_measure(verify->store->path, &verify->measured, &failure)) {
        if (!is_damage(&failure))
            return take_failure(err, &failure);
        tell(verify, VERIFY_ALTERED, PLACE_CASE, 0, 0, failure.text);
        return true;
    }
    verify->all_bytes = verify->measured.size;
    if (!verify->has_seal)
        return true;
    verify->file_equal =
        verify->seal.size == verify->measured.size &&
        memcmp(&verify->seal.sha256, &verify->measured.sha256, sizeof(Sha256)) == 0;
    return true;
}

/* Said when the ledger tells whether the file was written since. */
void verify_file_blocks(Verify *verify)
{
    const LedgerFacts *ledger = &verify->ledger;
    if (!verify->has_seal || verify->file_equal)
        return;
    bool written_since =
        ledger->whole && ledger->sealed_entry && ledger->sealed_entry < ledger->entries;
    if (written_since)
        tell(verify, VERIFY_NOTE, PLACE_CASE, 0, 0,
             "was written after it was sealed, by a run that did not end: the file cannot be "
             "compared, its content is verified");
    else
        compare_blocks(verify);
}
