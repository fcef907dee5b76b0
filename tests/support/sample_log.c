#include "sample_log.h"

#include "writer_event.h"
#include "writer_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_GUID "00000000-0000-0000-0000-000000000000"
#define SYSTEM  "S-1-5-18"

enum { TICKS_PER_SECOND = 10000000 };

uint32_t sample_pick(SampleLog *log, uint32_t below)
{
    log->random = log->random * 1664525 + 1013904223;
    return (log->random >> 8) % below;
}

void sample_wait_ms(SampleLog *log, uint64_t ms)
{
    log->time += ms * (TICKS_PER_SECOND / 1000) + sample_pick(log, 9999);
}

void sample_at(SampleLog *log, const char *time)
{
    if (!writer_parse_time(time, &log->time))
        log->failed = true;
}

static WriterValue value_of(WriterTree *tree, const SampleField *field)
{
    switch (field->type) {
    case WRITER_SID:
        return writer_sid(tree, field->text);
    case WRITER_GUID:
        return writer_guid(tree, field->text);
    case WRITER_SIZE:
        return writer_number(tree, WRITER_HEX64, strtoull(field->text, NULL, 16));
    case WRITER_HEX32:
    case WRITER_HEX64:
        return writer_number(tree, field->type, strtoull(field->text, NULL, 16));
    case WRITER_UINT32:
        return writer_number(tree, field->type, strtoull(field->text, NULL, 10));
    default:
        return writer_string(tree, field->text);
    }
}

void sample_add(SampleLog *log, uint16_t id, uint8_t version, uint16_t task, uint64_t keywords,
                const SampleField *fields)
{
    WriterTree *tree = writer_tree_create();
    if (!tree) {
        log->failed = true;
        return;
    }
    const WriterEvent event = {
        .provider = "Microsoft-Windows-Security-Auditing",
        .guid = "54849625-5478-4994-A5BA-3E3B0328C30D",
        .channel = "Security",
        .computer = SAMPLE_HOST ".corp.court.example",
        .time = log->time,
        .record_id = log->next_id,
        .keywords = keywords,
        .process_id = 4,
        .thread_id = 100 + 4 * sample_pick(log, 60),
        .qualifiers = WRITER_NO_QUALIFIERS,
        .event_id = id,
        .task = task,
        .version = version,
    };
    WriterNode *data = writer_element(writer_event(tree, &event), "EventData");
    for (const SampleField *field = fields; field->name; field++) {
        WriterNode *element = writer_element(data, "Data");
        writer_text(writer_attribute(element, "Name"), field->name);
        writer_set_declared(writer_value(element, WRITER_NORMAL, value_of(tree, field)),
                            (uint8_t)field->type);
    }
    EvtxRecordSpec spec = {.id = log->next_id++, .written = log->time};
    if (!evtx_writer_add(log->writer, tree, spec))
        log->failed = true;
    writer_tree_destroy(tree);
}

SampleNumber sample_hex(uint64_t value)
{
    SampleNumber number;
    int length = snprintf(number.text, sizeof(number.text), "0x%" PRIx64, value);
    if (length < 0 || (size_t)length >= sizeof(number.text))
        number.text[0] = '\0';
    return number;
}

void sample_privileges(SampleLog *log, SampleAccount who)
{
    sample_add(log, 4672, 0, SAMPLE_TASK_SPECIAL, SAMPLE_AUDIT_SUCCESS,
               (SampleField[]){
                   {"SubjectUserSid", WRITER_SID, who.sid},
                   {"SubjectUserName", WRITER_STRING, who.name},
                   {"SubjectDomainName", WRITER_STRING, who.domain},
                   {"SubjectLogonId", WRITER_HEX64, sample_hex(who.logon).text},
                   {"PrivilegeList", WRITER_STRING,
                    "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege"},
                   {0},
               });
}

SampleAccount sample_logon(SampleLog *log, SampleAccount who, const char *type, const char *process,
                           const char *package, const char *address)
{
    who.logon = log->next_logon += 0x1a7 + sample_pick(log, 0x4000);
    sample_add(log, 4624, 2, SAMPLE_TASK_LOGON, SAMPLE_AUDIT_SUCCESS,
               (SampleField[]){
                   {"SubjectUserSid", WRITER_SID, SYSTEM},
                   {"SubjectUserName", WRITER_STRING, SAMPLE_HOST "$"},
                   {"SubjectDomainName", WRITER_STRING, SAMPLE_DOMAIN},
                   {"SubjectLogonId", WRITER_HEX64, "0x3e7"},
                   {"TargetUserSid", WRITER_SID, who.sid},
                   {"TargetUserName", WRITER_STRING, who.name},
                   {"TargetDomainName", WRITER_STRING, who.domain},
                   {"TargetLogonId", WRITER_HEX64, sample_hex(who.logon).text},
                   {"LogonType", WRITER_UINT32, type},
                   {"LogonProcessName", WRITER_STRING, process},
                   {"AuthenticationPackageName", WRITER_STRING, package},
                   {"WorkstationName", WRITER_STRING, SAMPLE_HOST},
                   {"LogonGuid", WRITER_GUID, NO_GUID},
                   {"TransmittedServices", WRITER_STRING, "-"},
                   {"LmPackageName", WRITER_STRING, "-"},
                   {"KeyLength", WRITER_UINT32, "0"},
                   {"ProcessId", WRITER_SIZE, "0x2a4"},
                   {"ProcessName", WRITER_STRING, SAMPLE_SYSTEM32 "services.exe"},
                   {"IpAddress", WRITER_STRING, address},
                   {"IpPort", WRITER_STRING, "-"},
                   {"ImpersonationLevel", WRITER_STRING, "%%1833"},
                   {"RestrictedAdminMode", WRITER_STRING, "-"},
                   {"TargetOutboundUserName", WRITER_STRING, "-"},
                   {"TargetOutboundDomainName", WRITER_STRING, "-"},
                   {"VirtualAccount", WRITER_STRING, "%%1843"},
                   {"TargetLinkedLogonId", WRITER_HEX64, "0x0"},
                   {"ElevatedToken", WRITER_STRING, "%%1843"},
                   {0},
               });
    return who;
}

