/* Hosts by where items lie: the rows of knowledge/layouts.tsv, and patterns against paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "evidence/host_rules.h"

static const struct {
    const char *path, *host, *collector; /* host NULL: none */
} CASES[] = {
    {"in/Collection-FS01-2023-09-18T08_12_44Z.zip!uploads/auto/C%3A/$MFT", "FS01", "velociraptor"},
    {"Collection-dc-01.court.example-2023-09-18T08_12_44Z/uploads/x", "dc-01.court.example",
     "velociraptor"},
    {"uac-web-01-linux-20230918081244.tar.gz![root]/var/log/auth.log", "web-01", "uac"},
    {"x/uac-mac.local-macos-20230918081244/live_response/ps.txt", "mac.local", "uac"},
    {"DFIR-ORC_Server_DC01_General.7z!Event.7z!System.evtx", "DC01", "dfir-orc"},
    {"k/2023-09-18T081244_WS-104.zip!C/Windows/x", "WS-104", "kape"},
    {"srv9_20230918081244.tar!fs/C:/Windows/System32/config/SYSTEM", "srv9", "acquire"},
    {"WS-7.zip!C/Windows/System32/winevt/Logs/Security.evtx", "WS-7", "cylr"},
    {"triage/ws-7/C/Windows/Prefetch/A.pf", "ws-7", "folder"},
    {"triage/WS-7/c/Users/x", "WS-7", "folder"},
    {"e/prx01/var/log/auth.log", "prx01", "folder"},
    {"evidence/windows/RDS01/Security.evtx", "RDS01", "folder"},
    {"evidence/linux/web01/audit.log", "web01", "folder"},
    {"evidence/m365/unified_audit_log.jsonl", NULL, NULL},
    {"uploads/auto/C%3A/Windows/x", NULL, NULL},    /* "auto" is none */
    {"evidence/windows/Security.evtx", NULL, NULL}, /* no folder below */
    {"20230918/C/Windows/x", NULL, NULL},           /* digits only */
    {"x y/C/Windows/x", NULL, NULL},                /* a blank */
    {"", NULL, NULL},
    {"/", NULL, NULL},
    {"////C///", NULL, NULL},
    {"evidence/linux/\xC3\xA9lan/syslog", "\xC3\xA9lan", "folder"},
};

static void test_cases(void **state)
{
    const HostRules *rules = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Text host, collector;
        bool found = host_rules_find(rules, text_from_z(CASES[i].path), &host, &collector);
        if (found != (CASES[i].host != NULL))
            print_error("%s\n", CASES[i].path);
        assert_int_equal(found, CASES[i].host != NULL);
        if (!found)
            continue;
        if (!text_equal(host, text_from_z(CASES[i].host)))
            print_error("%s: %.*s\n", CASES[i].path, (int)host.len, host.ptr);
        assert_true(text_equal(host, text_from_z(CASES[i].host)));
        assert_true(text_equal(collector, text_from_z(CASES[i].collector)));
    }
}

/* A path made to be costly comes to an end. */
static void test_costly_path(void **state)
{
    const HostRules *rules = *state;
    size_t size = 1 << 20;
    char *path = malloc(size);
    assert_non_null(path);
    for (size_t i = 0; i < size; i++)
        path[i] = i % 60 == 59 ? '/' : "uac-1"[i % 5];
    Text host, collector;
    (void)host_rules_find(rules, text_of(path, size), &host, &collector);
    free(path);
}

static void test_wrong_tables(void **state)
{
    (void)state;
    static const struct {
        const char *table, *text;
    } WRONG[] = {
        {"collector\tpattern\nx\t**/no-host/**\n", "layouts:2: the pattern has no {host}"},
        {"collector\tglob\n", "pattern"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        FILE *file = fopen("layouts", "w");
        assert_non_null(file);
        assert_true(fputs(WRONG[i].table, file) >= 0 && fclose(file) == 0);
        Err err = {0};
        assert_null(host_rules_load("layouts", &err));
        assert_non_null(strstr(err.text, WRONG[i].text));
    }
    Err err = {0};
    assert_null(host_rules_load("not-there", &err));
    assert_int_equal(err.code, ERR_IO);
}

static int set_up(void **state)
{
    char path[4096];
    const char *source = getenv("CONSTAT_SOURCE");
    int n = snprintf(path, sizeof path, "%s/knowledge/layouts.tsv", source ? source : ".");
    Err err = {0};
    *state = n > 0 && n < (int)sizeof path ? host_rules_load(path, &err) : NULL;
    if (!*state)
        print_error("%s\n", err.text);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    host_rules_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_costly_path),
        cmocka_unit_test(test_wrong_tables),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
