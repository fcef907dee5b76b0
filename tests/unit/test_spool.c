/* What is put aside on disk: veiled, found again by place, given back; and the list of items that
 * grows by members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scratch.h"
#include "base/veil.h"
#include "evidence/item.h"

#define COUNT 1000

static const char *temp_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder ? folder : "/tmp";
}

static void fill(uint8_t *out, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((i + seed) * 2654435761u >> 13);
}

/* ---- veil ---- */

/* Any part, hidden or shown by itself, is the same part of the whole. */
static void test_veil_by_parts(void **state)
{
    (void)state;
    Veil veil;
    assert_true(veil_make(&veil));
    uint8_t plain[COUNT], whole[COUNT], part[COUNT];
    fill(plain, COUNT, 1);
    memcpy(whole, plain, COUNT);
    veil_apply(&veil, 0, whole, COUNT);
    for (size_t begin = 0; begin < 200; begin++) {
        for (size_t len = 0; len < 200; len += 1 + len / 20) {
            memcpy(part, plain + begin, len);
            veil_apply(&veil, begin, part, len);
            assert_memory_equal(part, whole + begin, len);
            veil_copy(&veil, begin, part, whole + begin, len);
            assert_memory_equal(part, plain + begin, len);
        }
    }
}

static void test_veil_hides(void **state)
{
    (void)state;
    Veil one, two;
    assert_true(veil_make(&one) && veil_make(&two));
    uint8_t a[COUNT] = {0}, b[COUNT] = {0}, c[COUNT] = {0};
    veil_apply(&one, 0, a, COUNT);
    veil_apply(&two, 0, b, COUNT);
    veil_apply(&one, 1 << 20, c, COUNT);
    assert_memory_not_equal(a, b, COUNT); /* each file has its own key … */
    assert_memory_not_equal(a, c, COUNT); /* … and each place its own stream */
    unsigned zeros = 0;
    for (size_t i = 0; i < COUNT; i++)
        zeros += a[i] == 0;
    assert_in_range(zeros, 0, 30);
}

/* Beyond 4 GiB, where a counter of 32 bits would begin anew. */
static void test_veil_far_out(void **state)
{
    (void)state;
    Veil veil;
    assert_true(veil_make(&veil));
    static const uint64_t PLACES[] = {UINT64_C(1) << 38, (UINT64_C(1) << 38) - 100,
                                      UINT64_C(1) << 62};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        uint8_t near[COUNT] = {0}, far[COUNT] = {0}, parts[COUNT] = {0};
        veil_apply(&veil, PLACES[i] % (UINT64_C(1) << 38), near, COUNT);
        veil_apply(&veil, PLACES[i], far, COUNT);
        if (PLACES[i] >> 38)
            assert_memory_not_equal(near, far, COUNT);
        for (size_t at = 0; at < COUNT; at += 77)
            veil_apply(&veil, PLACES[i] + at, parts + at, COUNT - at < 77 ? COUNT - at : 77);
        assert_memory_equal(parts, far, COUNT);
    }
}

/* ---- scratch ---- */

static void test_scratch(void **state)
{
    (void)state;
    Scratch *scratch = scratch_create(temp_folder());
    assert_non_null(scratch);
    assert_int_equal(scratch_fd(scratch), -1); /* no file before there are bytes */
    size_t size = 300001, at = 0;
    uint8_t *bytes = malloc(size), *out = malloc(size);
    assert_true(bytes && out);
    fill(bytes, size, 2);
    for (size_t n = 1; at < size; n = n * 3 + 1) {
        size_t len = size - at < n ? size - at : n;
        assert_true(scratch_append(scratch, span_of(bytes + at, len), NULL));
        at += len;
        assert_int_equal(scratch_end(scratch), at);
    }
    for (size_t begin = 0; begin < size; begin = begin * 2 + 63) {
        assert_true(scratch_read(scratch, begin, out, size - begin, NULL));
        assert_memory_equal(out, bytes + begin, size - begin);
    }
    Err err = {0};
    assert_false(scratch_read(scratch, size - 1, out, 2, &err));
    assert_int_equal(err.code, ERR_IO);

    /* What others get: the bytes as they lie, and no right to write. */
    int fd = scratch_fd(scratch);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, out, size, 0), size);
    assert_memory_not_equal(out, bytes, size);
    veil_apply(scratch_veil(scratch), 0, out, size);
    assert_memory_equal(out, bytes, size);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_true(pwrite(fd, "x", 1, 0) < 0);
    assert_int_equal(ftruncate(fd, 0), -1);

    /* Room that is given back reads as nothing; the rest stays. */
    struct stat before, after;
    assert_int_equal(fstat(fd, &before), 0);
    scratch_release(scratch, 0, 200000);
    assert_int_equal(fstat(fd, &after), 0);
    assert_true(after.st_blocks <= before.st_blocks);
    assert_true(scratch_read(scratch, 200000, out, size - 200000, NULL));
    assert_memory_equal(out, bytes + 200000, size - 200000);
    scratch_destroy(scratch);
    scratch_destroy(NULL);
    free(bytes);
    free(out);
}

