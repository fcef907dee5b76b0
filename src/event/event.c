#include "event/event.h"

#include <assert.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define T(literal) {.ptr = "" literal "", .len = sizeof(literal) - 1}

const Text TIME_MEANING_TEXT[] = {
    [TIME_MEANS_LOGGED] = T("Event Logged"),
    [TIME_MEANS_WRITTEN] = T("Record Written"),
    [TIME_MEANS_UNKNOWN] = T("Not a time"),
};
static_assert(COUNT_OF(TIME_MEANING_TEXT) == TIME_MEANING_COUNT, "one text each");

const Text TIME_QUALITY_TEXT[] = {
    [TIME_EXACT] = T("exact"),
    [TIME_ZONE_ASSUMED] = T("zone assumed"),
    [TIME_YEAR_INFERRED] = T("year inferred"),
    [TIME_CLOCK_DOUBTFUL] = T("clock doubtful"),
    [TIME_MISSING] = T("missing"),
    [TIME_ZONE_INFERRED] = T("zone inferred"),
};
static_assert(COUNT_OF(TIME_QUALITY_TEXT) == TIME_QUALITY_COUNT, "one text each");

const Text EVENT_CLASS_TEXT[] = {
    [EVENT_LIVE] = T("live"),
    [EVENT_RECOVERED] = T("recovered"),
    [EVENT_FRAGMENT] = T("fragment"),
};
static_assert(COUNT_OF(EVENT_CLASS_TEXT) == EVENT_CLASS_COUNT, "one text each");

const Text ROLE_TEXT[] = {
    [ROLE_USER] = T("user"),
    [ROLE_USER_DOMAIN] = T("user_domain"),
    [ROLE_USER_SID] = T("user_sid"),
    [ROLE_USER_TARGET] = T("user_target"),
    [ROLE_USER_TARGET_DOMAIN] = T("user_target_domain"),
    [ROLE_USER_TARGET_SID] = T("user_target_sid"),
    [ROLE_SESSION] = T("session"),
    [ROLE_SESSION_TARGET] = T("session_target"),
    [ROLE_SOURCE_HOST] = T("source_host"),
    [ROLE_SOURCE_IP] = T("source_ip"),
    [ROLE_SOURCE_PORT] = T("source_port"),
    [ROLE_DESTINATION_HOST] = T("destination_host"),
    [ROLE_DESTINATION_IP] = T("destination_ip"),
    [ROLE_DESTINATION_PORT] = T("destination_port"),
    [ROLE_PROCESS] = T("process"),
    [ROLE_PROCESS_ID] = T("process_id"),
    [ROLE_PROCESS_GUID] = T("process_guid"),
    [ROLE_PROCESS_COMMAND_LINE] = T("process_command_line"),
    [ROLE_PARENT_PROCESS] = T("parent_process"),
    [ROLE_PARENT_PROCESS_ID] = T("parent_process_id"),
    [ROLE_PARENT_PROCESS_GUID] = T("parent_process_guid"),
    [ROLE_PARENT_COMMAND_LINE] = T("parent_command_line"),
    [ROLE_OBJECT] = T("object"),
    [ROLE_OBJECT_DETAIL] = T("object_detail"),
    [ROLE_HASH] = T("hash"),
};
static_assert(COUNT_OF(ROLE_TEXT) == ROLE_COUNT, "one text each");
/* clang-format on */
