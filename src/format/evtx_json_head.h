/* evtx_json_head.h: what the beginning of a JSON file tells about the rest. */
#ifndef FORMAT_EVTX_JSON_HEAD_H
#define FORMAT_EVTX_JSON_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "format/evtx_json_paths.h"

typedef struct JsonHead {
    JsonShape shape;  /* of the first record that is a Windows event */
    bool wide;        /* UTF-16LE with a byte order mark */
    bool lines;       /* every record is a line; else read elements */
    uint64_t list_at; /* offset of the '[' when the records are a list inside an object; else 0 */
} JsonHead;

/* false: no memory. */
bool json_head_read(Span head, JsonHead *ret);

#endif
