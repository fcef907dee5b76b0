/* Items against the files that they were read from. */
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

#define NOTES_MAX 20 /* of a kind; the rest is counted */

/* What the person named. */
typedef struct Root {
    Text given;       /* without slashes at its end */
    Text recorded;    /* what stands for it in the paths of items */
    bool is_recorded; /* both are the same */
    bool found;       /* some item lies there */
} Root;

typedef struct Evidence {
    Verify *verify;
    Root *roots;
    size_t root_count;
    ItemList files; /* in named folders that are not where items were recorded */
    uint64_t absent, unknown;
} Evidence;

static void tell(Verify *verify, VerifyWeight weight, Text path, uint64_t begin, uint64_t end,
                 const char *text)
{
    VerifyFinding finding = {.weight = weight,
                             .place = PLACE_EVIDENCE,
                             .item = path,
                             .begin = begin,
                             .end = end,
                             .text = text};
    verify_tell(verify, &finding);
}

/* ---- comparing a file ---- */

typedef struct Compare {
    Verify *verify;
    const VerifiedItem *item;
    Sha256Stream *stream;
    uint8_t *room;
    bool *differs; /* of each block */
    uint64_t size; /* read */
} Compare;

static bool read_block(int fd, uint64_t at, uint8_t *room, size_t *ret)
{
    *ret = 0;
    while (*ret < ITEM_BLOCK_BYTES) {
        ssize_t n = pread(fd, room + *ret, ITEM_BLOCK_BYTES - *ret, (off_t)(at + *ret));
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

/* false with errno when a byte cannot be read. */
static bool read_all(Compare *compare, int fd, Sha256 *ret, Err *err)
{
    const VerifiedItem *item = compare->item;
    size_t len;
    for (size_t block = 0;; block++) {
        if (!read_block(fd, compare->size, compare->room, &len))
            return err_errno(err, errno, "byte %" PRIu64 " cannot be read", compare->size);
        if (len == 0)
            break;
        Span bytes = span_of(compare->room, len);
        if (!sha256_update(compare->stream, bytes))
            return digest_failed(err);
        if (block < item->block_count) {
            /* Of the last one, what it was: something may have been added behind it. */
            uint64_t left = item->size - compare->size;
            Hash128 hash = hash128(span_of(bytes.ptr, len < left ? len : (size_t)left));
            compare->differs[block] = memcmp(&hash, &item->blocks[block], sizeof hash) != 0;
        }
        compare->size += len;
        if (!verify_progress(compare->verify, len, err))
            return false;
    }
    return sha256_final(compare->stream, ret) || digest_failed(err);
}

/* Blocks that differ, neighbours together. */
static void tell_blocks(const Compare *compare)
{
    const VerifiedItem *item = compare->item;
    bool any = false;
    uint64_t size = compare->size < item->size ? compare->size : item->size;
    size_t blocks = (size_t)((size + ITEM_BLOCK_BYTES - 1) / ITEM_BLOCK_BYTES);
    blocks = blocks < item->block_count ? blocks : item->block_count;
    for (size_t i = 0; i < blocks; i++) {
        size_t begin = i;
        while (i < blocks && compare->differs[i])
            i++;
        if (i == begin)
            continue;
        uint64_t end = (uint64_t)i * ITEM_BLOCK_BYTES;
        tell(compare->verify, VERIFY_ALTERED, item->path, (uint64_t)begin * ITEM_BLOCK_BYTES,
             end < size ? end : size, "differ from what was read");
        any = true;
    }
    if (compare->size < item->size)
        tell(compare->verify, VERIFY_ALTERED, item->path, compare->size, item->size,
             "are missing at its end");
    else if (compare->size > item->size)
        tell(compare->verify, VERIFY_ALTERED, item->path, item->size, compare->size,
             "were added at its end");
    else if (!any)
        tell(compare->verify, VERIFY_ALTERED, item->path, 0, 0, "is not what was read");
}

/* A log that has grown between two collections is two items of one path. */
static bool is_other_item(const Verify *verify, const VerifiedItem *item, const Sha256 *hash)
{
    for (size_t i = 0; i < verify->item_count; i++) {
        const VerifiedItem *other = &verify->items[i];
        if (other != item && other->hashed && text_equal(other->path, item->path) &&
            memcmp(other->sha256.bytes, hash->bytes, sizeof hash->bytes) == 0)
            return true;
    }
    return false;
}

static bool compare_open(Compare *compare, int fd, Err *err)
{
    const VerifiedItem *item = compare->item;
    Sha256 hash;
    Err failure = {0};
    if (!read_all(compare, fd, &hash, &failure)) {
        if (failure.code != ERR_IO)
            return take_failure(err, &failure);
        tell(compare->verify, VERIFY_ALTERED, item->path, compare->size, compare->size + 1,
             failure.text);
        return true;
    }
    compare->verify->result->evidence_checked++;
    if (memcmp(hash.bytes, item->sha256.bytes, sizeof hash.bytes) == 0)
        return true;
    if (is_other_item(compare->verify, item, &hash))
        tell(compare->verify, VERIFY_NOTE, item->path, 0, 0,
             "is there in another state, which is in the case as well");
    else
        tell_blocks(compare);
    return true;
}

/* -1 with errno. Nothing is changed by it, where the system lets us. */
static int open_quietly(const char *path)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

static bool compare_file(Evidence *evidence, const VerifiedItem *item, int fd, Err *err)
{
    CLEANUP(sha256_destroyp) Sha256Stream *stream = sha256_create();
    CLEANUP(freep) uint8_t *room = malloc(ITEM_BLOCK_BYTES);
    CLEANUP(freep) bool *differs = calloc(item->block_count + 1, sizeof *differs);
    if (!stream || !room || !differs)
        return no_memory(err);
    Compare compare = {.verify = evidence->verify,
                       .item = item,
                       .stream = stream,
                       .room = room,
                       .differs = differs};
    return compare_open(&compare, fd, err);
}

static void tell_absent(Evidence *evidence, const VerifiedItem *item, bool named, const char *text)
{
    if (named)
        tell(evidence->verify, VERIFY_ALTERED, item->path, 0, 0, text);
    else if (evidence->absent++ < NOTES_MAX)
        tell(evidence->verify, VERIFY_NOTE, item->path, 0, 0, text);
}

/* `path` NUL-terminated: where the item is looked for. */
static bool check_path(Evidence *evidence, const VerifiedItem *item, const char *path, bool named,
                       Err *err)
{
    struct stat st;
    CLEANUP(fd_closep) int fd = open_quietly(path);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        tell_absent(evidence, item, named, "is not there");
    else if (fd < 0)
        tell_absent(evidence, item, named, strerror(errno));
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        tell_absent(evidence, item, named, "is no longer a file");
    else
        return compare_file(evidence, item, fd, err);
    return true;
}

/* ---- where an item is ---- */

static bool lies_below(Text path, Text above)
{
    return text_starts(path, above) &&
           (path.len == above.len || above.len == 0 || path.ptr[above.len] == '/');
}

/* The root that names the item; NULL: none. The longest counts. */
static const Root *root_of(const Evidence *evidence, const VerifiedItem *item)
{
    const Root *best = NULL;
    for (size_t i = 0; i < evidence->root_count; i++) {
        const Root *root = &evidence->roots[i];
        if (root->found && lies_below(item->path, root->recorded) &&
            (!best || root->recorded.len > best->recorded.len))
            best = root;
    }
    return best;
}

static bool check_item(Evidence *evidence, const VerifiedItem *item, Err *err)
{
    const Root *root = root_of(evidence, item);
    Text tail = item->path;
    Buf path;
    buf_init(&path, SIZE_MAX / 2);
    if (root) {
        tail = text_of(item->path.ptr + root->recorded.len, item->path.len - root->recorded.len);
        buf_add_text(&path, root->given);
        if (tail.len && tail.ptr[0] != '/')
            buf_add_char(&path, '/');
    }
    buf_add_text(&path, tail);
    buf_add_char(&path, '\0');
    bool ok =
        path.failed ? no_memory(err) : check_path(evidence, item, path.ptr, root != NULL, err);
    buf_done(&path);
    return ok;
}

/* ---- roots ---- */

static Text without_slashes(const char *given)
{
    Text text = text_from_z(given);
    while (text.len > 1 && text.ptr[text.len - 1] == '/')
        text.len--;
    return text;
}

static bool any_item_below(const Verify *verify, Text above)
{
    for (size_t i = 0; i < verify->item_count; i++)
        if (verify->items[i].parent == 0 && lies_below(verify->items[i].path, above))
            return true;
    return false;
}

typedef struct Guess {
    Text prefix;
    size_t files;
} Guess;

static int by_prefix(const void *a, const void *b)
{
    return text_compare(((const Guess *)a)->prefix, ((const Guess *)b)->prefix);
}

/* What of an item's path stands before `tail`; false: it does not end so. */
static bool prefix_before(Text path, Text tail, Text *ret)
{
    if (!text_ends(path, tail))
        return false;
    size_t len = path.len - tail.len;
    if (len && path.ptr[len - 1] != '/')
        return false;
    *ret = text_of(path.ptr, len ? len - 1 : 0);
    return true;
}

/* Of the prefixes the one that explains most files. */
static void choose(Guess *guesses, size_t count, Root *root)
{
    size_t best = 0;
    if (count)
        qsort(guesses, count, sizeof *guesses, by_prefix);
    for (size_t i = 0, run = 0; i < count; i++) {
        run = i && text_equal(guesses[i].prefix, guesses[i - 1].prefix) ? run + 1 : 1;
        if (run > best) {
            best = run;
            root->recorded = guesses[i].prefix;
            root->found = true;
        }
    }
}

/* Evidence that lies elsewhere now: which prefix of recorded paths stands for the named folder? */
static bool find_moved(Evidence *evidence, Root *root, Err *err)
{
    const Verify *verify = evidence->verify;
    size_t cap = 0, count = 0;
    Guess *guesses = NULL;
    for (size_t f = 0; f < evidence->files.count; f++) {
        const Item *file = &evidence->files.items[f];
        if (!lies_below(file->path, root->given))
            continue;
        Text tail = text_of(file->path.ptr + root->given.len, file->path.len - root->given.len);
        if (tail.len)
            tail = text_of(tail.ptr + 1, tail.len - 1);
        for (size_t i = 0; i < verify->item_count; i++) {
            const VerifiedItem *item = &verify->items[i];
            Guess guess = {.files = 1};
            bool fits = tail.len ? prefix_before(item->path, tail, &guess.prefix)
                                 : prefix_before(item->path, file->name, &guess.prefix);
            if (item->parent || !fits)
                continue;
            if (tail.len == 0) /* a file was named: the item itself stands for it */
                guess.prefix = item->path;
            if (count == cap) {
                cap = cap ? 2 * cap : 64;
                Guess *larger = realloc(guesses, cap * sizeof *guesses);
                if (!larger) {
                    free(guesses);
                    return no_memory(err);
                }
                guesses = larger;
            }
            guesses[count++] = guess;
        }
    }
    choose(guesses, count, root);
    free(guesses);
    return true;
}

static void ignore_note(void *ctx, Text path, bool lost, const char *text)
{
    (void)ctx, (void)path, (void)lost, (void)text;
}

static bool find_roots(Evidence *evidence, Err *err)
{
    Verify *verify = evidence->verify;
    const VerifyOptions *options = verify->options;
    struct stat st;
    if (stat(verify->store->folder, &st) != 0)
        return err_errno(err, errno, "%s", quote_z(verify->store->folder).str);
    const FolderId own = {.device = st.st_dev, .inode = st.st_ino};
    if (!evidence_collect(verify->arena, options->evidence, options->evidence_count, &own,
                          ignore_note, NULL, &evidence->files, err))
        return false;
    for (size_t i = 0; i < options->evidence_count; i++) {
        Root *root = &evidence->roots[evidence->root_count++];
        *root = (Root){.given = without_slashes(options->evidence[i])};
        root->recorded = root->given;
        root->found = root->is_recorded = any_item_below(verify, root->given);
        if (!root->found && !find_moved(evidence, root, err))
            return false;
        if (!root->found)
            tell(verify, VERIFY_ALTERED, root->given, 0, 0,
                 "was named, but nothing in the case comes from there");
    }
    return true;
}

/* ---- files that are no items ---- */

static int by_path(const void *a, const void *b)
{
    return text_compare(*(const Text *)a, *(const Text *)b);
}

/* Recorded paths of all items, sorted. */
static Text *sorted_paths(const Verify *verify)
{
    Text *paths = calloc(verify->item_count + 1, sizeof *paths);
    for (size_t i = 0; paths && i < verify->item_count; i++)
        paths[i] = verify->items[i].path;
    if (paths && verify->item_count)
        qsort(paths, verify->item_count, sizeof *paths, by_path);
    return paths;
}

static bool is_item(const Evidence *evidence, const Item *file, const Text *paths, Buf *path)
{
    const Verify *verify = evidence->verify;
    for (size_t i = 0; i < evidence->root_count; i++) {
        const Root *root = &evidence->roots[i];
        if (!root->found || !lies_below(file->path, root->given))
            continue;
        buf_clear(path);
        buf_add_text(path, root->recorded);
        Text tail = text_of(file->path.ptr + root->given.len, file->path.len - root->given.len);
        if (root->recorded.len == 0 && tail.len)
            tail = text_of(tail.ptr + 1, tail.len - 1);
        buf_add_text(path, tail);
        Text wanted = buf_text(path);
        if (bsearch(&wanted, paths, verify->item_count, sizeof *paths, by_path))
            return true;
    }
    return false;
}

static bool tell_new_files(Evidence *evidence, Err *err)
{
    Verify *verify = evidence->verify;
    CLEANUP(freep) Text *paths = sorted_paths(verify);
    Buf path;
    if (!paths)
        return no_memory(err);
    buf_init(&path, SIZE_MAX / 2);
    for (size_t i = 0; i < evidence->files.count; i++) {
        const Item *file = &evidence->files.items[i];
        if (!is_item(evidence, file, paths, &path) && evidence->unknown++ < NOTES_MAX)
            tell(verify, VERIFY_NOTE, file->path, 0, 0, "is not in the case");
    }
    bool ok = !path.failed || no_memory(err);
    buf_done(&path);
    return ok;
}

static void tell_more(Evidence *evidence, uint64_t count, const char *what)
{
    char text[100];
    if (count <= NOTES_MAX)
        return;
    int n = snprintf(text, sizeof text, "%" PRIu64 " more %s", count - NOTES_MAX, what);
    tell(evidence->verify, VERIFY_NOTE, (Text){0}, 0, 0, n > 0 ? text : what);
}

/* ---- all of it ---- */

static bool check_all(Evidence *evidence, Err *err)
{
    Verify *verify = evidence->verify;
    for (size_t i = 0; i < verify->item_count; i++)
        if (verify->items[i].parent == 0)
            verify->all_bytes += verify->items[i].size;
    for (size_t i = 0; i < verify->item_count; i++) {
        const VerifiedItem *item = &verify->items[i];
        if (item->parent)
            continue; /* its bytes are the container's */
        if (!item->hashed)
            tell(verify, VERIFY_NOTE, item->path, 0, 0,
                 "could not be hashed when it was read and cannot be compared");
        else if (!check_item(evidence, item, err))
            return false;
    }
    tell_more(evidence, evidence->absent, "items are not where they were");
    if (!tell_new_files(evidence, err))
        return false;
    tell_more(evidence, evidence->unknown, "files are not in the case");
    return true;
}

bool verify_evidence(Verify *verify, Err *err)
{
    Evidence evidence = {.verify = verify};
    if (verify->item_count == 0) {
        if (verify->options->evidence_count && verify->result->without_key)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                           "the case is encrypted: --key is needed to compare evidence");
        return true;
    }
    evidence.roots = calloc(verify->options->evidence_count + 1, sizeof *evidence.roots);
    bool ok = evidence.roots || no_memory(err);
    ok = ok && find_roots(&evidence, err) && check_all(&evidence, err);
    free(evidence.roots);
    item_list_done(&evidence.files);
    return ok;
}
