#include "detect/sigma/pattern.h"

/* Parts under construction. Room for all of them is known before. */
typedef struct Builder {
    Part *parts;
    uint32_t count;
    char *text; /* of the part that grows */
    size_t len;
} Builder;

static bool builder_init(Builder *builder, Arena *arena, size_t parts, size_t bytes)
{
    *builder = (Builder){.parts = ARENA_NEW(arena, Part, parts + 1),
                         .text = ARENA_NEW(arena, char, bytes + 1)};
    return builder->parts && builder->text;
}

static void end_text(Builder *builder)
{
    if (builder->len == 0)
        return;
    builder->parts[builder->count++] =
        (Part){.kind = PART_TEXT, .text = text_of(builder->text, builder->len)};
    builder->text += builder->len;
    builder->len = 0;
}

static void put_text(Builder *builder, Text text)
{
    if (text.len)
        memcpy(builder->text + builder->len, text.ptr, text.len);
    builder->len += text.len;
}

static void put_part(Builder *builder, Part part)
{
    if (part.kind == PART_TEXT) {
        put_text(builder, part.text);
        return;
    }
    end_text(builder);
    builder->parts[builder->count++] = part;
}

static Pattern finish(Builder *builder)
{
    end_text(builder);
    return (Pattern){.parts = builder->parts, .count = builder->count};
}

bool pattern_parse(Arena *arena, Text written, Pattern *ret)
{
    size_t special = 0;
    for (size_t i = 0; i < written.len; i++)
        special += written.ptr[i] == '*' || written.ptr[i] == '?';
    Builder builder;
    if (!builder_init(&builder, arena, 2 * special + 1, written.len))
        return false;
    for (size_t i = 0; i < written.len; i++) {
        char c = written.ptr[i], next = i + 1 < written.len ? written.ptr[i + 1] : '\0';
        if (c == '\\' && (next == '\\' || next == '*' || next == '?'))
            put_text(&builder, text_of(written.ptr + ++i, 1));
        else if (c == '*' || c == '?')
            put_part(&builder, (Part){.kind = c == '*' ? PART_MANY : PART_ONE});
        else
            put_text(&builder, text_of(written.ptr + i, 1));
    }
    *ret = finish(&builder);
    return true;
}

bool pattern_of_text(Arena *arena, Text literal, Pattern *ret)
{
    Part *part = ARENA_NEW(arena, Part, 1);
    if (!part || !arena_copy_text(arena, literal, &part->text))
        return false;
    *ret = (Pattern){.parts = part, .count = literal.len > 0};
    return true;
}

bool pattern_open(Arena *arena, Pattern pattern, unsigned ends, Pattern *ret)
{
    bool start = (ends & OPEN_START) && (pattern.count == 0 || pattern.parts[0].kind != PART_MANY);
    Part *parts = ARENA_NEW(arena, Part, (size_t)pattern.count + 2);
    if (!parts)
        return false;
    uint32_t n = 0;
    if (start)
        parts[n++] = (Part){.kind = PART_MANY};
    for (uint32_t i = 0; i < pattern.count; i++)
        parts[n++] = pattern.parts[i];
    if ((ends & OPEN_END) && (n == 0 || parts[n - 1].kind != PART_MANY))
        parts[n++] = (Part){.kind = PART_MANY};
    *ret = (Pattern){.parts = parts, .count = n};
    return true;
}

/* The length of %name% at `at`, or 0. A name has no percent sign and no backslash. */
static size_t placeholder_at(Text t, size_t at)
{
    if (t.ptr[at] != '%')
        return 0;
    for (size_t i = at + 1; i < t.len; i++) {
        if (t.ptr[i] == '\\')
            return 0;
        if (t.ptr[i] == '%')
            return i > at + 1 ? i + 1 - at : 0;
    }
    return 0;
}

static void expand_text(Builder *builder, Text t)
{
    for (size_t i = 0; i < t.len;) {
        if (t.ptr[i] == '\\' && i + 1 < t.len && t.ptr[i + 1] == '%') {
            put_text(builder, text_of(t.ptr + i + 1, 1));
            i += 2;
            continue;
        }
        size_t n = placeholder_at(t, i);
        if (n)
            put_part(builder,
                     (Part){.kind = PART_PLACEHOLDER, .text = text_of(t.ptr + i + 1, n - 2)});
        else
            put_text(builder, text_of(t.ptr + i, 1));
        i += n ? n : 1;
    }
}

static size_t text_bytes(Pattern pattern)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < pattern.count; i++)
        bytes += pattern.parts[i].text.len;
    return bytes;
}

bool pattern_expand(Arena *arena, Pattern pattern, Pattern *ret)
{
    size_t percents = 0;
    for (uint32_t i = 0; i < pattern.count; i++)
        for (size_t k = 0; k < pattern.parts[i].text.len; k++)
            percents += pattern.parts[i].text.ptr[k] == '%';
    Builder builder;
    if (!builder_init(&builder, arena, pattern.count + percents + 1, text_bytes(pattern)))
        return false;
    for (uint32_t i = 0; i < pattern.count; i++)
        if (pattern.parts[i].kind == PART_TEXT)
            expand_text(&builder, pattern.parts[i].text);
        else
            put_part(&builder, pattern.parts[i]);
    *ret = finish(&builder);
    return true;
}

bool pattern_replace(Arena *arena, Pattern pattern, uint32_t at, Pattern by, Pattern *ret)
{
    Builder builder;
    if (!builder_init(&builder, arena, (size_t)pattern.count + by.count,
                      text_bytes(pattern) + text_bytes(by)))
        return false;
    for (uint32_t i = 0; i < pattern.count; i++) {
        if (i != at) {
            put_part(&builder, pattern.parts[i]);
            continue;
        }
        for (uint32_t k = 0; k < by.count; k++)
            put_part(&builder, by.parts[k]);
    }
    *ret = finish(&builder);
    return true;
}

bool pattern_has_wildcard(Pattern pattern)
{
    for (uint32_t i = 0; i < pattern.count; i++)
        if (pattern.parts[i].kind == PART_MANY || pattern.parts[i].kind == PART_ONE)
            return true;
    return false;
}

uint32_t pattern_placeholder(Pattern pattern)
{
    for (uint32_t i = 0; i < pattern.count; i++)
        if (pattern.parts[i].kind == PART_PLACEHOLDER)
            return i;
    return UINT32_MAX;
}

Text pattern_literal(Pattern pattern)
{
    return pattern.count == 1 && pattern.parts[0].kind == PART_TEXT ? pattern.parts[0].text
                                                                    : (Text){0};
}
