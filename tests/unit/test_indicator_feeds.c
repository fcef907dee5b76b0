/* Feeds: what is taken of each format, what is named, and what damage does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "detect/indicator/indicator.h"

static const char *const LEVELS[] = {"-", "informational", "low", "medium", "high", "critical"};

/* Everything about a set: "id | title | level | tags" a line, then notes. */
static void describe(const IndicatorSet *set, Buf *out)
{
    for (uint32_t i = 0; i < indicators_count(set); i++) {
        Rule rule = indicators_rule(set, i);
        bool made = text_starts(rule.id, TEXT("indicator-")) && rule.id.len == 26;
        buf_add_text(out, made ? TEXT("*") : rule.id);
        BUF_LITERAL(out, " | ");
        buf_add_text(out, rule.title);
        buf_printf(out, " | %s |", LEVELS[rule.level]);
        for (uint32_t k = 0; k < rule.tags.count; k++) {
            buf_add_char(out, ' ');
            buf_add_text(out, rule.tags.list[k]);
        }
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < indicators_note_count(set); i++) {
        IndicatorNote note = indicators_note(set, i);
        if (note.in_lines)
            buf_printf(out, "line %u: ", (unsigned)note.at);
        BUF_LITERAL(out, "");
        buf_add_text(out, note.kind == INDICATOR_REFUSED ? TEXT("refused: ") : TEXT("unusable: "));
        buf_add_text(out, note.text);
        buf_add_char(out, '\n');
    }
}

static void feed(const char *bytes, const char *wanted)
{
    Err err = {0};
    Buf out;
    IndicatorSet *set = indicators_create(&err);
    assert_non_null(set);
    if (!indicators_add_text(set, TEXT("feed"), text_from_z(bytes), &err))
        fail_msg("%s", err.text);
    assert_true(indicators_finish(set, RULE_LEVEL_NONE, &err));
    buf_init(&out, 1 << 20);
    describe(set, &out);
    buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_done(&out);
    indicators_destroy(set);
}

static void damage(const char *bytes, const char *message)
{
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_non_null(set);
    assert_false(indicators_add_text(set, TEXT("feed"), text_from_z(bytes), &err));
    if (!strstr(err.text, message) || !strstr(err.text, "feed: "))
        fail_msg("%s, not %s", err.text, message);
    indicators_destroy(set);
}

/* ---- formats ---- */

static const char LIST[] = "# our list\n"
                           "evil[.]example   # a comment\n"
                           "\n"
                           "hxxps://bad[dot]example/p#frag\n"
                           "10.0.0.1\r\n"
                           "10.0.0.0/8\n"
                           "10.0.0.1/8\n"
                           "0x0a000001\n"
                           "10.1\n"
                           "[2001:DB8::1]\n"
                           "0.0.0.0 sink.example\n"
                           "a(at)evil(.)example\n"
                           "HKLM\\Software\\X\n"
                           "%TEMP%\\x.exe\n"
                           "tool.exe\n"
                           "two words\n"
                           "D41D8CD98F00B204E9800998ECF8427E\n";

static void lists(void **state)
{
    (void)state;
    feed(LIST, "* | domain evil.example | medium |\n"
               "* | url https://bad.example/p#frag | medium |\n"
               "* | address 10.0.0.1 | medium |\n"
               "* | network 10.0.0.0/8 | medium |\n"
               "* | address 2001:db8::1 | medium |\n"
               "* | domain sink.example | medium |\n"
               "* | mail a@evil.example | medium |\n"
               "* | registry \\software\\x | medium |\n"
               "* | path \\x.exe | medium |\n"
               "* | name tool.exe | medium |\n"
               "* | md5 d41d8cd98f00b204e9800998ecf8427e | medium |\n"
               "line 7: refused: 10.0.0.1/8: bits are set behind the prefix of the network\n"
               "line 8: refused: 0x0a000001: not recognised as a hash, address, domain, URL, path, "
               "name or mail address\n"
               "line 9: refused: 10.1: not an address or network: 10.0.0.1, 10.0.0.0/8, "
               "2001:db8::/32\n"
               "line 16: refused: two words: not recognised as a hash, address, domain, URL, path, "
               "name or mail address\n");
    feed("0.0.0.0/0\n", "line 1: refused: 0.0.0.0/0: a network of all addresses says nothing\n");
    static const char WIDE[] = "\xFF\xFE"
                               "1\0.\0"
                               "1\0.\0"
                               "1\0.\0"
                               "1\0";
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_true(indicators_add_text(set, TEXT("feed"), text_of(WIDE, sizeof WIDE - 1), &err));
    assert_int_equal(indicators_counts(set).by_type[INDICATOR_ADDRESS], 1);
    indicators_destroy(set);
}

