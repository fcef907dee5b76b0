#include "format/evtx_json_rows.h"

#define BIT(shape) (1u << SHAPE_##shape)
#define TOP        (BIT(NXLOG) | BIT(SENTINEL) | BIT(FLAT))

/* clang-format off */
#define SYSTEM(shapes, path, field, rank) {path, shapes, USE_SYSTEM, WINDOWS_##field, rank, false}
#define CLAIM(shapes, path, field, rank)  {path, shapes, USE_SYSTEM, WINDOWS_##field, rank, true}
#define DATA(shapes, path, use)           {path, shapes, USE_##use, WINDOWS_FIELD_OTHER, 0, true}
#define EXPORT(shapes, path)              {path, shapes, USE_FIELD, WINDOWS_FIELD_OTHER, 0, false}
#define TIME(shapes, path, rank)          {path, shapes, USE_TIME, WINDOWS_FIELD_OTHER, rank, false}
#define STAMP(shapes, path, rank)         {path, shapes, USE_TIME, WINDOWS_SYSTEM_TIME, rank, false}

/* Two rows for one key of one shape: the first counts. SYSTEM: otherwise the exporter's own;
 * CLAIM: otherwise a field of the event. */
static const PathRow ROWS[] = {
    /* Winlogbeat 7 and later, then 6 */
    SYSTEM(BIT(BEATS), "winlog.provider_name", PROVIDER_NAME, 0),
    SYSTEM(BIT(BEATS), "winlog.provider_guid", PROVIDER_GUID, 0),
    SYSTEM(BIT(BEATS), "winlog.event_id", EVENT_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.version", VERSION, 0),
    SYSTEM(BIT(BEATS), "winlog.task", TASK, 0),
    SYSTEM(BIT(BEATS), "winlog.opcode", OPCODE, 0),
    SYSTEM(BIT(BEATS), "winlog.record_id", RECORD_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.activity_id", ACTIVITY_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.related_activity_id", RELATED_ACTIVITY_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.process.pid", PROCESS_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.process.thread.id", THREAD_ID, 0),
    SYSTEM(BIT(BEATS), "winlog.channel", CHANNEL, 0),
    SYSTEM(BIT(BEATS), "winlog.computer_name", COMPUTER, 0),
    SYSTEM(BIT(BEATS), "winlog.user.identifier", USER_ID, 0),
    STAMP(BIT(BEATS), "winlog.time_created", 0),
    DATA(BIT(BEATS), "winlog.event_data.*", FIELD),
    DATA(BIT(BEATS), "winlog.user_data.xml_name", USER_ELEMENT),
    DATA(BIT(BEATS), "winlog.user_data.*", USER_DATA),
    SYSTEM(BIT(BEATS), "source_name", PROVIDER_NAME, 1),
    SYSTEM(BIT(BEATS), "provider_guid", PROVIDER_GUID, 1),
    SYSTEM(BIT(BEATS), "event_id", EVENT_ID, 1),
    SYSTEM(BIT(BEATS), "version", VERSION, 1),
    SYSTEM(BIT(BEATS), "task", TASK, 1),
    SYSTEM(BIT(BEATS), "opcode", OPCODE, 1),
    SYSTEM(BIT(BEATS), "record_number", RECORD_ID, 1),
    SYSTEM(BIT(BEATS), "activity_id", ACTIVITY_ID, 1),
    SYSTEM(BIT(BEATS), "related_activity_id", RELATED_ACTIVITY_ID, 1),
    SYSTEM(BIT(BEATS), "process_id", PROCESS_ID, 1),
    SYSTEM(BIT(BEATS), "thread_id", THREAD_ID, 1),
    SYSTEM(BIT(BEATS), "log_name", CHANNEL, 1),
    SYSTEM(BIT(BEATS), "computer_name", COMPUTER, 1),
    SYSTEM(BIT(BEATS), "user.identifier", USER_ID, 1),
    DATA(BIT(BEATS), "event_data.*", FIELD),
    DATA(BIT(BEATS), "user_data.xml_name", USER_ELEMENT),
    DATA(BIT(BEATS), "user_data.*", USER_DATA),
    TIME(BIT(BEATS), "@timestamp", 1),

    /* Wazuh: names begin in lower case */
    SYSTEM(BIT(WAZUH), "data.win.system.providerName", PROVIDER_NAME, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.providerGuid", PROVIDER_GUID, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.eventSourceName", PROVIDER_SOURCE, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.eventID", EVENT_ID, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.version", VERSION, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.level", LEVEL, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.task", TASK, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.opcode", OPCODE, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.keywords", KEYWORDS, 0),
    STAMP(BIT(WAZUH), "data.win.system.systemTime", 0),
    SYSTEM(BIT(WAZUH), "data.win.system.eventRecordID", RECORD_ID, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.processID", PROCESS_ID, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.threadID", THREAD_ID, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.channel", CHANNEL, 0),
    SYSTEM(BIT(WAZUH), "data.win.system.computer", COMPUTER, 0),
    DATA(BIT(WAZUH), "data.win.eventdata.*", FIELD),

    /* Get-WinEvent | ConvertTo-Json */
    SYSTEM(BIT(CMDLET), "Id", EVENT_ID, 0),
    SYSTEM(BIT(CMDLET), "Qualifiers", QUALIFIERS, 0),
    SYSTEM(BIT(CMDLET), "Version", VERSION, 0),
    SYSTEM(BIT(CMDLET), "Level", LEVEL, 0),
    SYSTEM(BIT(CMDLET), "Task", TASK, 0),
    SYSTEM(BIT(CMDLET), "Opcode", OPCODE, 0),
    SYSTEM(BIT(CMDLET), "Keywords", KEYWORDS, 0),
    SYSTEM(BIT(CMDLET), "RecordId", RECORD_ID, 0),
    SYSTEM(BIT(CMDLET), "ProviderName", PROVIDER_NAME, 0),
    SYSTEM(BIT(CMDLET), "ProviderId", PROVIDER_GUID, 0),
    SYSTEM(BIT(CMDLET), "LogName", CHANNEL, 0),
    SYSTEM(BIT(CMDLET), "ProcessId", PROCESS_ID, 0),
    SYSTEM(BIT(CMDLET), "ThreadId", THREAD_ID, 0),
    SYSTEM(BIT(CMDLET), "MachineName", COMPUTER, 0),
    SYSTEM(BIT(CMDLET), "UserId", USER_ID, 0),
    SYSTEM(BIT(CMDLET), "UserId.Value", USER_ID, 0),
    SYSTEM(BIT(CMDLET), "ActivityId", ACTIVITY_ID, 0),
    SYSTEM(BIT(CMDLET), "RelatedActivityId", RELATED_ACTIVITY_ID, 0),
    STAMP(BIT(CMDLET), "TimeCreated", 0),
    STAMP(BIT(CMDLET), "TimeCreated.value", 0),
    DATA(BIT(CMDLET), "Properties.Value", PARAM),
    DATA(BIT(CMDLET), "Properties.Value.Value", PARAM),

    /* everything at the top: System fields by rank */
    SYSTEM(TOP, "EventID", EVENT_ID, 0),
    SYSTEM(TOP, "Channel", CHANNEL, 0),
    CLAIM(TOP, "LogName", CHANNEL, 1),
    CLAIM(TOP, "EventLog", CHANNEL, 2),
    SYSTEM(TOP, "Hostname", COMPUTER, 0),
    CLAIM(TOP, "Computer", COMPUTER, 1),
    CLAIM(TOP, "ComputerName", COMPUTER, 2),
    CLAIM(TOP, "MachineName", COMPUTER, 3),
    SYSTEM(TOP, "SourceName", PROVIDER_NAME, 0),
    SYSTEM(TOP, "EventSourceName", PROVIDER_NAME, 1),
    CLAIM(TOP, "ProviderName", PROVIDER_NAME, 2),
    CLAIM(TOP, "Source", PROVIDER_NAME, 3),
    SYSTEM(TOP, "ProviderGuid", PROVIDER_GUID, 0),
    CLAIM(TOP, "Version", VERSION, 0),
    SYSTEM(TOP, "Task", TASK, 0),
    SYSTEM(TOP, "Keywords", KEYWORDS, 0),
    SYSTEM(TOP, "OpcodeValue", OPCODE, 0),
    SYSTEM(TOP, "Opcode", OPCODE, 1),
    SYSTEM(TOP, "RecordNumber", RECORD_ID, 0),
    SYSTEM(TOP, "EventRecordID", RECORD_ID, 1),
    SYSTEM(TOP, "EventRecordId", RECORD_ID, 2),
    SYSTEM(TOP, "ActivityID", ACTIVITY_ID, 0),
    SYSTEM(TOP, "RelatedActivityID", RELATED_ACTIVITY_ID, 0),
    SYSTEM(TOP, "ExecutionProcessID", PROCESS_ID, 0),
    SYSTEM(TOP, "ExecutionThreadID", THREAD_ID, 0),
    SYSTEM(TOP, "Qualifiers", QUALIFIERS, 0),
    SYSTEM(BIT(NXLOG) | BIT(FLAT), "Level", LEVEL, 0),
    STAMP(TOP, "TimeCreated", 0),
    TIME(TOP, "EventTime", 1),
    TIME(BIT(SENTINEL), "TimeGenerated", 0),
    TIME(TOP, "@timestamp", 3),
    DATA(TOP, "UtcTime", TIME_SYSMON),
    EXPORT(TOP, "Message"), EXPORT(TOP, "message"),
    EXPORT(TOP, "host"), EXPORT(TOP, "port"), EXPORT(TOP, "tags"), EXPORT(TOP, "type"),

    /* the process that logged, if the thread is there too (NXLog, Fluent Bit) */
    SYSTEM(BIT(NXLOG) | BIT(FLAT), "ThreadID", THREAD_ID, 1),
    DATA(BIT(NXLOG) | BIT(FLAT), "ProcessID", LOGGING_PROCESS),
    DATA(BIT(NXLOG) | BIT(FLAT), "UserID", LOGGING_USER),
    DATA(TOP, "EventData.*", FIELD), DATA(TOP, "UserData.*", FIELD),
    DATA(TOP, "StringInserts", PARAM),

    /* NXLog's own */
    DATA(BIT(NXLOG), "AccountName", NXLOG_ACCOUNT),
    DATA(BIT(NXLOG), "Domain", NXLOG_ACCOUNT),
    DATA(BIT(NXLOG), "EventType", NXLOG_TYPE),
    {"EventReceivedTime", BIT(NXLOG), USE_TIME_RECEIVED, WINDOWS_FIELD_OTHER, 0, false},
    EXPORT(BIT(NXLOG), "AccountType"), EXPORT(BIT(NXLOG), "Category"),
    EXPORT(BIT(NXLOG), "Severity"), EXPORT(BIT(NXLOG), "SeverityValue"),
    EXPORT(BIT(NXLOG), "SourceModuleName"), EXPORT(BIT(NXLOG), "SourceModuleType"),
    EXPORT(BIT(NXLOG), "EventTypeOrignal"), EXPORT(BIT(NXLOG), "ERROR_EVT_UNRESOLVED"),
    EXPORT(BIT(NXLOG), "MessageSourceAddress"),

    /* Azure Monitor's own */
    EXPORT(BIT(SENTINEL), "TenantId"), EXPORT(BIT(SENTINEL), "SourceSystem"),
    EXPORT(BIT(SENTINEL), "MG"), EXPORT(BIT(SENTINEL), "ManagementGroupName"),
    EXPORT(BIT(SENTINEL), "Type"), EXPORT(BIT(SENTINEL), "Level"),
    EXPORT(BIT(SENTINEL), "Activity"), EXPORT(BIT(SENTINEL), "Account"),
    EXPORT(BIT(SENTINEL), "AccountType"), EXPORT(BIT(SENTINEL), "SubjectAccount"),
    EXPORT(BIT(SENTINEL), "TargetAccount"), EXPORT(BIT(SENTINEL), "LogonTypeName"),
    EXPORT(BIT(SENTINEL), "Process"), EXPORT(BIT(SENTINEL), "SourceComputerId"),
    EXPORT(BIT(SENTINEL), "EventOriginId"), EXPORT(BIT(SENTINEL), "TimeCollected"),
    EXPORT(BIT(SENTINEL), "EventData_dynamic"), EXPORT(BIT(SENTINEL), "EventData_string"),
    EXPORT(BIT(SENTINEL), "InstanceId"), EXPORT(BIT(SENTINEL), "timestamp"),
    EXPORT(BIT(SENTINEL), "HostCustomEntity"), EXPORT(BIT(SENTINEL), "AccountCustomEntity"),
};

static const struct { const char *path; uint32_t marks; } MARKS[] = {
    {"winlog.event_id", MARK_BEATS}, {"winlog.channel", MARK_BEATS},
    {"log_name", MARK_BEATS_6_LOG}, {"event_id", MARK_BEATS_6_ID},
    {"data.win.system.eventID", MARK_WAZUH},
    {"Id", MARK_CMDLET_ID}, {"LogName", MARK_CMDLET_LOG | MARK_ORIGIN},
    {"ProviderName", MARK_CMDLET_PROVIDER},
    {"EventID", MARK_EVENT_ID},
    {"Channel", MARK_ORIGIN}, {"EventLog", MARK_ORIGIN}, {"Hostname", MARK_ORIGIN},
    {"Computer", MARK_ORIGIN}, {"SourceName", MARK_ORIGIN}, {"EventSourceName", MARK_ORIGIN},
    {"SourceModuleType", MARK_NXLOG}, {"SourceModuleName", MARK_NXLOG},
    {"EventReceivedTime", MARK_NXLOG},
    {"ManagementGroupName", MARK_SENTINEL}, {"SourceComputerId", MARK_SENTINEL},
    {"ThreadID", MARK_THREAD}, {"AccountType", MARK_ACCOUNT_TYPE}, {"EventTypeOrignal", MARK_OTHER_TYPE},
};
/* clang-format on */

JsonShape shape_of_marks(uint32_t marks)
{
    const uint32_t beats_6 = MARK_BEATS_6_LOG | MARK_BEATS_6_ID;
    const uint32_t cmdlet = MARK_CMDLET_ID | MARK_CMDLET_LOG | MARK_CMDLET_PROVIDER;
    const uint32_t flat = MARK_EVENT_ID | MARK_ORIGIN;
    if (marks & MARK_TREE)
        return SHAPE_TREE;
    if ((marks & MARK_BEATS) || (marks & beats_6) == beats_6)
        return SHAPE_BEATS;
    if (marks & MARK_WAZUH)
        return SHAPE_WAZUH;
    if ((marks & flat) == flat)
        return marks & MARK_NXLOG      ? SHAPE_NXLOG
               : marks & MARK_SENTINEL ? SHAPE_SENTINEL
                                       : SHAPE_FLAT;
    return (marks & cmdlet) == cmdlet ? SHAPE_CMDLET : SHAPE_NONE;
}

uint32_t path_marks(Text path)
{
    uint32_t marks = 0;
    for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++)
        if (text_equal(path, text_from_z(MARKS[i].path)))
            marks |= MARKS[i].marks;
    return marks;
}

const PathRow *path_row(JsonShape shape, Text path, Text *ret_rest)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (!(ROWS[i].shapes >> shape & 1))
            continue;
        Text pattern = text_from_z(ROWS[i].path);
        bool star = text_ends(pattern, TEXT(".*"));
        pattern.len -= star;
        if (star ? text_starts(path, pattern) && path.len > pattern.len
                 : text_equal(path, pattern)) {
            *ret_rest = star ? text_of(path.ptr + pattern.len, path.len - pattern.len) : path;
            return &ROWS[i];
        }
    }
    return NULL;
}

bool path_is_data(JsonShape shape, Text path)
{
    if (!(TOP >> shape & 1))
        return false;
    return path.len > 0 && path.ptr[0] != '@' && path.ptr[0] != '_';
}
