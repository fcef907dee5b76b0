#include "detect/sigma/number.h"

#include <math.h>
#include <stdlib.h>

#define NUMBER_TEXT_MAX 64

Number number_of_i64(int64_t v)
{
    if (v >= 0)
        return (Number){.bits = (uint64_t)v, .kind = NUMBER_POSITIVE};
    return (Number){.bits = 0 - (uint64_t)v, .kind = NUMBER_NEGATIVE};
}

Number number_of_double(double v)
{
    if (v == floor(v) && fabs(v) < 18446744073709551616.0) {
        uint64_t magnitude = (uint64_t)fabs(v);
        return (Number){.bits = magnitude,
                        .kind = v < 0 && magnitude ? NUMBER_NEGATIVE : NUMBER_POSITIVE};
    }
    Number n = {.kind = NUMBER_REAL};
    memcpy(&n.bits, &v, sizeof v);
    return n;
}

double number_to_double(Number n)
{
    double v;
    switch (n.kind) {
    case NUMBER_POSITIVE:
        return (double)n.bits;
    case NUMBER_NEGATIVE:
        return -(double)n.bits;
    case NUMBER_REAL:
        break;
    }
    memcpy(&v, &n.bits, sizeof v);
    return v;
}

int number_order(Number a, Number b)
{
    if (a.kind == NUMBER_REAL || b.kind == NUMBER_REAL) {
        double x = number_to_double(a), y = number_to_double(b);
        return (x > y) - (x < y);
    }
    if (a.kind != b.kind)
        return a.kind == NUMBER_NEGATIVE ? -1 : 1;
    int order = (a.bits > b.bits) - (a.bits < b.bits);
    return a.kind == NUMBER_NEGATIVE ? -order : order;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits and at most one point, which has digits on both sides, and an exponent. */
static bool is_real(Text t)
{
    size_t i = 0;
    while (i < t.len && is_digit(t.ptr[i]))
        i++;
    if (i == 0)
        return false;
    if (i < t.len && t.ptr[i] == '.') {
        size_t point = i++;
        while (i < t.len && is_digit(t.ptr[i]))
            i++;
        if (i == point + 1)
            return false;
    }
    if (i < t.len && (t.ptr[i] == 'e' || t.ptr[i] == 'E')) {
        i++;
        i += i < t.len && (t.ptr[i] == '-' || t.ptr[i] == '+');
        size_t first = i;
        while (i < t.len && is_digit(t.ptr[i]))
            i++;
        if (i == first)
            return false;
    }
    return i == t.len;
}

static bool parse_real(Text t, Number *ret)
{
    char z[NUMBER_TEXT_MAX];
    if (t.len >= sizeof z || !is_real(t))
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    double v = strtod(z, NULL);
    if (!isfinite(v))
        return false;
    *ret = number_of_double(v);
    return true;
}

bool number_parse(Text t, Number *ret)
{
    bool negative = t.len > 1 && t.ptr[0] == '-';
    Text digits = negative ? text_of(t.ptr + 1, t.len - 1) : t;
    if (digits.len == 0 || digits.len >= NUMBER_TEXT_MAX || !is_digit(digits.ptr[0]))
        return false;
    bool hex = digits.len > 2 && digits.ptr[0] == '0' && ascii_lower(digits.ptr[1]) == 'x';
    if (!hex && digits.len > 1 && digits.ptr[0] == '0' && is_digit(digits.ptr[1]))
        return false;
    Number n = {.kind = NUMBER_POSITIVE};
    if (hex ? negative || !text_to_u64_any(digits, &n.bits) : !text_to_u64(digits, &n.bits)) {
        if (hex || !parse_real(digits, &n))
            return false;
    }
    if (negative && n.kind == NUMBER_REAL)
        n = number_of_double(-number_to_double(n));
    else if (negative && n.bits)
        n.kind = NUMBER_NEGATIVE;
    *ret = n;
    return true;
}

Number number_of_yaml(const YamlValue *value)
{
    Number number;
    if (number_parse(value->text, &number)) /* beyond 63 bits too */
        return number;
    return value->type == YAML_INT ? number_of_i64(value->integer) : number_of_double(value->real);
}

bool number_of_value(Value v, Number *ret)
{
    double real;
    switch (v.type) {
    case VALUE_UINT:
    case VALUE_HEX:
        *ret = (Number){.bits = value_u64(v), .kind = NUMBER_POSITIVE};
        return true;
    case VALUE_INT:
        *ret = number_of_i64((int64_t)value_u64(v));
        return true;
    case VALUE_FLOAT: {
        uint64_t bits = value_u64(v);
        memcpy(&real, &bits, sizeof real);
        if (!isfinite(real))
            return false;
        *ret = number_of_double(real);
        return true;
    }
    case VALUE_TEXT:
        return number_parse(value_text(v), ret);
    default:
        return false;
    }
}
