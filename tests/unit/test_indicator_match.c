/* What indicators find in values, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc_fail.h"
#include "detect/indicator/matcher.h"
#include "sigma_fixture.h"

static const char ANY_RULE[] =
    "title: A\nlogsource: {product: windows}\ndetection: {s: {X: v}, condition: s}\n";

static IndicatorSet *set_of(Text feed)
{
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_non_null(set);
    if (!indicators_add_text(set, TEXT("feed"), feed, &err))
        fail_msg("%s", err.text);
    assert_true(indicators_finish(set, RULE_LEVEL_NONE, &err));
    return set;
}

typedef struct Found {
    uint32_t rows[64], indicators[64];
    size_t count;
} Found;

static bool note_match(void *ctx, uint32_t row, uint32_t indicator, Err *err)
{
    Found *found = ctx;
    (void)err;
    assert_true(found->count < 64);
    found->rows[found->count] = row;
    found->indicators[found->count++] = indicator;
    return true;
}

static Found match(SigmaRun *run, const IndicatorSet *set, const char *const *events, size_t count)
{
    Err err = {0};
    Found found = {.count = 0};
    IndicatorMatcher *matcher = indicator_matcher_create(set, &err);
    assert_non_null(matcher);
    for (size_t i = 0; i < count; i++)
        assert_true(sigma_add_event(run, text_from_z(events[i])));
    Batch batch = sigma_batch(run);
    assert_true(indicator_matcher_batch(matcher, &batch, note_match, &found, &err));
    indicator_matcher_destroy(matcher);
    return found;
}

#define SHA1_A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MD5_B    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA256_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static const struct {
    const char *type, *indicator, *value;
    bool found;
} VALUES[] = {
    /* hashes: whole, or with what they say they are */
    {"sha1", SHA1_A, SHA1_A, true},
    {"sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SHA1_A, true},
    {"sha1", SHA1_A, "SHA1=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,MD5=" MD5_B, true},
    {"sha1", SHA1_A, SHA1_A "a", false},
    {"sha1", SHA1_A, "a" SHA1_A, false},
    {"sha256", SHA256_C, "MD5=" MD5_B ",SHA256=" SHA256_C ",IMPHASH=" MD5_B, true},
    {"md5", MD5_B, "SHA1=" SHA1_A ",MD5=" MD5_B, true},
    {"md5", MD5_B, "IMPHASH=" MD5_B, false},
    {"imphash", MD5_B, "MD5=" MD5_B ",SHA1=" SHA1_A, false},
    {"imphash", MD5_B, "IMPHASH=" MD5_B, true},
    {"md5", MD5_B, "file " MD5_B " was seen", true},
    /* addresses: at the boundaries of words, in any writing */
    {"ip", "10.0.0.1", "10.0.0.1", true},
    {"ip", "10.0.0.1", "110.0.0.12", false},
    {"ip", "10.0.0.1", "10.0.0.12", false},
    {"ip", "10.0.0.1", "110.0.0.1", false},
    {"ip", "10.0.0.1", "10.0.0.1.5", false},
    {"ip", "10.0.0.1", "v10.0.0.1", false},
    {"ip", "10.0.0.1", "10.0.0.1:443", true},
    {"ip", "10.0.0.1", "http://10.0.0.1/x", true},
    {"ip", "10.0.0.1", "connects to 10.0.0.1.", true},
    {"ip", "10.0.0.1", "(10.0.0.1)", true},
    {"ip", "10.0.0.1", "::ffff:10.0.0.1", true},
    {"ip", "10.0.0.1", "::ffff:a00:1", true},
    {"ip", "::ffff:10.0.0.1", "10.0.0.1", true},
    {"ip", "10.0.0.1:8080", "10.0.0.1", true},
    {"ip", "10.0.0.1", "010.0.0.1", false},
    {"ip", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true},
    {"ip", "2001:db8::1", "http://[2001:db8::1]:8080/", true},
    {"ip", "2001:db8::1", "2001:db8::1%eth0", true},
    {"ip", "2001:db8::1", "2001:db8::12", false},
    {"ip", "2001:db8::1", "12001:db8::1", false},
    {"ip", "2001:db8::1", "x2001:db8::1", false},
    {"ip", "2001:db8::1", "from 2001:db8::1: refused", true},
    {"ip", "fe80::1%3", "fe80::1", true},
    {"ip", "[2001:db8::1]", "2001:db8::1", true},
    {"ip", "[2001:db8::1]:443", "2001:db8::1", true},
    {"ip", "2001:db8::1", "at 20:01:08", false},
    {"cidr", "10.1.0.0/16", "10.1.255.3", true},
    {"cidr", "10.1.0.0/16", "10.2.0.1", false},
    {"cidr", "10.1.0.0/16", "::ffff:10.1.2.3", true},
    {"cidr", "10.1.0.0/16", "2001:db8::1", false},
    {"cidr", "10.1.2.3/32", "10.1.2.3", true},
    {"cidr", "2001:db8::/33", "2001:db8:7fff::9", true},
    {"cidr", "2001:db8::/33", "2001:db8:8000::9", false},
    /* domains: the host and what is below it */
    {"domain", "evil.example", "evil.example", true},
    {"domain", "EVIL.example.", "c2.Evil.Example", true},
    {"domain", "evil.example", "notevil.example", false},
    {"domain", "evil.example", "evil.example.com", false},
    {"domain", "evil.example", "evil.examples", false},
    {"domain", "evil.example", "evil.example.", true},
    {"domain", "evil.example", "http://a.evil.example:80/x", true},
    {"domain", "evil.example", "anna@evil.example", true},
    {"domain", "evil.example", "ping evil.example -n 1", true},
    {"domain", "evil.example", "\\\\evil.example\\share", true},
    {"domain", "evil.example", "C:\\Temp\\evil.example", false},
    {"domain", "evil.example", "http://good.example/evil.example", false},
    {"domain", "evil.example", "evil-example", false},
    {"domain", "*.evil.example", "x.evil.example", true},
    {"domain", "evil[.]example", "evil.example", true},
    /* URLs */
    {"url", "http://evil.example/a", "GET http://evil.example/a HTTP/1.1", true},
    {"url", "hxxp://evil[.]example/a", "HTTP://EVIL.example/a", true},
    {"url", "http://evil.example/a", "http://evil.example/ab", false},
    {"url", "http://evil.example/a", "http://evil.example/a/b", false},
    {"url", "http://evil.example/a", "http://evil.example/a/", true},
    {"url", "http://evil.example/a", "http://evil.example/a?x=1", true},
    {"url", "http://evil.example/", "http://evil.example/anything", true},
    {"url", "http://evil.example", "http://evil.example.com/", false},
    {"url", "http://evil.example", "http://evil.example:8080/", false},
    {"url", "evil.example/a", "https://evil.example/a", true},
    {"url", "evil.example/a", "https://notevil.example/a", false},
    /* names and paths */
    {"filename", "evil.exe", "C:\\Temp\\Evil.EXE", true},
    {"filename", "evil.exe", "notevil.exe", false},
    {"filename", "evil.exe", "evil.exe.bak", false},
    {"filename", "evil.exe", "cmd /c \"evil.exe\" -x", true},
    {"filename", "evil.exe", "it was evil.exe.", true},
    {"filename", "evil.exe", "evil.exes", false},
    {"path", "C:\\Temp\\evil", "C:\\Temp\\evil\\a.exe", true},
    {"path", "C:\\Temp\\evil", "C:\\Temp\\evil2", false},
    {"path", "C:\\Temp\\evil", "ABC:\\Temp\\evil", false},
    {"path", "%APPDATA%\\x\\a.exe", "C:\\Users\\b\\AppData\\Roaming\\x\\A.exe", true},
    {"path", "%APPDATA%\\x\\a.exe", "C:\\Users\\b\\AppData\\Roaming\\yx\\A.exe", false},
    {"path", "/tmp/.x/run", "sh -c '/tmp/.x/run -d'", true},
    {"path", "/tmp/.x/run", "/tmp/.x/runner", false},
    /* mail, registry, mutex */
    {"email", "a.b@evil.example", "From: <A.B@evil.example>", true},
    {"email", "b@evil.example", "a.b@evil.example", false},
    {"email", "b@evil.example", "b@evil.example.org", false},
    {"regkey", "HKLM\\Software\\Evil", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Evil\\Run", true},
    {"regkey", "HKEY_CURRENT_USER\\Software\\Evil", "HKU\\S-1-5-21-1\\Software\\evil", true},
    {"regkey", "HKLM\\Software\\Evil", "\\REGISTRY\\MACHINE\\SOFTWARE\\Evil", true},
    {"regkey", "HKLM\\Software\\Evil", "HKLM\\Software\\Evilness", false},
    {"mutex", "Global\\abc", "\\BaseNamedObjects\\Global\\abc", true},
    {"mutex", "Global\\abc", "Global\\abcd", false},
};

static void one_value(SigmaRun *run, size_t i)
{
    char feed[512], event[1024], escaped[512];
    size_t len = 0;
    for (const char *c = VALUES[i].value; *c; c++) {
        if (*c == '\\')
            escaped[len++] = '\\';
        escaped[len++] = *c;
    }
    escaped[len] = '\0';
    (void)snprintf(feed, sizeof feed, "type,value\n%s,%s\n", VALUES[i].type, VALUES[i].indicator);
    (void)snprintf(event, sizeof event, "X=%s ;; Y=other", escaped);
    IndicatorSet *set = set_of(text_from_z(feed));
    if (indicators_count(set) != 1)
        fail_msg("%s %s is refused", VALUES[i].type, VALUES[i].indicator);
    const char *events[] = {event};
    Found found = match(run, set, events, 1);
    if (found.count != VALUES[i].found)
        fail_msg("%s %s in %s: %zu", VALUES[i].type, VALUES[i].indicator, VALUES[i].value,
                 found.count);
    indicators_destroy(set);
}

static void values(void **state)
{
    SigmaRun run;
    (void)state;
    sigma_open(&run, text_from_z(ANY_RULE), NULL);
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
        one_value(&run, i);
    sigma_close(&run);
}

/* Each indicator once an event, in order; lists and bytes are looked into; AND needs one event. */
static void events(void **state)
{
    SigmaRun run;
    (void)state;
    static const char FEED[] =
        "[{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"[file:name = 'a.exe' AND "
        "domain-name:value = 'evil.example']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"pattern\":\"[file:name LIKE 'a%.exe' OR "
        "file:hashes.MD5 = '" MD5_B "']\"},"
        "{\"type\":\"indicator\",\"id\":\"indicator--3\",\"pattern\":\"[ipv4-addr:value ISSUBSET "
        "'10.0.0.0/8']\"}]";
    static const char *const EVENTS[] = {
        "X=C:\\\\a.exe ;; Y=a.exe b.evil.example",
        "X=C:\\\\a.exe",
        "X=evil.example",
        "X[list]=q|10.9.9.9|10.8.8.8",
        ("X[bin]=" MD5_B),
        "X=C:\\\\abc.exe",
        "X=C:\\\\abc.exes",
    };
    static const uint32_t WANTED[][2] = {{0, 0}, {0, 1}, {1, 1}, {3, 2}, {4, 1}, {5, 1}};
    sigma_open(&run, text_from_z(ANY_RULE), NULL);
    IndicatorSet *set = set_of(text_from_z(FEED));
    assert_int_equal(indicators_count(set), 3);
    Found found = match(&run, set, EVENTS, sizeof EVENTS / sizeof EVENTS[0]);
    assert_int_equal(found.count, sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < found.count; i++) {
        assert_int_equal(found.rows[i], WANTED[i][0]);
        assert_int_equal(found.indicators[i], WANTED[i][1]);
    }
    indicators_destroy(set);
    sigma_close(&run);
}

static bool count_item(void *ctx, uint32_t number, Err *err)
{
    (void)number, (void)err;
    ++*(unsigned *)ctx;
    return true;
}

static void items(void **state)
{
    (void)state;
    Err err = {0};
    Sha256 hash;
    unsigned count = 0;
    memset(&hash, 0xCC, sizeof hash);
    IndicatorSet *set = set_of(TEXT(SHA256_C "\n" SHA1_A "\n"));
    assert_true(indicators_want_items(set));
    assert_true(indicators_of_item(set, &hash, count_item, &count, &err));
    assert_int_equal(count, 1);
    hash.bytes[31] ^= 1;
    assert_true(indicators_of_item(set, &hash, count_item, &count, &err));
    assert_int_equal(count, 1);
    indicators_destroy(set);
    set = set_of(TEXT(SHA1_A "\n"));
    assert_false(indicators_want_items(set));
    indicators_destroy(set);
    assert_false(indicators_want_items(NULL));
}

static bool all_of_it(const Batch *batch)
{
    static const char FEED[] =
        "type,value,tags\ndomain,evil.example,\"a,b\"\nip,10.0.0.0/8,\nurl,http://x.example/a,\n";
    Err err = {0};
    Found found = {.count = 0};
    IndicatorMatcher *matcher = NULL;
    IndicatorSet *set = indicators_create(&err);
    bool ok = set && indicators_add_text(set, TEXT("feed"), text_from_z(FEED), &err) &&
              indicators_finish(set, RULE_LEVEL_NONE, &err) &&
              (matcher = indicator_matcher_create(set, &err)) != NULL &&
              indicator_matcher_batch(matcher, batch, note_match, &found, &err);
    assert_true(ok || err.code == ERR_NO_MEMORY);
    assert_true(!ok || found.count == 2);
    indicator_matcher_destroy(matcher);
    indicators_destroy(set);
    return ok;
}

static void memory_runs_out(void **state)
{
    SigmaRun run;
    (void)state;
    sigma_open(&run, text_from_z(ANY_RULE), NULL);
    assert_true(sigma_add_event(&run, TEXT("X=evil.example 10.0.0.3")));
    Batch batch = sigma_batch(&run);
    for (size_t n = 1;; n++) {
        alloc_fail_at(n);
        bool ok = all_of_it(&batch);
        if (!alloc_fail_over())
            break;
        assert_false(ok);
    }
    sigma_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(events),
        cmocka_unit_test(items),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
