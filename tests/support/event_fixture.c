#include "event_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "event/twin.h"

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "fixture: %s: %s\n", what, why);
    abort();
}

const char *fixture_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder ? folder : ".";
}

void fixture_write_file(const char *name, const char *content)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", fixture_folder(), name);
    if (n < 0 || n >= (int)sizeof path)
        give_up(name, "path too long");
    FILE *file = fopen(path, "w");
    if (!file || fputs(content, file) < 0 || fclose(file) != 0)
        give_up(path, strerror(errno));
}

static const char SOURCES[] = "product\tservice\tchannel\tprovider\tabbreviation\n"
                              "windows\tsecurity\tSecurity\t\tSec\n"
                              "windows\tsysmon\tMicrosoft-Windows-Sysmon/Operational\t\tSysmon\n"
                              "windows\tmssql\tApplication\tMSSQLSERVER\tSQL\n"
                              "windows\tapplication\tApplication\t\tApp\n";

static const char ACTIONS[] =
    "product\tservice\tprovider\tcode\tcondition\taction\toutcome\tuser\tuser_domain\t"
    "source_ip\tsession\n"
    "# the first matching row counts\n"
    "windows\tsecurity\t\t4624\tLogonType=3|10 & TargetUserName!=\tremote logon\tsuccess\t"
    "TargetUserName\tTargetDomainName\tIpAddress\tTargetLogonId\n"
    "windows\tsecurity\t\t4624\tTargetUserName~SYSTEM\tlogon of a service\tsuccess\t"
    "TargetUserName\t\t\tTargetLogonId\n"
    "windows\tsecurity\t\t4624\t\tlogon\tsuccess\tTargetUserName\t\tIpAddress\tTargetLogonId\n"
    "windows\tsysmon\tMicrosoft-Windows-Sysmon\t1\t\tprocess start\t\tUser\t\t\tLogonGuid\n"
    "zeek\tconn\t\t*\t\tconnection\t\t\t\tid.orig_h\t\n";

static const char ECS[] = "product\tservice\tcode\tfield\tecs\ttransform\n"
                          "windows\t*\t*\tSystem.Computer\thost.name\tlower\n"
                          "windows\t*\t*\tSystem.EventID\tevent.code\t\n"
                          "windows\tsecurity\t*\tTargetUserName\tuser.name\tdash-empty\n"
                          "windows\tsecurity\t*\tSubjectUserName\tuser.name\tdash-empty\n"
                          "windows\tsecurity\t4624\tIpAddress\tsource.ip\tip\n"
                          "windows\tsecurity\t4624\tIpPort\tsource.port\tport\n"
                          "windows\tsecurity\t4624\tProcessId\tprocess.pid\tpid\n"
                          "windows\tsecurity\t4624\tProcessName\tprocess.name\tbasename\n"
                          "windows\tsecurity\t4624\tProcessName\tprocess.executable\t\n"
                          "windows\tsysmon\t1\tHashes\tprocess.hash\thashes\n"
                          "windows\tsysmon\t1\tUser\tuser\tdomain-user\n";

static const char MESSAGES[] =
    "product\tservice\tprovider\tcode\ttext\n"
    "windows\tsecurity\t\t4624\tAn account was logged on: {TargetDomainName}\\{TargetUserName}, "
    "type {LogonType}, from {IpAddress} on {System.Computer}\n";

static const char PARAMETERS[] = "set\tcode\ttext\n"
                                 "logon-type\t3\tnetwork\n"
                                 "logon-type\t10\tremote desktop\n"
                                 "ntstatus\t0xC000006D\tbad user name or password\n"
                                 "windows-param\t1936\tfull token\n"
                                 "windows-param\t1537\tdelete\n"
                                 "defender-param\t804\tdelta\n"
                                 "kerberos-result\t0x6\taccount not found\n"
                                 "access-mask-file\t0x1\tread data\n"
                                 "access-mask-file\t0x10000\tdelete\n"
                                 "access-mask-process\t0x10\tread memory\n";