static const char CSV[] = "# export\n"
                          "Indicator Type;Indicator;Confidence;Tags;Description;UUID\n"
                          "IPv4;192.0.2.7;90;\"c2, apt\";\"The \"\"first\"\"\";id-1\n"
                          "domain;evil.example;low;;;\n"
                          "FileHash-SHA256;1234;;;;\n"
                          "JA3;abcdef;;;;\n"
                          ";hxxp://x[.]example/y;severe;;;\n";

static void csv(void **state)
{
    (void)state;
    feed(CSV, "id-1 | address 192.0.2.7 (The \"first\") | high | c2 apt\n"
              "* | domain evil.example | low |\n"
              "* | url http://x.example/y | medium |\n"
              "line 5: refused: 1234: a SHA-256 has 64 hexadecimal digits\n"
              "line 6: refused: abcdef: not recognised as a hash, address, domain, URL, path, name "
              "or mail address\n"
              "line 7: unusable: severe: not a level, nor a number of 0 to 100: medium is taken\n");
    feed("md5,sha1\nd41d8cd98f00b204e9800998ecf8427e,\n",
         "* | md5 d41d8cd98f00b204e9800998ecf8427e | medium |\n");
    feed("2026-01-01,evil.example,x\n2026-01-02,other.example,y\n",
         "* | domain evil.example | medium |\n* | domain other.example | medium |\n");
    feed("domain\nevil.example\n", "* | domain evil.example | medium |\n");
    damage("type,value\ndomain,\"evil", "line 2: expected \" at the end of a cell");
}

static const char STIX[] =
    "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
    "{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"us\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"C2\",\"confidence\":85,"
    "\"labels\":[\"apt\"],\"kill_chain_phases\":[{\"kill_chain_name\":\"m\",\"phase_name\":\"c2\"}]"
    ","
    "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'Evil.example'] OR "
    "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"pattern\":\"[file:hashes.'SHA-256' = "
    "'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc']\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--3\",\"pattern\":\"[file:size > 3]\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--4\",\"pattern\":\"[url:value MATCHES 'a.*'] "
    "WITHIN 5 "
    "SECONDS\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--5\",\"pattern\":\"[url:value = ]\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--6\",\"pattern\":\"[a:b = 1] FOLLOWEDBY [a:b = "
    "2]\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--7\",\"pattern_type\":\"yara\",\"pattern\":"
    "\"rule\"},"
    "{\"type\":\"indicator\",\"id\":\"indicator--8\",\"revoked\":true,\"pattern\":\"x\"},"
    "{\"type\":\"domain-name\",\"id\":\"domain-name--1\",\"value\":\"sco.example\"},"
    "{\"type\":\"file\",\"id\":\"file--1\",\"name\":\"n.exe\",\"hashes\":{\"MD5\":"
    "\"d41d8cd98f00b204e9800998ecf8427e\",\"SSDEEP\":\"3:a\"}},"
    "{\"type\":\"software\",\"id\":\"software--1\",\"name\":\"x\"}]}";

static void stix(void **state)
{
    (void)state;
    feed(STIX,
         "indicator--1 | C2 | high | apt c2\n"
         "indicator--2 | sha256 cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc "
         "| medium |\n"
         "domain-name--1 | domain sco.example | medium |\n"
         "file--1 | md5 d41d8cd98f00b204e9800998ecf8427e | medium |\n"
         "unusable: file:size: this object path is not compared\n"
         "unusable: MATCHES: this comparison is not made\n"
         "unusable: WITHIN, REPEATS and START speak of several events\n"
         "refused: [url:value = ]: character 14 of the pattern: expected a string in single "
         "quotes\n"
         "unusable: a:b: this object path is not compared\n"
         "unusable: a:b: this object path is not compared\n"
         "unusable: AND and FOLLOWEDBY between observations speak of several events\n"
         "unusable: yara: of the types of patterns only stix is read\n"
         "unusable: an indicator that was revoked\n"
         "unusable: SSDEEP: hashes of this kind are not compared\n"
         "unusable: software: objects of this type are not compared\n");
    damage("{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",}]}", "byte 48: ");
}

