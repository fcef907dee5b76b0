#include "detect/indicator/value.h"

#include "detect/sigma/fold.h"

#define TEXT_LEAST       3 /* bytes of a text that may mean something */
#define DOMAIN_BYTES_MAX 253
#define LABEL_BYTES_MAX  63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool has_control(Text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.ptr[i] < 0x20 || t.ptr[i] == 0x7F)
            return true;
    return false;
}

static bool starts_folded(Text t, Text prefix)
{
    return t.len >= prefix.len && text_equal_nocase(text_of(t.ptr, prefix.len), prefix);
}

static void add_folded(Buf *out, Text t)
{
    char *place = buf_reserve(out, FOLD_ROOM(t.len));
    if (place)
        out->len += fold_text(t, place);
}

static void add_lower(Buf *out, Text t)
{
    char *place = buf_reserve(out, t.len);
    if (!place)
        return;
    text_lower(t, place);
    out->len += t.len;
}

/* ---- hashes ---- */

static const char *hash_value(Text written, size_t digits, Buf *out)
{
    size_t start = out->len;
    add_lower(out, written);
    if (out->failed)
        return "no memory";
    if (written.len != digits)
        return digits == 64   ? "a SHA-256 has 64 hexadecimal digits"
               : digits == 40 ? "a SHA-1 has 40 hexadecimal digits"
                              : "an MD5 or IMPHASH has 32 hexadecimal digits";
    for (size_t i = start; i < out->len; i++)
        if (!is_hex(out->ptr[i]))
            return "a hash has hexadecimal digits only";
    return NULL;
}

/* ---- networks ---- */

static Text without_zone(Text t, char *room, size_t size)
{
    size_t zone = text_find(t, '%'), slash = text_find(t, '/');
    size_t begin = t.len > 1 && t.ptr[0] == '[';
    size_t end = begin && t.ptr[t.len - 1] == ']' ? t.len - 1 : t.len;
    if (zone >= end || t.len >= size)
        return text_of(t.ptr + begin, end - begin);
    size_t len = zone - begin;
    memcpy(room, t.ptr + begin, len);
    if (slash > zone && slash < end) {
        memcpy(room + len, t.ptr + slash, end - slash);
        len += end - slash;
    }
    return text_of(room, len);
}

/* a.b.c.d:443 and [::1]:443: the port is not compared. */
static Text without_port(Text t)
{
    size_t colon = t.len;
    while (colon > 0 && is_digit(t.ptr[colon - 1]))
        colon--;
    if (colon < 2 || colon == t.len || t.ptr[colon - 1] != ':')
        return t;
    bool v4 = text_find(t, ':') == colon - 1;
    return v4 || t.ptr[colon - 2] == ']' ? text_of(t.ptr, colon - 1) : t;
}

static const char *network_value(Text written, IndicatorValue *ret, Buf *out)
{
    char room[IP_TEXT_MAX + 8];
    Text t = without_zone(without_port(written), room, sizeof room);
    IpNetworkFault fault = ip_network_parse(t, &ret->network);
    if (fault == NETWORK_HOST_BITS)
        return "bits are set behind the prefix of the network";
    if (fault == NETWORK_NONE)
        return "not an address or network: 10.0.0.1, 10.0.0.0/8, 2001:db8::/32";
    bool mapped = ret->network.bits >= IPV4_BITS_AT && ret->network.address.bytes[10] == 0xFF &&
                  ret->network.address.bytes[11] == 0xFF;
    if (ret->network.bits == 0 || (mapped && ret->network.bits == IPV4_BITS_AT))
        return "a network of all addresses says nothing";
    ret->type = ret->network.bits == IP_BITS ? INDICATOR_ADDRESS : INDICATOR_NETWORK;
    buf_add(out, ret->network.address.bytes, sizeof ret->network.address.bytes);
    buf_add_char(out, (char)ret->network.bits);
    return NULL;
}

/* ---- domains ---- */

bool indicator_is_domain(Text t)
{
    size_t label = 0, labels = 0;
    bool letter = false;
    if (t.len == 0 || t.len > DOMAIN_BYTES_MAX)
        return false;
    for (size_t i = 0; i <= t.len; i++) {
        if (i == t.len || t.ptr[i] == '.') {
            if (label == 0 || label > LABEL_BYTES_MAX || t.ptr[i - 1] == '-')
                return false;
            labels++;
            label = 0;
            if (i < t.len)
                letter = false;
            continue;
        }
        char c = t.ptr[i];
        if (!is_alnum(c) && c != '_' && (c != '-' || label == 0))
            return false;
        letter = letter || !is_digit(c);
        label++;
    }
    return labels >= 2 && letter;
}

static const char *domain_value(Text written, IndicatorValue *ret, Buf *out)
{
    Text t = written;
    while (t.len && t.ptr[t.len - 1] == '.')
        t.len--;
    if (ret->use == TERM_LIKE) {
        if (!text_starts(t, TEXT("%.")))
            return "of LIKE on a domain only '%.domain' is compared";
        t = text_of(t.ptr + 2, t.len - 2);
        ret->use = TERM_IS;
    }
    if (text_starts(t, TEXT("*.")))
        t = text_of(t.ptr + 2, t.len - 2);
    size_t start = out->len;
    add_folded(out, t);
    if (out->failed)
        return "no memory";
    return indicator_is_domain(text_of(out->ptr + start, out->len - start))
               ? NULL
               : "not the name of a domain";
}

