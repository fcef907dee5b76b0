#include "format/windows_fields.h"

#include "event/twin.h"

/* clang-format off */
const Text WINDOWS_FIELD_TEXT[WINDOWS_FIELD_COUNT] = {
#define NAME(literal) {.ptr = literal, .len = sizeof literal - 1}
    [WINDOWS_PROVIDER_NAME] = NAME("System.Provider.Name"),
    [WINDOWS_PROVIDER_GUID] = NAME("System.Provider.Guid"),
    [WINDOWS_PROVIDER_SOURCE] = NAME("System.Provider.EventSourceName"),
    [WINDOWS_EVENT_ID] = NAME("System.EventID"),
    [WINDOWS_QUALIFIERS] = NAME("System.EventID.Qualifiers"),
    [WINDOWS_VERSION] = NAME("System.Version"),
    [WINDOWS_LEVEL] = NAME("System.Level"),
    [WINDOWS_TASK] = NAME("System.Task"),
    [WINDOWS_OPCODE] = NAME("System.Opcode"),
    [WINDOWS_KEYWORDS] = NAME("System.Keywords"),
    [WINDOWS_SYSTEM_TIME] = NAME("System.TimeCreated.SystemTime"),
    [WINDOWS_RECORD_ID] = NAME("System.EventRecordID"),
    [WINDOWS_ACTIVITY_ID] = NAME("System.Correlation.ActivityID"),
    [WINDOWS_RELATED_ACTIVITY_ID] = NAME("System.Correlation.RelatedActivityID"),
    [WINDOWS_PROCESS_ID] = NAME("System.Execution.ProcessID"),
    [WINDOWS_THREAD_ID] = NAME("System.Execution.ThreadID"),
    [WINDOWS_CHANNEL] = NAME("System.Channel"),
    [WINDOWS_COMPUTER] = NAME("System.Computer"),
    [WINDOWS_USER_ID] = NAME("System.Security.UserID"),
#undef NAME
};

/* Channels whose spelling an exporter may have lost. */
static const char *const CHANNELS[] = {
    "Application", "Security", "Setup", "System", "ForwardedEvents",
    "Active Directory Web Services", "AD FS/Admin", "DFS Replication", "Directory Service",
    "DNS Server", "File Replication Service", "HardwareEvents", "Internet Explorer",
    "Key Management Service", "MSExchange Management", "OAlerts", "OpenSSH/Admin",
    "OpenSSH/Operational", "PowerShellCore/Operational", "Windows PowerShell",
    "Microsoft-ServiceBus-Client",
    "Microsoft-Windows-Application-Experience/Program-Telemetry",
    "Microsoft-Windows-AppLocker/EXE and DLL", "Microsoft-Windows-AppLocker/MSI and Script",
    "Microsoft-Windows-AppLocker/Packaged app-Deployment",
    "Microsoft-Windows-AppLocker/Packaged app-Execution",
    "Microsoft-Windows-AppModel-Runtime/Admin",
    "Microsoft-Windows-AppXDeploymentServer/Operational",
    "Microsoft-Windows-AppxPackaging/Operational",
    "Microsoft-Windows-Authentication/AuthenticationPolicyFailures-DomainController",
    "Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-CAPI2/Operational",
    "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    "Microsoft-Windows-CodeIntegrity/Operational", "Microsoft-Windows-Crypto-DPAPI/Operational",
    "Microsoft-Windows-Diagnosis-Scripted/Operational",
    "Microsoft-Windows-DNS-Client/Operational", "Microsoft-Windows-DNSServer/Analytical",
    "Microsoft-Windows-DNSServer/Audit",
    "Microsoft-Windows-DriverFrameworks-UserMode/Operational",
    "Microsoft-Windows-GroupPolicy/Operational", "Microsoft-Windows-Kernel-PnP/Configuration",
    "Microsoft-Windows-LDAP-Client/Debug", "Microsoft-Windows-LSA/Operational",
    "Microsoft-Windows-NTLM/Operational", "Microsoft-Windows-Ntfs/Operational",
    "Microsoft-Windows-Partition/Diagnostic", "Microsoft-Windows-PowerShell/Admin",
    "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PrintService/Admin",
    "Microsoft-Windows-PrintService/Operational",
    "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
    "Microsoft-Windows-Security-Mitigations/KernelMode",
    "Microsoft-Windows-Security-Mitigations/UserMode", "Microsoft-Windows-Shell-Core/Operational",
    "Microsoft-Windows-SMBClient/Connectivity", "Microsoft-Windows-SmbClient/Security",
    "Microsoft-Windows-SMBServer/Audit", "Microsoft-Windows-SMBServer/Connectivity",
    "Microsoft-Windows-SMBServer/Operational", "Microsoft-Windows-SMBServer/Security",
    "Microsoft-Windows-Store/Operational", "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-TaskScheduler/Maintenance", "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-TerminalServices-Gateway/Operational",
    "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    "Microsoft-Windows-TerminalServices-RDPClient/Operational",
    "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
    "Microsoft-Windows-UniversalTelemetryClient/Operational",
    "Microsoft-Windows-User Profile Service/Operational", "Microsoft-Windows-VHDMP-Operational",
    "Microsoft-Windows-WER-Diag/Operational", "Microsoft-Windows-WLAN-AutoConfig/Operational",
    "Microsoft-Windows-WMI-Activity/Operational",
    "Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-Windows Defender/WHC",
    "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
    "Microsoft-Windows-WindowsUpdateClient/Operational", "Microsoft-Windows-WinINet-Config/ProxyConfigChanged",
    "Microsoft-Windows-WinRM/Operational", "Microsoft-Windows-Winlogon/Operational",
    "Microsoft-Windows-Wired-AutoConfig/Operational",
};
/* clang-format on */

