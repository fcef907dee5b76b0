#include "event/meaning.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum CodeUse { CODE_NUMBER, CODE_MASK } CodeUse;

/* Which set explains which field. The first row that suits counts; empty texts suit all. */
typedef struct SetRow {
    Text service;
    uint32_t first_code, last_code; /* 0: any event */
    Text object_type;
    Text field, set;
    CodeUse use;
} SetRow;

/* clang-format off */
#define T(literal) {.ptr = "" literal "", .len = sizeof(literal) - 1}

static const SetRow SETS[] = {
    {T("security"), 0, 0, T(""), T("LogonType"), T("logon-type"), CODE_NUMBER},
    {T("security"), 4768, 4773, T(""), T("Status"), T("kerberos-result"), CODE_NUMBER},
    {T("security"), 4768, 4773, T(""), T("FailureCode"), T("kerberos-result"), CODE_NUMBER},
    {T("security"), 4768, 4773, T(""), T("TicketEncryptionType"), T("ticket-encryption"), CODE_NUMBER},
    {T("security"), 5140, 5159, T(""), T("Protocol"), T("ip-protocol"), CODE_NUMBER},
    {T("firewall-as"), 0, 0, T(""), T("Protocol"), T("ip-protocol"), CODE_NUMBER},
    {T("security"), 0, 0, T("File"), T("AccessMask"), T("access-mask-file"), CODE_MASK},
    {T("security"), 0, 0, T("Process"), T("AccessMask"), T("access-mask-process"), CODE_MASK},
    {T("sysmon"), 10, 10, T(""), T("GrantedAccess"), T("access-mask-process"), CODE_MASK},
    {T(""), 0, 0, T(""), T("Status"), T("ntstatus"), CODE_NUMBER},
    {T(""), 0, 0, T(""), T("SubStatus"), T("ntstatus"), CODE_NUMBER},
};
/* clang-format on */

static bool suits(const SetRow *row, const MeaningContext *context, Text field)
{
    uint64_t code = 0;
    if (!text_equal_nocase(row->field, field) ||
        (row->service.len && !text_equal(row->service, context->kind.service)) ||
        (row->object_type.len && !text_equal_nocase(row->object_type, context->object_type)))
        return false;
    return row->first_code == 0 || (text_to_u64(context->kind.code, &code) &&
                                    code >= row->first_code && code <= row->last_code);
}

static Text find_hexadecimal(const Schema *schema, Text set, uint32_t number)
{
    char code[16];
    int n = snprintf(code, sizeof code, "0x%x", (unsigned)number);
    return schema_parameter(schema, set, text_of(code, n > 0 ? (size_t)n : 0));
}

static Text find_decimal(const Schema *schema, Text set, uint32_t number)
{
    char code[16];
    int n = snprintf(code, sizeof code, "%u", (unsigned)number);
    return schema_parameter(schema, set, text_of(code, n > 0 ? (size_t)n : 0));
}

/* Known bits of a mask, lowest first. */
static size_t find_bits(const Schema *schema, Text set, uint32_t mask, Text ret[MEANINGS_MAX])
{
    size_t n = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (!(mask >> bit & 1))
            continue;
        ret[n] = find_hexadecimal(schema, set, UINT32_C(1) << bit);
        n += ret[n].len > 0;
    }
    return n;
}

/* The number of a value whose tables are of 32 bits; exports write status codes signed too. */
static bool code_number(Value value, uint32_t *ret)
{
    uint64_t number;
    int64_t negative;
    if (!value_to_u64(value, &number)) {
        if (value.type == VALUE_INT)
            number = value_u64(value);
        else if (value.type == VALUE_TEXT && text_to_i64(value_text(value), &negative))
            number = (uint64_t)negative;
        else
            return false;
    }
    if (number > UINT32_MAX && number < UINT64_MAX - INT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

size_t meaning_find(const MeaningContext *context, Text field, Value value, Text ret[MEANINGS_MAX])
{
    uint32_t number;
    const SetRow *row = SETS, *end = SETS + sizeof SETS / sizeof SETS[0];
    while (row < end && !suits(row, context, field))
        row++;
    if (row == end || !code_number(value, &number))
        return 0;
    if (row->use == CODE_MASK)
        return find_bits(context->schema, row->set, number, ret);
    ret[0] = find_hexadecimal(context->schema, row->set, number);
    if (ret[0].len == 0)
        ret[0] = find_decimal(context->schema, row->set, number);
    return ret[0].len > 0;
}

Text meaning_of_word(const MeaningContext *context, Text digits)
{
    Text set = text_equal(context->kind.service, TEXT("windefend")) ? TEXT("defender-param")
                                                                    : TEXT("windows-param");
    return schema_parameter(context->schema, set, digits);
}