static void test_scratch_without_room(void **state)
{
    (void)state;
    Err err = {0};
    Scratch *scratch = scratch_create("/nonexistent");
    assert_false(scratch_append(scratch, span_of("x", 1), &err));
    assert_string_equal(err.text, "cannot make a temporary file in /nonexistent: No such file or "
                                  "directory");
    scratch_destroy(scratch);
    scratch = scratch_create(temp_folder());
    struct rlimit all, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    little = (struct rlimit){.rlim_cur = 5000, .rlim_max = all.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    static uint8_t bytes[8000], out[5000];
    fill(bytes, sizeof bytes, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    bool ok = scratch_append(scratch, span_of(bytes, sizeof bytes), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_false(ok);
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "(5000 bytes so far): File too large"));
    assert_int_equal(scratch_end(scratch), 5000); /* what had room is there */
    assert_true(scratch_read(scratch, 0, out, sizeof out, NULL));
    assert_memory_equal(out, bytes, sizeof out);
    scratch_destroy(scratch);
}

/* ---- spool ---- */

static void test_spool_counts(void **state)
{
    (void)state;
    uint64_t used = 0;
    Spool *a = spool_create(temp_folder(), &used), *b = spool_create(temp_folder(), &used);
    assert_true(a && b);
    static uint8_t bytes[4000];
    assert_true(spool_append(a, span_of(bytes, 3000), NULL));
    assert_true(spool_append(b, span_of(bytes, 4000), NULL));
    assert_true(spool_append(a, span_of(bytes, 10), NULL));
    assert_int_equal(used, 7010);
    assert_int_equal(spool_end(a), 3010);
    Spool *second = spool_ref(a);
    assert_ptr_equal(second, a);
    spool_release(a, 0, 1000);
    assert_int_equal(used, 6010);
    spool_unref(a);
    assert_int_equal(used, 6010); /* somebody still needs it */
    spool_unref(second);
    assert_int_equal(used, 4000);
    spool_unref(b);
    assert_int_equal(used, 0);
    spool_unref(NULL);
}

/* ---- items ---- */

/* An item in a spool, at a place that is no multiple of anything. */
static void make_item(Item *item, uint64_t size, uint64_t before)
{
    *item = (Item){.path = TEXT("a!b"), .parent = 0, .depth = 1, .size = size, .spool_at = before};
    item->spool = spool_create(temp_folder(), NULL);
    uint8_t *bytes = malloc((size_t)(before + size + 100));
    assert_true(item->spool && bytes);
    fill(bytes, (size_t)(before + size + 100), (unsigned)-before);
    assert_true(spool_append(item->spool, span_of(bytes, (size_t)(before + size + 100)), NULL));
    free(bytes);
}

static void test_members_are_read_and_hashed(void **state)
{
    (void)state;
    static const uint64_t SIZES[] = {1, ITEM_BLOCK_BYTES - 1, ITEM_BLOCK_BYTES,
                                     ITEM_BLOCK_BYTES + 1, 2 * ITEM_BLOCK_BYTES + 12345};
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        Item item;
        make_item(&item, SIZES[i], 777);
        uint32_t size = (uint32_t)SIZES[i];
        uint8_t *plain = malloc(size), *out = malloc(size);
        assert_true(plain && out);
        fill(plain, size, 0);
        int fd = item_open(&item, NULL);
        assert_true(fd >= 0);
        Input in = item_input(&item, fd);
        assert_int_equal(input_read(&in, 0, out, size, NULL), size);
        assert_memory_equal(out, plain, size);
        if (size > 1000) {
            assert_int_equal(input_read(&in, size - 1000, out, 1000, NULL), 1000);
            assert_memory_equal(out, plain + size - 1000, 1000);
        }
        assert_true(item_hash(&item, fd, NULL));
        Sha256 whole;
        Sha256Stream *stream = sha256_create();
        assert_true(sha256_update(stream, span_of(plain, size)) && sha256_final(stream, &whole));
        assert_memory_equal(&whole, &item.sha256, sizeof whole);
        assert_int_equal(item_block_count(size), (size + ITEM_BLOCK_BYTES - 1) / ITEM_BLOCK_BYTES);
        for (size_t b = 0; b < item_block_count(size); b++) {
            size_t at = b * ITEM_BLOCK_BYTES;
            size_t len = size - at < ITEM_BLOCK_BYTES ? size - at : ITEM_BLOCK_BYTES;
            Hash128 hash = hash128(span_of(plain + at, len));
            assert_memory_equal(&hash, &item.blocks[b], sizeof hash);
        }
        sha256_destroy(stream);
        close(fd);
        spool_unref(item.spool);
        item.spool = NULL;
        Err err = {0};
        assert_int_equal(item_open(&item, &err), -1);
        assert_string_equal(err.text, "its bytes are not kept any more");
        free(item.blocks);
        free(plain);
        free(out);
    }
}

