#include "event/derive.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define PORT_MAX 65535

static DeriveResult give_text(Buf *scratch, Text text, Value *ret)
{
    if (text.len == 0)
        return DERIVE_ABSENT;
    buf_clear(scratch);
    buf_add_text(scratch, text);
    *ret = (Value){.type = VALUE_TEXT, .bytes = buf_span(scratch)};
    return scratch->failed ? DERIVE_ABSENT : DERIVE_NEW;
}

static DeriveResult give_lower(Buf *scratch, Text text, Value *ret)
{
    DeriveResult result = give_text(scratch, text, ret);
    if (result == DERIVE_NEW)
        text_lower(text, scratch->ptr);
    return result;
}

static DeriveResult derive_lower(Value v, Buf *scratch, Value *ret)
{
    Text text = value_text(v);
    if (v.type != VALUE_TEXT || text.len > DERIVE_BYTES_MAX)
        return DERIVE_SAME;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
            return give_lower(scratch, text, ret);
    return DERIVE_SAME;
}

/* Without brackets, zone and port: "[fe80::1%3]:445" → "fe80::1", "10.0.0.1:80" → "10.0.0.1". */
static Text bare_address(Text text)
{
    if (text.len && text.ptr[0] == '[') {
        Text rest = text_of(text.ptr + 1, text.len - 1);
        text = text_cut(&rest, ']');
    }
    Text rest = text;
    Text first = text_cut(&rest, ':');
    if (text_find(rest, ':') == rest.len && text_find(first, '.') < first.len)
        text = first;
    rest = text;
    return text_cut(&rest, '%');
}

static DeriveResult derive_ip(Value v, Buf *scratch, Value *ret)
{
    char address[INET6_ADDRSTRLEN + 1], canonical[INET6_ADDRSTRLEN];
    struct in6_addr six;
    struct in_addr four;
    Text text = value_text(v), bare = bare_address(text);
    if (v.type != VALUE_TEXT || bare.len == 0 || bare.len >= sizeof address ||
        memchr(bare.ptr, '\0', bare.len))
        return DERIVE_ABSENT;
    memcpy(address, bare.ptr, bare.len);
    address[bare.len] = '\0';
    if (inet_pton(AF_INET, address, &four) == 1)
        return bare.len == text.len ? DERIVE_SAME : give_text(scratch, bare, ret);
    if (inet_pton(AF_INET6, address, &six) != 1)
        return DERIVE_ABSENT;
    const char *out = IN6_IS_ADDR_V4MAPPED(&six)
                          ? inet_ntop(AF_INET, &six.s6_addr[12], canonical, sizeof canonical)
                          : inet_ntop(AF_INET6, &six, canonical, sizeof canonical);
    Text result = text_from_z(out);
    return text_equal(result, text) ? DERIVE_SAME : give_text(scratch, result, ret);
}

static DeriveResult derive_basename(Value v, Buf *scratch, Value *ret)
{
    Text text = value_text(v);
    if (v.type != VALUE_TEXT || text.len > DERIVE_BYTES_MAX)
        return DERIVE_ABSENT;
    size_t at = text.len;
    while (at && text.ptr[at - 1] != '\\' && text.ptr[at - 1] != '/')
        at--;
    return at == 0 ? DERIVE_SAME : give_text(scratch, text_of(text.ptr + at, text.len - at), ret);
}

static DeriveResult derive_number(Value v, uint64_t least, uint64_t most, Buf *scratch, Value *ret)
{
    uint64_t number;
    uint8_t bytes[8];
    if (!value_to_u64(v, &number) || number < least || number > most)
        return DERIVE_ABSENT;
    if (v.type == VALUE_UINT)
        return DERIVE_SAME;
    store_u64le(bytes, number);
    DeriveResult result = give_text(scratch, text_from_span(span_of(bytes, 8)), ret);
    ret->type = VALUE_UINT;
    return result;
}

static bool is_all_zero(Text digits)
{
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] != '0')
            return false;
    return true;
}