WindowsField windows_field(Text native_name)
{
    for (int i = 0; i < WINDOWS_FIELD_COUNT; i++)
        if (text_equal(native_name, WINDOWS_FIELD_TEXT[i]))
            return (WindowsField)i;
    return WINDOWS_FIELD_OTHER;
}

static bool has_upper(Text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] >= 'A' && t.ptr[i] <= 'Z')
            return true;
    return false;
}

Text windows_channel(Text as_found)
{
    if (as_found.len == 0 || has_upper(as_found))
        return as_found;
    for (size_t i = 0; i < sizeof CHANNELS / sizeof CHANNELS[0]; i++) {
        Text known = text_from_z(CHANNELS[i]);
        if (text_equal_nocase(as_found, known))
            return known;
    }
    return as_found;
}

void windows_event_begin(WindowsEvent *event, uint64_t offset, uint64_t size)
{
    *event = (WindowsEvent){
        .offset = offset,
        .size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
        .record_id = RECORD_ID_NONE,
        .time = TIME_NONE,
    };
}

bool windows_add_number(Sink *sink, NameId name, Text text)
{
    uint64_t number;
    int64_t negative;
    if (text_to_u64(text, &number))
        sink_add_u64(sink, name, VALUE_UINT, number);
    else if (text_to_i64(text, &negative))
        sink_add_u64(sink, name, VALUE_INT, (uint64_t)negative);
    else
        return false;
    return true;
}

/* Keywords are a set of 64 bits; exporters write them as a signed number too. */
static bool add_keywords(Sink *sink, NameId name, Text text)
{
    uint64_t bits;
    int64_t negative;
    if (!text_to_u64(text, &bits)) {
        if (!text_to_i64(text, &negative))
            return false;
        bits = (uint64_t)negative;
    }
    sink_add_u64(sink, name, VALUE_HEX, bits);
    return true;
}

static bool add_time(Sink *sink, WindowsEvent *event, NameId name, Text text)
{
    bool zone_known;
    if (!time_parse(text, &event->time, &zone_known))
        return false;
    event->meaning = TIME_MEANS_LOGGED;
    event->quality = TIME_EXACT;
    sink_add_u64(sink, name, VALUE_TIME, (uint64_t)event->time);
    return true;
}

void windows_add_system(Sink *sink, WindowsEvent *event, WindowsField field, NameId name, Text text)
{
    uint64_t number;
    bool added = false;
    if (text.len == 0)
        return;
    switch (field) {
    case WINDOWS_PROVIDER_NAME:
        event->provider = text;
        break;
    case WINDOWS_CHANNEL:
        event->channel = windows_channel(text);
        break;
    case WINDOWS_COMPUTER:
        event->computer = text;
        break;
    case WINDOWS_RECORD_ID:
        if (text_to_u64(text, &number))
            event->record_id = number;
        added = windows_add_number(sink, name, text);
        break;
    case WINDOWS_EVENT_ID:
        event->code = text;
        added = windows_add_number(sink, name, text);
        break;
    case WINDOWS_KEYWORDS:
        added = add_keywords(sink, name, text);
        break;
    case WINDOWS_SYSTEM_TIME:
        added = add_time(sink, event, name, text);
        break;
    case WINDOWS_PROVIDER_GUID:
    case WINDOWS_PROVIDER_SOURCE:
    case WINDOWS_ACTIVITY_ID:
    case WINDOWS_RELATED_ACTIVITY_ID:
    case WINDOWS_USER_ID:
        break;
    default:
        added = windows_add_number(sink, name, text);
        break;
    }
    if (!added)
        sink_add_text(sink, name, text);
}

bool windows_commit(Sink *sink, const WindowsEvent *event)
{
    bool timed = event->time != TIME_NONE;
    EventHead head = {
        .time = event->time,
        .offset = event->offset,
        .size = event->size,
        .record_id = event->record_id,
        .meaning = timed ? event->meaning : TIME_MEANS_UNKNOWN,
        .quality = timed ? event->quality : TIME_MISSING,
    };
    EventKind kind = {
        .product = TEXT("windows"),
        .channel = event->channel,
        .provider = event->provider,
        .code = event->code,
    };
    if (timed && event->channel.len && event->computer.len && event->code.len)
        head.twin = twin_windows(event->computer, event->channel, event->record_id, event->code,
                                 event->time);
    return sink_commit(sink, &head, &kind);
}