/* ---- text ---- */

/* %APPDATA%\a and $env:APPDATA\a: what follows the variable. */
static Text without_variable(Text t)
{
    if (t.len > 2 && t.ptr[0] == '%') {
        size_t end = text_find(text_of(t.ptr + 1, t.len - 1), '%') + 1;
        if (end + 1 < t.len && (t.ptr[end + 1] == '\\' || t.ptr[end + 1] == '/'))
            return text_of(t.ptr + end + 1, t.len - end - 1);
    }
    return t;
}

/* Logs write hives in several ways: the key below the hive is compared. */
static Text without_hive(Text t)
{
    static const Text HIVES[] = {
        {"HKEY_LOCAL_MACHINE", 18},
        {"HKEY_CURRENT_USER", 17},
        {"HKEY_CLASSES_ROOT", 17},
        {"HKEY_USERS", 10},
        {"HKEY_CURRENT_CONFIG", 19},
        {"\\REGISTRY\\MACHINE", 17},
        {"\\REGISTRY\\USER", 14},
        {"HKLM", 4},
        {"HKCU", 4},
        {"HKCR", 4},
        {"HKU", 3},
    };
    for (size_t i = 0; i < sizeof HIVES / sizeof HIVES[0]; i++) {
        Text rest = text_of(t.ptr + HIVES[i].len, t.len - HIVES[i].len);
        if (!starts_folded(t, HIVES[i]))
            continue;
        if (rest.len && rest.ptr[0] == ':') /* PowerShell's drive */
            rest = text_of(rest.ptr + 1, rest.len - 1);
        if (rest.len && rest.ptr[0] == '\\')
            return rest;
    }
    return t;
}

static Text without_end(Text t, char c)
{
    while (t.len > 1 && t.ptr[t.len - 1] == c)
        t.len--;
    return t;
}

static const char *mail_fault(Text folded)
{
    size_t at = text_find(folded, '@');
    if (at == folded.len || (at == 0 && folded.len < 2))
        return "not a mail address";
    return indicator_is_domain(text_of(folded.ptr + at + 1, folded.len - at - 1))
               ? NULL
               : "the part of a mail address behind @ is not a domain";
}

static const char *name_fault(Text folded)
{
    return text_find(folded, '\\') < folded.len || text_find(folded, '/') < folded.len
               ? "a file name has no folder"
               : NULL;
}

/* The longest part of a LIKE without wildcards. */
static size_t longest_part(Text t)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < t.len; i++) {
        run = t.ptr[i] == '%' || t.ptr[i] == '_' ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static const char *text_value(Text written, IndicatorValue *ret, Buf *out)
{
    Text t = written;
    if (ret->use == TERM_IS) {
        if (ret->type == INDICATOR_PATH)
            t = without_variable(t);
        if (ret->type == INDICATOR_REGISTRY)
            t = without_end(without_hive(t), '\\');
        if (ret->type == INDICATOR_URL)
            t = without_end(t, '/');
    }
    size_t start = out->len;
    add_folded(out, t);
    if (out->failed)
        return "no memory";
    Text folded = text_of(out->ptr + start, out->len - start);
    if (has_control(folded))
        return "it has control characters";
    if ((ret->use == TERM_LIKE ? longest_part(folded) : folded.len) < TEXT_LEAST)
        return "it is too short to mean anything (three characters at least)";
    if (ret->use != TERM_IS)
        return NULL;
    return ret->type == INDICATOR_MAIL   ? mail_fault(folded)
           : ret->type == INDICATOR_NAME ? name_fault(folded)
                                         : NULL;
}

const char *indicator_value(Text written, IndicatorValue *ret, Buf *out)
{
    Text t = text_trim(written);
    if (t.len == 0)
        return "it is empty";
    if (t.len > INDICATOR_VALUE_MAX)
        return "it is longer than 4096 bytes";
    switch (ret->type) {
    case INDICATOR_SHA256:
    case INDICATOR_SHA1:
    case INDICATOR_MD5:
    case INDICATOR_IMPHASH:
        if (ret->use != TERM_IS)
            return "of hashes only equality is compared";
        return hash_value(t,
                          ret->type == INDICATOR_SHA256 ? 64
                          : ret->type == INDICATOR_SHA1 ? 40
                                                        : 32,
                          out);
    case INDICATOR_ADDRESS:
    case INDICATOR_NETWORK:
        if (ret->use != TERM_IS)
            return "of addresses only equality and networks are compared";
        return network_value(t, ret, out);
    case INDICATOR_DOMAIN:
        if (ret->use != TERM_CONTAINS)
            return domain_value(t, ret, out);
        break;
    default:
        break;
    }
    return text_value(t, ret, out);
}