/* One digest of "SHA1=…,MD5=…", or of a bare one, which is known by its length. */
static DeriveResult derive_hash(Value v, Text name, size_t digits, Buf *scratch, Value *ret)
{
    Text rest = value_text(v);
    if (v.type != VALUE_TEXT || rest.len > DERIVE_BYTES_MAX)
        return DERIVE_ABSENT;
    bool bare = text_find(rest, '=') == rest.len && digits != 0;
    if (bare && rest.len == digits)
        return give_lower(scratch, rest, ret);
    while (!bare && rest.len) {
        Text value = text_trim(text_cut(&rest, ','));
        Text key = text_trim(text_cut(&value, '='));
        if (text_equal_nocase(key, name) && !is_all_zero(value))
            return give_lower(scratch, text_trim(value), ret);
    }
    return DERIVE_ABSENT;
}

static DeriveResult derive_account(Value v, DeriveOp op, Buf *scratch, Value *ret)
{
    Text name = value_text(v);
    if (v.type != VALUE_TEXT || name.len > DERIVE_BYTES_MAX)
        return DERIVE_ABSENT;
    if (text_find(name, '\\') == name.len)
        return op == DERIVE_USER ? DERIVE_SAME : DERIVE_ABSENT;
    Text domain = text_cut(&name, '\\');
    return give_text(scratch, op == DERIVE_USER ? name : domain, ret);
}

DeriveResult derive_value(Value v, DeriveOp op, Buf *scratch, Value *ret)
{
    if (v.type == VALUE_NULL || v.bytes.len == 0)
        return DERIVE_ABSENT;
    if (op != DERIVE_COPY && op != DERIVE_LOWER && value_is_blank(v))
        return DERIVE_ABSENT;
    switch (op) {
    case DERIVE_COPY:
    case DERIVE_DASH_EMPTY:
        return DERIVE_SAME;
    case DERIVE_LOWER:
        return derive_lower(v, scratch, ret);
    case DERIVE_IP:
        return derive_ip(v, scratch, ret);
    case DERIVE_BASENAME:
        return derive_basename(v, scratch, ret);
    case DERIVE_PID:
        return derive_number(v, 0, UINT64_MAX, scratch, ret);
    case DERIVE_PORT:
        return derive_number(v, 1, PORT_MAX, scratch, ret);
    case DERIVE_MD5:
        return derive_hash(v, TEXT("MD5"), 32, scratch, ret);
    case DERIVE_SHA1:
        return derive_hash(v, TEXT("SHA1"), 40, scratch, ret);
    case DERIVE_SHA256:
        return derive_hash(v, TEXT("SHA256"), 64, scratch, ret);
    case DERIVE_SHA512:
        return derive_hash(v, TEXT("SHA512"), 128, scratch, ret);
    case DERIVE_IMPHASH:
        return derive_hash(v, TEXT("IMPHASH"), 0, scratch, ret);
    case DERIVE_DOMAIN:
    case DERIVE_USER:
        return derive_account(v, op, scratch, ret);
    case DERIVE_OP_COUNT:
        break;
    }
    return DERIVE_ABSENT;
}

size_t derive_targets(Transform transform, DeriveTarget ret[DERIVE_TARGETS_MAX])
{
    static const DeriveOp SINGLE[TRANSFORM_COUNT] = {
        [TRANSFORM_NONE] = DERIVE_COPY,
        [TRANSFORM_LOWER] = DERIVE_LOWER,
        [TRANSFORM_IP] = DERIVE_IP,
        [TRANSFORM_BASENAME] = DERIVE_BASENAME,
        [TRANSFORM_DASH_EMPTY] = DERIVE_DASH_EMPTY,
        [TRANSFORM_PID] = DERIVE_PID,
        [TRANSFORM_PORT] = DERIVE_PORT,
    };
    if (transform == TRANSFORM_HASHES) {
        ret[0] = (DeriveTarget){DERIVE_MD5, TEXT(".md5")};
        ret[1] = (DeriveTarget){DERIVE_SHA1, TEXT(".sha1")};
        ret[2] = (DeriveTarget){DERIVE_SHA256, TEXT(".sha256")};
        ret[3] = (DeriveTarget){DERIVE_SHA512, TEXT(".sha512")};
        ret[4] = (DeriveTarget){DERIVE_IMPHASH, TEXT("~.pe.imphash")};
        return 5;
    }
    if (transform == TRANSFORM_DOMAIN_USER) {
        ret[0] = (DeriveTarget){DERIVE_DOMAIN, TEXT(".domain")};
        ret[1] = (DeriveTarget){DERIVE_USER, TEXT(".name")};
        return 2;
    }
    ret[0] = (DeriveTarget){SINGLE[transform], TEXT("")};
    return 1;
}
