#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "detect/sigma/yaml.h"

const YamlNode *yaml_get(const YamlNode *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    Text wanted = text_from_z(key);
    for (uint32_t i = 0; i < map->count; i++)
        if (text_equal(map->keys[i]->text, wanted))
            return map->values[i];
    return NULL;
}

static uint32_t find_key(const YamlNode *map, Text key)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (text_equal(map->keys[i]->text, key))
            return i;
    return UINT32_MAX;
}

YamlNode *yaml_merge(Arena *arena, const YamlNode *map, const YamlNode *over)
{
    YamlNode *out = ARENA_NEW(arena, YamlNode, 1);
    if (!out)
        return NULL;
    *out = *map;
    size_t room = (size_t)map->count + over->count + 1;
    out->keys = ARENA_NEW(arena, YamlNode *, room);
    out->values = ARENA_NEW(arena, YamlNode *, room);
    if (!out->keys || !out->values)
        return NULL;
    for (uint32_t i = 0; i < map->count; i++) {
        out->keys[i] = map->keys[i];
        out->values[i] = map->values[i];
    }
    for (uint32_t i = 0; i < over->count; i++) {
        YamlNode *value = over->values[i];
        uint32_t at = find_key(out, over->keys[i]->text);
        if (at == UINT32_MAX) {
            at = out->count++;
            out->keys[at] = over->keys[i];
        } else if (value->kind == YAML_MAP && out->values[at]->kind == YAML_MAP) {
            value = yaml_merge(arena, out->values[at], value);
            if (!value)
                return NULL;
        }
        out->values[at] = value;
    }
    return out;
}

static bool is_one_of(Text t, const char *const *words)
{
    for (; *words; words++)
        if (text_equal(t, text_from_z(*words)))
            return true;
    return false;
}

static bool all_of(Text t, const char *set)
{
    for (size_t i = 0; i < t.len; i++)
        if (t.ptr[i] == '\0' || !strchr(set, t.ptr[i]))
            return false;
    return t.len > 0;
}

static bool read_int(Text t, YamlValue *value)
{
    int base = 10;
    Text digits = t;
    if (digits.len && (digits.ptr[0] == '-' || digits.ptr[0] == '+'))
        digits = text_of(digits.ptr + 1, digits.len - 1);
    else if (text_starts(t, TEXT("0x")))
        base = 16;
    else if (text_starts(t, TEXT("0o")))
        base = 8;
    if (base != 10)
        digits = text_of(t.ptr + 2, t.len - 2);
    const char *set = base == 16 ? "0123456789abcdefABCDEF" : base == 8 ? "01234567" : "0123456789";
    char z[32];
    if (!all_of(digits, set) || t.len >= sizeof z)
        return false;
    Text source = base == 10 ? t : digits;
    memcpy(z, source.ptr, source.len);
    z[source.len] = '\0';
    errno = 0;
    value->integer = strtoll(z, NULL, base);
    if (errno == ERANGE)
        return false;
    value->type = YAML_INT;
    value->real = (double)value->integer;
    return true;
}

/* [-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )? */
static bool is_float(Text t)
{
    size_t i = 0, digits = 0, exponent = 0;
    i += i < t.len && (t.ptr[i] == '-' || t.ptr[i] == '+');
    for (; i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9'; i++)
        digits++;
    if (i < t.len && t.ptr[i] == '.')
        for (i++; i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < t.len && (t.ptr[i] == 'e' || t.ptr[i] == 'E')) {
        i++;
        i += i < t.len && (t.ptr[i] == '-' || t.ptr[i] == '+');
        for (; i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9'; i++)
            exponent++;
        if (exponent == 0)
            return false;
    }
    return i == t.len;
}

static bool read_float(Text t, YamlValue *value)
{
    char z[64];
    if (!is_float(t) || t.len >= sizeof z)
        return false;
    memcpy(z, t.ptr, t.len);
    z[t.len] = '\0';
    value->real = strtod(z, NULL);
    if (!isfinite(value->real))
        return false;
    value->type = YAML_FLOAT;
    return true;
}

YamlValue yaml_value(const YamlNode *node)
{
    static const char *const NOTHING[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const YES[] = {"true", "True", "TRUE", NULL};
    static const char *const NO[] = {"false", "False", "FALSE", NULL};
    YamlValue value = {.type = YAML_TEXT, .text = node->text};
    if (!node->plain)
        return value;
    if (is_one_of(node->text, NOTHING)) {
        value.type = YAML_NULL;
    } else if (is_one_of(node->text, YES) || is_one_of(node->text, NO)) {
        value.type = YAML_BOOL;
        value.boolean = is_one_of(node->text, YES);
    } else if (!read_int(node->text, &value)) {
        (void)read_float(node->text, &value);
    }
    return value;
}