static const char MISP[] =
    "{\"response\":[{\"Event\":{\"info\":\"Campaign\",\"threat_level_id\":\"1\",\"Tag\":[{\"name\":"
    "\"tlp:green\"}],\"Attribute\":["
    "{\"uuid\":\"u1\",\"type\":\"ip-dst|port\",\"value\":\"192.0.2.1|443\",\"to_ids\":true},"
    "{\"uuid\":\"u2\",\"type\":\"domain|ip\",\"value\":\"evil.example|192.0.2.9\",\"to_ids\":true,"
    "\"comment\":\"pair\",\"Tag\":[{\"name\":\"x\"}]},"
    "{\"uuid\":\"u3\",\"type\":\"filename|sha256\",\"value\":\"a.exe|"
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\"to_ids\":false},"
    "{\"uuid\":\"u4\",\"type\":\"ssdeep\",\"value\":\"3:a\",\"to_ids\":true},"
    "{\"uuid\":\"u5\",\"type\":\"md5\",\"value\":\"zz\",\"to_ids\":true},"
    "{\"uuid\":\"u6\",\"type\":\"md5\",\"value\":\"zz\",\"deleted\":true}],"
    "\"Object\":[{\"name\":\"file\",\"Attribute\":[{\"uuid\":\"u7\",\"type\":\"regkey|value\","
    "\"value\":\"HKLM\\\\Software\\\\X|1\"}]}]}}]}";

static void misp(void **state)
{
    (void)state;
    feed(MISP, "u1 | address 192.0.2.1 (Campaign) | high | tlp:green\n"
               "u2 | pair | high | tlp:green x\n"
               "u3 | sha256 cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc "
               "(Campaign) | informational | tlp:green\n"
               "u7 | registry \\software\\x (Campaign) | high | tlp:green\n"
               "unusable: ssdeep: attributes of this type are not compared\n"
               "refused: zz: an MD5 or IMPHASH has 32 hexadecimal digits\n"
               "unusable: zz: an attribute that was deleted\n");
}

static const char IOC[] =
    "<?xml version=\"1.0\"?>\n"
    "<ioc xmlns=\"http://schemas.mandiant.com/2010/ioc\" id=\"ioc-1\">\n"
    "<short_description>Tool</short_description><definition>\n"
    "<Indicator operator=\"OR\" id=\"i\">\n"
    "<IndicatorItem id=\"x1\" condition=\"is\"><Context document=\"FileItem\" "
    "search=\"FileItem/Md5sum\"/><Content type=\"md5\">d41d8cd98f00b204e9800998ecf8427e</Content>"
    "</IndicatorItem>\n"
    "<IndicatorItem id=\"x2\" condition=\"contains\"><Context search=\"RegistryItem/Path\"/>"
    "<Content>Services&amp;X</Content></IndicatorItem>\n"
    "<IndicatorItem id=\"x3\" condition=\"is\"><Context search=\"PortItem/remotePort\"/>"
    "<Content>80</Content></IndicatorItem>\n"
    "<Indicator operator=\"AND\" id=\"j\">\n"
    "<IndicatorItem id=\"x4\" condition=\"is\"><Context search=\"FileItem/FileName\"/>"
    "<Content>a.exe</Content></IndicatorItem>\n"
    "<IndicatorItem id=\"x5\" condition=\"is\"><Context search=\"Network/DNS\"/>"
    "<Content>evil.example</Content></IndicatorItem>\n"
    "</Indicator>\n"
    "<Indicator operator=\"AND\" id=\"k\">\n"
    "<IndicatorItem id=\"x6\" condition=\"is\"><Context search=\"FileItem/FileName\"/>"
    "<Content>b.exe</Content></IndicatorItem>\n"
    "<IndicatorItem id=\"x7\" condition=\"greater-than\"><Context search=\"FileItem/FileName\"/>"
    "<Content>3</Content></IndicatorItem>\n"
    "</Indicator></Indicator></definition></ioc>\n";

