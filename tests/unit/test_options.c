#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/settings.h"

#define WORDS_MAX 12

typedef struct CommandLine {
    const char *name;
    const char *words[WORDS_MAX]; /* up to NULL */
    const char *shows; /* "option=value option operand …" or, after "!", part of the message */
} CommandLine;

static const CommandLine LINES[] = {
    {"nothing", {NULL}, ""},
    {"operands", {"a", "b"}, "a b"},
    {"long with value", {"--format", "csv", "x"}, "format=csv x"},
    {"long with =", {"--format=csv"}, "format=csv"},
    {"= in the value", {"--timezone=a=UTC"}, "timezone=a=UTC"},
    {"empty value", {"--format="}, "format="},
    {"value that looks like an option", {"-o", "--force"}, "output=--force"},
    {"letters", {"-qv"}, "quiet verbose"},
    {"letters and value", {"-qofile"}, "quiet output=file"},
    {"letters, value apart", {"-qo", "file"}, "quiet output=file"},
    {"after the end", {"--", "--format", "-q"}, "--format -q"},
    {"one dash", {"-"}, "-"},
    {"repeated", {"--from", "1", "--from", "2"}, "from=1 from=2"},
    {"last shape counts", {"-t", "csv", "--json"}, "format=csv format=json"},
    {"evidence options", {"-f", "x", "y", "--dir=z"}, "x y z"},
    {"unknown", {"--formt"}, "!did you mean --format?"},
    {"unknown and far", {"--qqqqqq"}, "!unknown option --qqqqqq"},
    {"cut short", {"--know"}, "!did you mean --knowledge?"},
    {"unknown letter", {"-Z"}, "!unknown option -Z"},
    {"terminal code", {"--\x1b[2J"}, "!unknown option --\\x1b[2J"},
    {"no value", {"--format"}, "!--format needs FORMAT"},
    {"no value after a letter", {"-o"}, "!--output needs FILE"},
    {"value for a flag", {"--quiet=1"}, "!--quiet takes no value"},
    {"of a later version", {"--records", "x"}, "!--records is not in this version of Constat"},
};

static void show(const Arguments *arguments, Buf *buf)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        const Given *given = &arguments->given[i];
        buf_printf(buf, "%s%s%s ", OPTIONS[given->id].name, given->value ? "=" : "",
                   given->value ? given->value : "");
    }
    for (size_t i = 0; i < arguments->operand_count; i++)
        buf_printf(buf, "%s ", arguments->operands[i]);
    if (buf->len)
        buf->len--;
    buf_add_char(buf, '\0');
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const CommandLine *line = &LINES[i];
        char *words[WORDS_MAX];
        int count = 0;
        while (line->words[count]) {
            words[count] = strdup(line->words[count]);
            assert_non_null(words[count++]);
        }
        Arguments arguments;
        Err err = {0};
        Buf buf;
        buf_init(&buf, 4096);
        bool ok = arguments_parse(FOR_TIMELINE, count, words, &arguments, &err);
        if (ok)
            show(&arguments, &buf);
        bool fits = line->shows[0] == '!' ? !ok && strstr(err.text, line->shows + 1)
                                          : ok && strcmp(buf.ptr, line->shows) == 0;
        if (!fits || (!ok && err.code != ERR_USAGE))
            fail_msg("%s: %s", line->name, ok ? buf.ptr : err.text);
        buf_done(&buf);
        arguments_done(&arguments);
        while (count)
            free(words[--count]);
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (OptionId a = 0; a < OPTION_COUNT; a++) {
        assert_true(strlen(OPTIONS[a].name) > 1);
        assert_true(OPTIONS[a].commands == FOR_LATER || OPTIONS[a].help[0]);
        for (OptionId b = a + 1; b < OPTION_COUNT; b++) {
            assert_string_not_equal(OPTIONS[a].name, OPTIONS[b].name);
            assert_true(!OPTIONS[a].letter || OPTIONS[a].letter != OPTIONS[b].letter);
        }
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"timeline", "dump", "help"};
    static const struct {
        const char *word, *nearest;
    } CASES[] = {{"timelnie", "timeline"},
                 {"TIMELINE", "timeline"},
                 {"dum", "dump"},
                 {"dmup", "dump"},
                 {"hlp", "help"},
                 {"time", "timeline"},
                 {"hunt", NULL},
                 {"", NULL},
                 {"x", NULL}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const char *nearest = nearest_word(CASES[i].word, WORDS, 3);
        bool same = nearest == CASES[i].nearest ||
                    (nearest && CASES[i].nearest && strcmp(nearest, CASES[i].nearest) == 0);
        if (!same)
            fail_msg("%s: %s", CASES[i].word, nearest ? nearest : "nothing");
    }
    char long_word[200];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(nearest_word(long_word, WORDS, 3));
}

/* Which rule of --timezone counts for a path. */
static void test_zones(void **state)
{
    (void)state;
    static char linux_below[] = "linux/*", auth[] = "auth.log";
    static ZoneRule rules[] = {
        {.pattern = NULL, .zone = {.first_east = 3600}},
        {.pattern = linux_below, .zone = {.first_east = 7200}},
        {.pattern = auth, .zone = {.first_east = 10800}},
    };
    Settings settings = {.zones = rules, .zone_count = 3};
    static const struct {
        const char *path;
        int32_t east;
    } CASES[] = {
        {"windows/Security.jsonl", 3600},
        {"linux/web01/syslog", 7200},
        {"/case/linux/web01/syslog", 7200},
        {"case/linux/syslog", 7200},
        {"case/linux.txt", 3600},
        {"notlinux/syslog", 3600},
        {"case/linux/web01/auth.log", 10800},
        {"auth.log", 10800},
        {"/auth.log", 10800},
        {"auth.log/x", 3600},
        {"", 3600},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const Zone *zone = settings_zone(&settings, text_from_z(CASES[i].path));
        assert_non_null(zone);
        if (zone_east_at(zone, 0) != CASES[i].east)
            fail_msg("%s: %d", CASES[i].path, (int)zone_east_at(zone, 0));
    }
    settings = (Settings){.zones = rules + 1, .zone_count = 1};
    assert_null(settings_zone(&settings, TEXT("windows/x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