/* Block hashes say where two items differ. */
static void test_blocks_say_where(void **state)
{
    (void)state;
    size_t size = 3 * ITEM_BLOCK_BYTES + 5;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    fill(bytes, size, 9);
    Sha256Stream *stream = sha256_create();
    Hash128 first[4], second[4];
    Sha256 one, two;
    Input in = input_from_memory(span_of(bytes, size));
    assert_true(hash_input(stream, &in, NULL, NULL, &one, first, NULL));
    bytes[2 * ITEM_BLOCK_BYTES + 17] ^= 1;
    assert_true(hash_input(stream, &in, NULL, NULL, &two, second, NULL));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(memcmp(&first[i], &second[i], sizeof first[i]) != 0, i == 2);
    assert_memory_not_equal(&one, &two, sizeof one);
    sha256_destroy(stream);
    free(bytes);
}

/* The same members, found in another order: the same order of paths, also where a name is there
 * twice, and where that is the name of a container. */
static void test_order_of_items(void **state)
{
    (void)state;
    static const Item FIRST[] = {
        {.path = {"a", 1}, .parent = ITEM_NO_PARENT, .size = 0},
        {.path = {"b", 1}, .parent = ITEM_NO_PARENT, .size = 1},
        {.path = {"b!z", 3}, .parent = 1, .depth = 1, .size = 2},   /* 2 */
        {.path = {"a!x", 3}, .parent = 0, .depth = 1, .size = 3},   /* 3 */
        {.path = {"a!x", 3}, .parent = 0, .depth = 1, .size = 4},   /* 4 */
        {.path = {"a!x!m", 5}, .parent = 3, .depth = 2, .size = 5}, /* 5 */
        {.path = {"a!x!m", 5}, .parent = 4, .depth = 2, .size = 6}, /* 6 */
        {.path = {"a!x!m", 5}, .parent = 0, .depth = 1, .size = 7}, /* a name with a '!' */
        {.path = {"a!x!m", 5}, .parent = 4, .depth = 2, .size = 8},
        {.path = {"b!a", 3}, .parent = 1, .depth = 1, .size = 9},
    };
    static const Item SECOND[] = {
        {.path = {"a", 1}, .parent = ITEM_NO_PARENT, .size = 0},
        {.path = {"b", 1}, .parent = ITEM_NO_PARENT, .size = 1},
        {.path = {"a!x", 3}, .parent = 0, .depth = 1, .size = 3},   /* 2 */
        {.path = {"a!x", 3}, .parent = 0, .depth = 1, .size = 4},   /* 3 */
        {.path = {"a!x!m", 5}, .parent = 3, .depth = 2, .size = 6}, /* the second one's first */
        {.path = {"a!x!m", 5}, .parent = 3, .depth = 2, .size = 8},
        {.path = {"b!z", 3}, .parent = 1, .depth = 1, .size = 2},
        {.path = {"a!x!m", 5}, .parent = 0, .depth = 1, .size = 7},
        {.path = {"a!x!m", 5}, .parent = 2, .depth = 2, .size = 5},
        {.path = {"b!a", 3}, .parent = 1, .depth = 1, .size = 9},
    };
    static const uint64_t EXPECTED[] = {0, 3, 4, 7, 5, 6, 8, 1, 9, 2}; /* sizes stand for items */
    const Item *const LISTS[] = {FIRST, SECOND};
    for (size_t l = 0; l < 2; l++) {
        ItemList list = {0};
        for (size_t i = 0; i < sizeof FIRST / sizeof *FIRST; i++)
            assert_true(item_list_add(&list, &LISTS[l][i], NULL));
        list.file_count = 2;
        assert_int_equal(list.bytes, 45);
        uint32_t *order = item_list_order(&list, NULL);
        assert_non_null(order);
        for (size_t i = 0; i < list.count; i++)
            assert_int_equal(list.items[order[i]].size, EXPECTED[i]);
        free(order);
        item_list_drop_members(&list);
        assert_int_equal(list.count, 2);
        assert_int_equal(list.bytes, 1);
        order = item_list_order(&list, NULL);
        assert_true(order && order[0] == 0 && order[1] == 1);
        free(order);
        item_list_done(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_veil_by_parts),
        cmocka_unit_test(test_veil_hides),
        cmocka_unit_test(test_veil_far_out),
        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_scratch_without_room),
        cmocka_unit_test(test_spool_counts),
        cmocka_unit_test(test_members_are_read_and_hashed),
        cmocka_unit_test(test_blocks_say_where),
        cmocka_unit_test(test_order_of_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
