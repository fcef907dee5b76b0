/* Twin keys: equal for the same record in two collections, different otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "event/event.h"
#include "event/twin.h"

#define SECOND NANOSECONDS_PER_SECOND

typedef struct Record {
    const char *computer, *channel, *code;
    uint64_t id;
    Time time;
} Record;

static uint64_t key(const Record *r)
{
    return twin_windows(text_from_z(r->computer), text_from_z(r->channel), r->id,
                        text_from_z(r->code), r->time);
}

static void test_windows(void **state)
{
    static const Record BASE = {"DC1.court.example", "Security", "4624", 7, 1000 * SECOND + 5};
    static const struct {
        Record record;
        bool same;
    } CASES[] = {
        {{"DC1.court.example", "Security", "4624", 7, 1000 * SECOND + 5}, true},
        {{"dc1.COURT.example", "SECURITY", "4624", 7, 1000 * SECOND + 5}, true},
        {{"DC1.court.example", "Security", "4624", 7, 1000 * SECOND + 999999999}, true},
        {{"DC1.court.example", "Security", "4624", 7, 1001 * SECOND}, false},
        {{"DC1.court.example", "Security", "4624", 7, 1000 * SECOND - 1}, false},
        {{"DC1.court.example", "Security", "4624", 8, 1000 * SECOND + 5}, false},
        {{"DC1.court.example", "Security", "4625", 7, 1000 * SECOND + 5}, false},
        {{"DC1.court.example", "System", "4624", 7, 1000 * SECOND + 5}, false},
        {{"DC2.court.example", "Security", "4624", 7, 1000 * SECOND + 5}, false},
        {{"DC1.court.exampleS", "ecurity", "4624", 7, 1000 * SECOND + 5}, false},
        {{"", "", "", 7, 1000 * SECOND + 5}, false},
        {{"DC1.court.example", "Security", "4624", 7, TIME_NONE}, false},
    };
    (void)state;
    uint64_t base = key(&BASE);
    assert_true(base != 0);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint64_t other = key(&CASES[i].record);
        assert_true(other != 0);
        if ((other == base) != CASES[i].same)
            fail_msg("case %zu", i);
    }
    Record none = BASE;
    none.id = RECORD_ID_NONE;
    assert_true(key(&none) == 0);
}

/* Stored in cases: the numbers never change. */
static void test_stable(void **state)
{
    static const Record RECORD = {"DC1", "Security", "4624", 7, 1000 * SECOND};
    (void)state;
    assert_true(key(&RECORD) == UINT64_C(0x1e85d39a63d90a24));
    assert_true(twin_field(1, 2) == UINT64_C(0x434b1855e741e1c7));
}

static void test_before_1970(void **state)
{
    static const Record A = {"a", "b", "1", 1, -1}, B = {"a", "b", "1", 1, 0},
                        C = {"a", "b", "1", 1, -SECOND}, D = {"a", "b", "1", 1, -SECOND - 1};
    (void)state;
    assert_true(key(&A) != key(&B));
    assert_true(key(&A) == key(&C));
    assert_true(key(&C) != key(&D));
}

static void test_long_names(void **state)
{
    static char long_name[1001], other[1001];
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        long_name[i] = other[i] = (char)('a' + i % 26);
    Record a = {long_name, "c", "1", 1, 0}, b = {other, "c", "1", 1, 0};
    assert_true(key(&a) == key(&b));
    other[700] = '#';
    assert_true(key(&a) != key(&b));
}

static void test_field(void **state)
{
    (void)state;
    assert_true(twin_field(5, 0) == 0);
    assert_true(twin_field(5, 7) != twin_field(7, 5));
    assert_true(twin_field(5, 7) + twin_field(6, 8) != twin_field(5, 8) + twin_field(6, 7));
    assert_true(twin_field(5, 7) + twin_field(5, 9) != twin_field(5, 8) + twin_field(5, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),     cmocka_unit_test(test_stable),
        cmocka_unit_test(test_before_1970), cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
