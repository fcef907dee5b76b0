/* sample_log.h: the events of the sample log (writer_sample.h) and the clock and counters behind
 * them. */
#ifndef SAMPLE_LOG_H
#define SAMPLE_LOG_H

#include "evtx_writer.h"

#include <stdbool.h>
#include <stdint.h>

#define SAMPLE_HOST     "WS-207"
#define SAMPLE_DOMAIN   "COURT"
#define SAMPLE_SYSTEM32 "C:\\Windows\\System32\\"

enum {
    SAMPLE_TASK_LOGON = 12544,
    SAMPLE_TASK_LOGOFF = 12545,
    SAMPLE_TASK_SPECIAL = 12548,
    SAMPLE_TASK_OBJECT = 12804,
    SAMPLE_TASK_PROCESS_START = 13312,
    SAMPLE_TASK_PROCESS_END = 13313,
    SAMPLE_TASK_STATE = 12288,
};

#define SAMPLE_AUDIT_SUCCESS UINT64_C(0x8020000000000000)
#define SAMPLE_AUDIT_FAILURE UINT64_C(0x8010000000000000)

typedef struct SampleLog {
    EvtxWriter *writer;
    uint64_t time; /* FILETIME */
    uint64_t next_id;
    uint64_t next_logon;
    uint32_t next_process;
    uint32_t random;
    bool failed;
} SampleLog;

typedef struct SampleField {
    const char *name;
    WriterType type; /* WRITER_SIZE: pointer-sized hex */
    const char *text;
} SampleField;

typedef struct SampleAccount {
    const char *sid;
    const char *name;
    const char *domain;
    uint64_t logon; /* of the present session */
} SampleAccount;

typedef struct SampleNumber {
    char text[24];
} SampleNumber;

SampleNumber sample_hex(uint64_t value);

/* Small numbers that look irregular; a linear congruential generator, the same in every run. */
uint32_t sample_pick(SampleLog *log, uint32_t below);
void sample_wait_ms(SampleLog *log, uint64_t ms);
void sample_at(SampleLog *log, const char *time); /* 2026-05-28T10:04:11.2031447Z */

/* One event; `fields` ends with a name of NULL. */
void sample_add(SampleLog *log, uint16_t id, uint8_t version, uint16_t task, uint64_t keywords,
                const SampleField *fields);

/* 4624 of the given type; gives the account with its new session. */
SampleAccount sample_logon(SampleLog *log, SampleAccount who, const char *type, const char *process,
                           const char *package, const char *address);
void sample_privileges(SampleLog *log, SampleAccount who);                       /* 4672 */
void sample_logoff(SampleLog *log, SampleAccount who, const char *type);         /* 4634 */
void sample_failed_logon(SampleLog *log, const char *name, const char *address); /* 4625 */

/* 4688; gives the number of the process. */
uint32_t sample_start(SampleLog *log, SampleAccount who, uint32_t parent, const char *parent_image,
                      const char *image, const char *command_line);
void sample_stop(SampleLog *log, SampleAccount who, uint32_t process, const char *image); /* 4689 */

#endif