void sample_logoff(SampleLog *log, SampleAccount who, const char *type)
{
    sample_add(log, 4634, 0, SAMPLE_TASK_LOGOFF, SAMPLE_AUDIT_SUCCESS,
               (SampleField[]){
                   {"TargetUserSid", WRITER_SID, who.sid},
                   {"TargetUserName", WRITER_STRING, who.name},
                   {"TargetDomainName", WRITER_STRING, who.domain},
                   {"TargetLogonId", WRITER_HEX64, sample_hex(who.logon).text},
                   {"LogonType", WRITER_UINT32, type},
                   {0},
               });
}

void sample_failed_logon(SampleLog *log, const char *name, const char *address)
{
    sample_add(log, 4625, 0, SAMPLE_TASK_LOGON, SAMPLE_AUDIT_FAILURE,
               (SampleField[]){
                   {"SubjectUserSid", WRITER_SID, "S-1-0-0"},
                   {"SubjectUserName", WRITER_STRING, "-"},
                   {"SubjectDomainName", WRITER_STRING, "-"},
                   {"SubjectLogonId", WRITER_HEX64, "0x0"},
                   {"TargetUserSid", WRITER_SID, "S-1-0-0"},
                   {"TargetUserName", WRITER_STRING, name},
                   {"TargetDomainName", WRITER_STRING, SAMPLE_DOMAIN},
                   {"Status", WRITER_HEX32, "0xc000006d"},
                   {"FailureReason", WRITER_STRING, "%%2313"},
                   {"SubStatus", WRITER_HEX32, "0xc000006a"},
                   {"LogonType", WRITER_UINT32, "3"},
                   {"LogonProcessName", WRITER_STRING, "NtLmSsp "},
                   {"AuthenticationPackageName", WRITER_STRING, "NTLM"},
                   {"WorkstationName", WRITER_STRING, "-"},
                   {"TransmittedServices", WRITER_STRING, "-"},
                   {"LmPackageName", WRITER_STRING, "-"},
                   {"KeyLength", WRITER_UINT32, "0"},
                   {"ProcessId", WRITER_SIZE, "0x0"},
                   {"ProcessName", WRITER_STRING, "-"},
                   {"IpAddress", WRITER_STRING, address},
                   {"IpPort", WRITER_STRING, "49409"},
                   {0},
               });
}

uint32_t sample_start(SampleLog *log, SampleAccount who, uint32_t parent, const char *parent_image,
                      const char *image, const char *command_line)
{
    uint32_t process = log->next_process += 4 + 4 * sample_pick(log, 90);
    sample_add(log, 4688, 2, SAMPLE_TASK_PROCESS_START, SAMPLE_AUDIT_SUCCESS,
               (SampleField[]){
                   {"SubjectUserSid", WRITER_SID, who.sid},
                   {"SubjectUserName", WRITER_STRING, who.name},
                   {"SubjectDomainName", WRITER_STRING, who.domain},
                   {"SubjectLogonId", WRITER_HEX64, sample_hex(who.logon).text},
                   {"NewProcessId", WRITER_SIZE, sample_hex(process).text},
                   {"NewProcessName", WRITER_STRING, image},
                   {"TokenElevationType", WRITER_STRING, "%%1938"},
                   {"ProcessId", WRITER_SIZE, sample_hex(parent).text},
                   {"CommandLine", WRITER_STRING, command_line},
                   {"TargetUserSid", WRITER_SID, "S-1-0-0"},
                   {"TargetUserName", WRITER_STRING, "-"},
                   {"TargetDomainName", WRITER_STRING, "-"},
                   {"TargetLogonId", WRITER_HEX64, "0x0"},
                   {"ParentProcessName", WRITER_STRING, parent_image},
                   {"MandatoryLabel", WRITER_SID, "S-1-16-8192"},
                   {0},
               });
    return process;
}

void sample_stop(SampleLog *log, SampleAccount who, uint32_t process, const char *image)
{
    sample_add(log, 4689, 0, SAMPLE_TASK_PROCESS_END, SAMPLE_AUDIT_SUCCESS,
               (SampleField[]){
                   {"SubjectUserSid", WRITER_SID, who.sid},
                   {"SubjectUserName", WRITER_STRING, who.name},
                   {"SubjectDomainName", WRITER_STRING, who.domain},
                   {"SubjectLogonId", WRITER_HEX64, sample_hex(who.logon).text},
                   {"Status", WRITER_HEX32, "0x0"},
                   {"ProcessId", WRITER_SIZE, sample_hex(process).text},
                   {"ProcessName", WRITER_STRING, image},
                   {0},
               });
}
