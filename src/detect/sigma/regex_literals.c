#include "detect/sigma/regex_literals.h"

#include "detect/sigma/fold.h"
#include "detect/sigma/literals.h"

#define DEPTH_MAX 32
#define RUN_MAX   256 /* bytes of one text; more is not looked for */

/* Texts of which a match has one. `likely`: how often values will have them; > 1: none known. */
typedef struct Need {
    RegexLiterals texts;
    double likely;
} Need;

typedef struct Scan {
    Arena *arena;
    Text t;
    size_t at;
    bool unsure; /* something that this reader does not know */
    bool no_memory;
    unsigned depth;
} Scan;

/* A run of plain characters that is being read. */
typedef struct Run {
    char text[RUN_MAX];
    size_t len;
} Run;

typedef enum Repeat { REPEAT_ONCE, REPEAT_MANY, REPEAT_MAYBE } Repeat;

static int peek(const Scan *r)
{
    return r->at < r->t.len ? (unsigned char)r->t.ptr[r->at] : -1;
}

static bool take(Scan *r, char c)
{
    if (peek(r) != (unsigned char)c)
        return false;
    r->at++;
    return true;
}

static const Need NOTHING = {.likely = 2};

static void better_of(Need *best, const Need *other)
{
    if (other->likely < best->likely)
        *best = *other;
}