Schema *fixture_schema(void)
{
    const char *folders[] = {fixture_folder()};
    Err err = {0};
    fixture_write_file("sources.tsv", SOURCES);
    fixture_write_file("actions.tsv", ACTIONS);
    fixture_write_file("ecs.tsv", ECS);
    fixture_write_file("messages.tsv", MESSAGES);
    fixture_write_file("parameters.tsv", PARAMETERS);
    Schema *schema = schema_load(folders, 1, &err);
    if (!schema)
        give_up("schema", err.text);
    return schema;
}

static bool take_batch(void *ctx, Span batch, Err *err)
{
    Fixture *fixture = ctx;
    if (fixture->batch_count >= fixture->refuse_after)
        return err_set(err, ERR_IO, ERR_NO_OFFSET, "no room");
    if (fixture->batch_count == FIXTURE_BATCHES_MAX)
        give_up("batches", "more than the fixture keeps");
    uint8_t *copy = malloc(batch.len);
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "copy of a batch");
    memcpy(copy, batch.ptr, batch.len);
    fixture->batches[fixture->batch_count++] = span_of(copy, batch.len);
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Fixture *fixture = ctx;
    if (kind == DEFECT_DAMAGE)
        fixture->defect_count++;
    else
        fixture->note_count++;
    fixture->last_offset = offset;
    fixture->last_size = size;
    if (text.len >= sizeof fixture->last_text)
        give_up("defect", "text longer than promised");
    memcpy(fixture->last_text, text.ptr, text.len);
    fixture->last_text[text.len] = '\0';
}

static void take_progress(void *ctx, uint64_t offset)
{
    Fixture *fixture = ctx;
    fixture->progress = offset;
}

void fixture_init(Fixture *fixture)
{
    *fixture = (Fixture){.refuse_after = SIZE_MAX};
    fixture->owner = (SinkOwner){
        .batch = take_batch, .defect = take_defect, .progress = take_progress, .ctx = fixture};
}

void fixture_done(Fixture *fixture)
{
    for (size_t i = 0; i < fixture->batch_count; i++)
        free((void *)(uintptr_t)fixture->batches[i].ptr);
    fixture->batch_count = 0;
}

Batch fixture_batch(const Fixture *fixture, size_t i)
{
    Batch batch;
    Err err = {0};
    if (i >= fixture->batch_count)
        give_up("batch", "there are not so many");
    if (!batch_open(fixture->batches[i], &batch, &err))
        give_up("batch", err.text);
    return batch;
}

static void add_text(Sink *sink, const char *name, const char *text)
{
    sink_add_text(sink, sink_name(sink, text_from_z(name)), text_from_z(text));
}

void fixture_add_logon(Sink *sink, uint64_t record_id, const char *user, const char *address)
{
    EventKind kind = {.product = TEXT("windows"),
                      .channel = TEXT("Security"),
                      .provider = TEXT("Microsoft-Windows-Security-Auditing"),
                      .code = TEXT("4624")};
    EventHead head = {.time = (Time)(record_id * 1000000007),
                      .offset = 512 + record_id * 1024,
                      .size = 1024,
                      .record_id = record_id};
    sink_add_u64(sink, sink_name(sink, TEXT("System.EventID")), VALUE_UINT, 4624);
    add_text(sink, "System.Computer", "DC1.Court.Example");
    add_text(sink, "SubjectUserName", "-");
    add_text(sink, "TargetUserName", user);
    add_text(sink, "TargetDomainName", "COURT");
    sink_add_u64(sink, sink_name(sink, TEXT("TargetLogonId")), VALUE_HEX, 0x3e7 + record_id);
    sink_add_u64(sink, sink_name(sink, TEXT("LogonType")), VALUE_UINT, 3);
    add_text(sink, "IpAddress", address);
    add_text(sink, "IpPort", "0");
    sink_add_u64(sink, sink_name(sink, TEXT("ProcessId")), VALUE_HEX, 0x2c4);
    add_text(sink, "ProcessName", "C:\\Windows\\System32\\lsass.exe");
    head.twin =
        twin_windows(TEXT("DC1.Court.Example"), kind.channel, record_id, kind.code, head.time);
    sink_commit(sink, &head, &kind);
}
