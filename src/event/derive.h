/* derive.h: one native value to one ECS value. A Transform of ecs.tsv is one operation, or several
 * that fill fields below its name: "process.hash" with TRANSFORM_HASHES gives process.hash.md5,
 * process.hash.sha1 and so on. */
#ifndef EVENT_DERIVE_H
#define EVENT_DERIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "event/schema.h"
#include "event/value.h"

typedef enum DeriveOp {
    DERIVE_COPY,       /* present unless empty */
    DERIVE_LOWER,      /* ASCII letters */
    DERIVE_IP,         /* canonical text; no brackets, zone or port; IPv4-mapped as IPv4 */
    DERIVE_BASENAME,   /* after the last / or \ */
    DERIVE_DASH_EMPTY, /* "-" is nothing */
    DERIVE_PID,        /* a number, also from 0x… */
    DERIVE_PORT,       /* a number 1..65535 */
    DERIVE_MD5,
    DERIVE_SHA1,
    DERIVE_SHA256,
    DERIVE_SHA512,
    DERIVE_IMPHASH,
    DERIVE_DOMAIN, /* of DOMAIN\name */
    DERIVE_USER,
    DERIVE_OP_COUNT
} DeriveOp;

/* Longer values are not transformed: lower leaves them as they are, the others give nothing. */
#define DERIVE_BYTES_MAX (256u * 1024)

typedef enum DeriveResult { DERIVE_ABSENT, DERIVE_SAME, DERIVE_NEW } DeriveResult;

/* With DERIVE_NEW the value is *ret; its bytes are in `scratch`. */
DeriveResult derive_value(Value v, DeriveOp op, Buf *scratch, Value *ret);

/* The operations of a transform, and what each appends to the ECS name of its row. A suffix that
 * begins with '~' replaces a final ".hash" of the name. Returns their number. */
#define DERIVE_TARGETS_MAX 5
typedef struct DeriveTarget {
    DeriveOp op;
    Text suffix;
} DeriveTarget;
size_t derive_targets(Transform transform, DeriveTarget ret[DERIVE_TARGETS_MAX]);

/* Null, no bytes, or the "-" that Windows writes for nothing. */
static inline bool value_is_blank(Value v)
{
    return v.type == VALUE_NULL || v.bytes.len == 0 ||
           (v.type == VALUE_TEXT && v.bytes.len == 1 && v.bytes.ptr[0] == '-');
}

#endif