/* What is read of {n}, {n,}, {n,m} at `at`; the place behind it, or `at` if it is plain text. */
static size_t read_braces(Text t, size_t at, uint64_t *ret_least)
{
    size_t i = at + 1, digits = i;
    while (i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9')
        i++;
    if (i == digits || !text_to_u64(text_of(t.ptr + digits, i - digits), ret_least))
        return at;
    if (i < t.len && t.ptr[i] == ',')
        for (i++; i < t.len && t.ptr[i] >= '0' && t.ptr[i] <= '9';)
            i++;
    return i < t.len && t.ptr[i] == '}' ? i + 1 : at;
}

static Repeat read_repeat(Scan *r)
{
    Repeat repeat = REPEAT_ONCE;
    uint64_t least = 0;
    int c = peek(r);
    if (c == '?' || c == '*') {
        repeat = REPEAT_MAYBE;
        r->at++;
    } else if (c == '+') {
        repeat = REPEAT_MANY;
        r->at++;
    } else if (c == '{') {
        size_t end = read_braces(r->t, r->at, &least);
        if (end == r->at) {
            /* {,3} and { 1 } are plain text to some versions, repetitions to others */
            int next = r->at + 1 < r->t.len ? (unsigned char)r->t.ptr[r->at + 1] : -1;
            r->unsure |= next == ',' || next == ' ' || (next >= '0' && next <= '9');
            return REPEAT_ONCE;
        }
        repeat = least ? REPEAT_MANY : REPEAT_MAYBE;
        r->at = end;
    } else {
        return REPEAT_ONCE;
    }
    if (peek(r) == '?' || peek(r) == '+')
        r->at++;
    return repeat;
}

static void end_run(Scan *r, Run *run, Need *best)
{
    char folded[FOLD_ROOM(RUN_MAX)];
    size_t len = fold_text(text_of(run->text, run->len), folded);
    run->len = 0;
    if (len == 0)
        return;
    Text text = text_of(folded, len);
    Need need = {.texts = {.count = 1}, .likely = literal_likelihood(text, LITERAL_ANYWHERE)};
    if (need.likely >= best->likely)
        return;
    if (!arena_copy_text(r->arena, text, &need.texts.list[0])) {
        r->no_memory = true;
        return;
    }
    *best = need;
}

static void add_to_run(Scan *r, Run *run, Need *best, Text character)
{
    if (run->len + character.len > RUN_MAX)
        end_run(r, run, best);
    memcpy(run->text + run->len, character.ptr, character.len);
    run->len += character.len;
}

/* A character that stands for itself, with what repeats it. */
static void plain_character(Scan *r, Run *run, Need *best, Text character)
{
    switch (read_repeat(r)) {
    case REPEAT_ONCE:
        add_to_run(r, run, best, character);
        return;
    case REPEAT_MANY:
        add_to_run(r, run, best, character);
        end_run(r, run, best);
        return;
    case REPEAT_MAYBE:
        end_run(r, run, best);
        return;
    }
}

static void something_else(Scan *r, Run *run, Need *best)
{
    (void)read_repeat(r);
    end_run(r, run, best);
}

/* [Xx] is the letter x; all other classes say nothing. */
static void read_class(Scan *r, Run *run, Need *best)
{
    size_t start = ++r->at;
    bool negated = take(r, '^');
    for (bool first = true;; first = false) {
        int c = peek(r);
        if (c < 0) {
            r->unsure = true;
            return;
        }
        r->at++;
        if (c == ']' && !first)
            break;
        if (c == '\\')
            r->at += r->at < r->t.len;
        if (c == '[' && (peek(r) == ':' || peek(r) == '.' || peek(r) == '=')) {
            size_t end = text_find(text_of(r->t.ptr + r->at, r->t.len - r->at), ']');
            r->at += end;
            r->at += r->at < r->t.len;
        }
    }
    Text inside = text_of(r->t.ptr + start, r->at - 1 - start);
    bool letter = !negated && inside.len == 2 && inside.ptr[0] != '\\' &&
                  ascii_lower(inside.ptr[0]) == ascii_lower(inside.ptr[1]);
    if (letter)
        plain_character(r, run, best, text_of(inside.ptr, 1));
    else
        something_else(r, run, best);
}

static void skip_to(Scan *r, char end)
{
    while (peek(r) >= 0 && peek(r) != (unsigned char)end)
        r->at++;
    if (!take(r, end))
        r->unsure = true;
}

/* \d \x41 \p{L} … say nothing; a sign that is escaped stands for itself. */
static void read_escape(Scan *r, Run *run, Need *best)
{
    int c = peek(r);
    if (c < 0) {
        r->unsure = true;
        return;
    }
    char sign = (char)c;
    r->at++;
    bool letter = (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
                  (sign >= '0' && sign <= '9');
    if (!letter && c < 0x80) {
        plain_character(r, run, best, text_of(&sign, 1));
        return;
    }
    if (c < 0x80 && strchr("dDwWsSbBhHvVRXAzZtnrfaeG", sign)) {
        something_else(r, run, best);
        return;
    }
    if ((sign == 'x' || sign == 'p' || sign == 'P') && take(r, '{')) {
        skip_to(r, '}');
        something_else(r, run, best);
        return;
    }
    if (sign == 'x') {
        for (unsigned i = 0; i < 2 && peek(r) >= 0 && strchr("0123456789abcdefABCDEF", peek(r));
             i++)
            r->at++;
        something_else(r, run, best);
        return;
    }
    r->unsure = true; /* references, \Q, \c, octal, … */
}

static void read_alternatives(Scan *r, Need *ret);

/* What stands behind "(?": true if a group with content follows that must match as it stands. */
static bool read_group_kind(Scan *r, bool *ret_flags_only)
{
    *ret_flags_only = false;
    if (!take(r, '?'))
        return peek(r) != '*'; /* (*VERB) */
    if (take(r, ':') || take(r, '>'))
        return true;
    if (peek(r) == 'P' && r->at + 1 < r->t.len && r->t.ptr[r->at + 1] == '<')
        r->at++;
    if (peek(r) == '<' && r->at + 1 < r->t.len && r->t.ptr[r->at + 1] != '=' &&
        r->t.ptr[r->at + 1] != '!') {
        skip_to(r, '>');
        return true;
    }
    size_t start = r->at;
    while (peek(r) >= 0 && strchr("ims-", peek(r)))
        r->at++;
    if (r->at > start && take(r, ')')) {
        *ret_flags_only = true;
        return true;
    }
    return r->at > start && take(r, ':');
}

static void read_group(Scan *r, Run *run, Need *best)
{
    bool flags_only;
    r->at++;
    end_run(r, run, best);
    if (!read_group_kind(r, &flags_only)) {
        r->unsure = true; /* looks around, conditions, recursion, comments, x */
        return;
    }
    if (flags_only)
        return;
    if (++r->depth > DEPTH_MAX) {
        r->unsure = true;
        return;
    }
    Need inner;
    read_alternatives(r, &inner);
    r->depth--;
    if (!take(r, ')'))
        r->unsure = true;
    if (read_repeat(r) != REPEAT_MAYBE)
        better_of(best, &inner);
}

static void read_sequence(Scan *r, Need *ret)
{
    Run run = {.len = 0};
    *ret = NOTHING;
    while (!r->unsure && !r->no_memory) {
        int c = peek(r);
        if (c < 0 || c == '|' || c == ')')
            break;
        if (c == '(') {
            read_group(r, &run, ret);
        } else if (c == '[') {
            read_class(r, &run, ret);
        } else if (c == '\\') {
            r->at++;
            read_escape(r, &run, ret);
        } else if (c == '.' || c == '^' || c == '$') {
            r->at++;
            something_else(r, &run, ret);
        } else {
            size_t start = r->at;
            (void)utf8_next(r->t, &r->at);
            plain_character(r, &run, ret, text_of(r->t.ptr + start, r->at - start));
        }
    }
    end_run(r, &run, ret);
}

/* Every alternative must need something; the needs of all are taken together. */
static void read_alternatives(Scan *r, Need *ret)
{
    Need all = {.likely = 0};
    do {
        Need one;
        read_sequence(r, &one);
        if (one.likely > 1 || all.likely > 1 ||
            all.texts.count + one.texts.count > REGEX_LITERALS_MAX) {
            all = NOTHING;
        } else {
            memcpy(&all.texts.list[all.texts.count], one.texts.list,
                   one.texts.count * sizeof one.texts.list[0]);
            all.texts.count += one.texts.count;
            all.likely += one.likely;
        }
    } while (!r->unsure && !r->no_memory && take(r, '|'));
    *ret = all;
}

bool regex_literals(Arena *arena, Text expression, RegexLiterals *ret)
{
    Scan reader = {.arena = arena, .t = expression};
    Need need;
    read_alternatives(&reader, &need);
    if (reader.no_memory)
        return false;
    *ret = (RegexLiterals){0};
    if (!reader.unsure && reader.at == expression.len && need.likely < 1)
        *ret = need.texts;
    return true;
}
