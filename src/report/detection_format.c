#include "report/detection_format.h"

extern const DetectionFormat table_detections, csv_detections, json_detections, jsonl_detections;

const DetectionFormat *const DETECTION_FORMATS[] = {
    &table_detections,
    &csv_detections,
    &json_detections,
    &jsonl_detections,
};
const size_t DETECTION_FORMAT_COUNT = sizeof DETECTION_FORMATS / sizeof DETECTION_FORMATS[0];

const DetectionFormat *detection_format_by_name(Text name)
{
    for (size_t i = 0; i < DETECTION_FORMAT_COUNT; i++)
        if (text_equal(text_from_z(DETECTION_FORMATS[i]->name), name))
            return DETECTION_FORMATS[i];
    return NULL;
}

Text detection_level(const Rule *rule)
{
    return RULE_LEVEL_TEXT[rule_level(rule)];
}

const char *level_color(RuleLevel level)
{
    switch (level) {
    case RULE_CRITICAL:
        return "\033[1;31m";
    case RULE_HIGH:
        return "\033[31m";
    case RULE_MEDIUM:
        return "\033[33m";
    case RULE_LOW:
        return "\033[32m";
    default:
        return "";
    }
}

bool detection_code_is_number(Text code)
{
    if (code.len == 0 || code.len > 18 || (code.len > 1 && code.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return false;
    return true;
}