static void openioc(void **state)
{
    (void)state;
    feed(IOC, "x1 | md5 d41d8cd98f00b204e9800998ecf8427e (Tool) | medium |\n"
              "x2 | registry services&x (Tool) | medium |\n"
              "ioc-1 | Tool | medium |\n"
              "line 7: unusable: PortItem/remotePort: this Context is not compared\n"
              "line 14: unusable: FileItem/FileName: of the conditions only is and contains are "
              "compared\n");
    damage("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><ioc/>",
           "a document type (DOCTYPE) is not read");
    damage("<ioc><a></ioc>", "XML: mismatched tag");
    damage("<?xml version=\"1.0\"?><html/>", "no OpenIOC");
}

static void others(void **state)
{
    (void)state;
    damage("{\"a\":1}", "not a feed of a known format");
    damage("{\"a\"", "byte 4: ");
    feed("", "");
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_false(indicators_add_file(set, "/nonexistent", &err));
    assert_int_equal(err.code, ERR_IO);
    indicators_destroy(set);
}

/* ---- damage everywhere ---- */

static void read_one(Text bytes)
{
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_non_null(set);
    /* In a block of just its size, for the sanitizers. */
    char *copy = malloc(bytes.len ? bytes.len : 1);
    assert_non_null(copy);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    bool ok = indicators_add_text(set, TEXT("feed"), text_of(copy, bytes.len), &err);
    free(copy);
    if (!ok) {
        assert_int_equal(err.code, ERR_FORMAT);
        assert_true(strstr(err.text, "feed: ") != NULL);
        assert_true(err.offset == ERR_NO_OFFSET || err.offset <= bytes.len);
    }
    assert_true(indicators_finish(set, RULE_LOW, &err));
    Buf out;
    buf_init(&out, 1 << 20);
    describe(set, &out);
    assert_false(out.failed);
    buf_done(&out);
    indicators_destroy(set);
}

static void mutate(const char *sample)
{
    Text whole = text_from_z(sample);
    char *copy = strdup(sample);
    assert_non_null(copy);
    for (size_t i = 0; i <= whole.len; i++)
        read_one(text_of(sample, i));
    static const char FLIPS[] = {0x01, 0x20, (char)0x80, 0x5A};
    for (size_t i = 0; i < whole.len; i++)
        for (size_t k = 0; k < sizeof FLIPS; k++) {
            copy[i] ^= FLIPS[k];
            read_one(text_of(copy, whole.len));
            copy[i] ^= FLIPS[k];
        }
    free(copy);
}

static void damaged_feeds(void **state)
{
    (void)state;
    mutate(LIST);
    mutate(CSV);
    mutate(STIX);
    mutate(MISP);
    mutate(IOC);
}

static void hostile_feeds(void **state)
{
    (void)state;
    Buf deep;
    buf_init(&deep, 1 << 24);
    BUF_LITERAL(&deep, "{\"type\":\"bundle\",\"objects\":");
    for (unsigned i = 0; i < 100; i++)
        buf_add_char(&deep, '[');
    buf_add_char(&deep, '\0');
    damage(deep.ptr, "byte ");
    buf_clear(&deep);
    BUF_LITERAL(&deep, "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"[");
    for (unsigned i = 0; i < 100; i++)
        buf_add_char(&deep, '(');
    BUF_LITERAL(&deep, "a:b = 1]\"}");
    buf_add_char(&deep, '\0');
    Err err = {0};
    IndicatorSet *set = indicators_create(&err);
    assert_true(indicators_add_text(set, TEXT("feed"), text_from_z(deep.ptr), &err));
    assert_int_equal(indicators_counts(set).refused, 1);
    /* Sixteen terms of two: 65,536 alternatives. */
    buf_clear(&deep);
    BUF_LITERAL(&deep, "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern\":\"[");
    for (unsigned i = 0; i < 16; i++)
        buf_printf(&deep, "%s(file:name = 'aa%u' OR file:name = 'bb%u')", i ? " AND " : "", i, i);
    BUF_LITERAL(&deep, "]\"}");
    buf_add_char(&deep, '\0');
    assert_true(indicators_add_text(set, TEXT("feed"), text_from_z(deep.ptr), &err));
    assert_int_equal(indicators_counts(set).unusable, 1);
    indicators_destroy(set);
    buf_done(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),         cmocka_unit_test(csv),           cmocka_unit_test(stix),
        cmocka_unit_test(misp),          cmocka_unit_test(openioc),       cmocka_unit_test(others),
        cmocka_unit_test(damaged_feeds), cmocka_unit_test(hostile_feeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
