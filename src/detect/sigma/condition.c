#include "detect/sigma/condition.h"

#include <stdlib.h>

#include "base/err.h"
#include "event/grow.h"

typedef struct Parser {
    ReadContext *context;
    uint32_t line;
    Text rest;  /* behind the token */
    Text token; /* a word, or one other character; empty at the end */
    Identifiers *identifiers;
    unsigned depth;
} Parser;

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '*';
}

static void next_token(Parser *parser)
{
    Text t = parser->rest;
    size_t at = 0;
    while (at < t.len &&
           (t.ptr[at] == ' ' || t.ptr[at] == '\t' || t.ptr[at] == '\n' || t.ptr[at] == '\r'))
        at++;
    size_t end = at;
    while (end < t.len && is_word_char(t.ptr[end]))
        end++;
    if (end == at && at < t.len)
        end++;
    parser->token = text_of(t.ptr + at, end - at);
    parser->rest = text_of(t.ptr + end, t.len - end);
}

static bool at_word(const Parser *parser, const char *word)
{
    return text_equal_nocase(parser->token, text_from_z(word));
}

static bool next_is_of(const Parser *parser)
{
    Parser ahead = *parser;
    next_token(&ahead);
    return at_word(&ahead, "of");
}

static Node *fail(Parser *parser, const char *why, Text about)
{
    if (about.len)
        problem_set(parser->context->problem, parser->line, "condition: %s %s", why,
                    quote(about.ptr, about.len).str);
    else
        problem_set(parser->context->problem, parser->line, "condition: %s", why);
    return NULL;
}

static Node *no_memory(Parser *parser)
{
    problem_no_memory(parser->context->problem);
    return NULL;
}

bool identifier_fits(Text pattern, Text name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, back = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            back = n;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* 1 of …, all of …: names that begin with _ take part only if the pattern does so too. */
static Node *select_identifiers(Parser *parser, NodeKind kind, Text pattern)
{
    Identifiers *all = parser->identifiers;
    Node **found = ARENA_NEW(parser->context->arena, Node *, (size_t)all->count + 1);
    uint32_t n = 0;
    bool them = text_equal_nocase(pattern, TEXT("them"));
    for (uint32_t i = 0; found && i < all->count; i++) {
        Identifier *identifier = &all->list[i];
        bool hidden = identifier->name.len && identifier->name.ptr[0] == '_' &&
                      (them || pattern.ptr[0] != '_');
        if (hidden || !(them || identifier_fits(pattern, identifier->name)))
            continue;
        identifier->used = true;
        found[n++] = identifier->tree;
    }
    if (!found)
        return no_memory(parser);
    if (n == 0)
        return fail(parser, "no identifier fits", pattern);
    Node *node = node_join(parser->context->arena, kind, found, n);
    return node ? node : no_memory(parser);
}

static Node *read_quantifier(Parser *parser)
{
    NodeKind kind = at_word(parser, "all") ? NODE_AND : NODE_OR;
    if (!at_word(parser, "all") && !at_word(parser, "any") && !at_word(parser, "1"))
        return fail(parser, "only 1, any and all can stand before `of`, not", parser->token);
    next_token(parser);
    next_token(parser);
    Text pattern = parser->token;
    if (pattern.len == 0 || !is_word_char(pattern.ptr[0]))
        return fail(parser, "expected a pattern of identifiers behind `of`", pattern);
    next_token(parser);
    return select_identifiers(parser, kind, pattern);
}

static Node *read_identifier(Parser *parser)
{
    Text name = parser->token;
    if (name.len == 0)
        return fail(parser, "ends too early", (Text){0});
    if (name.ptr[0] == '|')
        return fail(parser, "`|` (count, near) is not Sigma any more; use a correlation rule",
                    (Text){0});
    if (!is_word_char(name.ptr[0]))
        return fail(parser, "unexpected", name);
    for (uint32_t i = 0; i < parser->identifiers->count; i++) {
        Identifier *identifier = &parser->identifiers->list[i];
        if (!text_equal(identifier->name, name))
            continue;
        identifier->used = true;
        next_token(parser);
        return identifier->tree;
    }
    return fail(parser, "nothing is called", name);
}

static Node *read_or(Parser *parser);

static Node *read_primary(Parser *parser)
{
    if (text_equal(parser->token, TEXT("("))) {
        if (parser->depth == CONDITION_DEPTH_MAX)
            return fail(parser, "too many parentheses", (Text){0});
        parser->depth++;
        next_token(parser);
        Node *node = read_or(parser);
        parser->depth--;
        if (!node)
            return NULL;
        if (!text_equal(parser->token, TEXT(")")))
            return fail(parser, "expected ), found",
                        parser->token.len ? parser->token : TEXT("the end"));
        next_token(parser);
        return node;
    }
    return next_is_of(parser) ? read_quantifier(parser) : read_identifier(parser);
}

static Node *read_not(Parser *parser)
{
    bool negated = false;
    while (at_word(parser, "not") && !next_is_of(parser)) {
        negated = !negated;
        next_token(parser);
    }
    Node *node = read_primary(parser);
    if (!node || !negated)
        return node;
    node = node_not(parser->context->arena, node);
    return node ? node : no_memory(parser);
}

/* Operands that `word` joins. */
static Node *read_chain(Parser *parser, const char *word, NodeKind kind,
                        Node *(*operand)(Parser *parser))
{
    Node *first = operand(parser);
    if (!first || !at_word(parser, word))
        return first;
    Node **nodes = NULL;
    size_t cap = 0;
    uint32_t n = 0;
    for (Node *node = first; node;) {
        Node **grown = grow_array(nodes, &cap, (size_t)n + 1, sizeof *nodes);
        if (!grown)
            break;
        nodes = grown;
        nodes[n++] = node;
        if (!at_word(parser, word)) {
            Node *joined = node_join(parser->context->arena, kind, nodes, n);
            free(nodes);
            return joined ? joined : no_memory(parser);
        }
        next_token(parser);
        node = operand(parser);
        if (!node) {
            free(nodes);
            return NULL;
        }
    }
    free(nodes);
    return no_memory(parser);
}

static Node *read_and(Parser *parser)
{
    return read_chain(parser, "and", NODE_AND, read_not);
}

static Node *read_or(Parser *parser)
{
    return read_chain(parser, "or", NODE_OR, read_and);
}

Node *condition_read(ReadContext *context, Text text, uint32_t line, Identifiers *identifiers)
{
    Parser parser = {.context = context, .line = line, .rest = text, .identifiers = identifiers};
    if (text.len > CONDITION_BYTES_MAX)
        return fail(&parser, "longer than 65536 bytes", (Text){0});
    next_token(&parser);
    Node *node = read_or(&parser);
    if (!node)
        return NULL;
    if (parser.token.len && parser.token.ptr[0] == '|')
        return read_identifier(&parser);
    if (parser.token.len)
        return fail(&parser, "unexpected", parser.token);
    return node;
}
