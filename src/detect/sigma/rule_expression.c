#include "detect/sigma/rule_expression.h"

#include "base/err.h"
#include "detect/sigma/condition.h"

#define OPERANDS_MAX 256

typedef struct Parser {
    ReadContext *context;
    uint32_t line;
    Text rest, token;
    unsigned depth;
    Text *rules; /* room for CORRELATION_RULES_MAX */
    uint32_t rule_count;
    bool fixed; /* the rules are given: no others */
    bool *is_used;
} Parser;

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static void next_token(Parser *parser)
{
    Text t = text_trim(parser->rest);
    size_t end = 0;
    while (end < t.len && is_name_char(t.ptr[end]))
        end++;
    if (end == 0 && t.len)
        end = 1;
    parser->token = text_of(t.ptr, end);
    parser->rest = text_of(t.ptr + end, t.len - end);
}

static bool at_word(const Parser *parser, const char *word)
{
    return text_equal_nocase(parser->token, text_from_z(word));
}

static RuleExpression *fail(Parser *parser, const char *why, Text about)
{
    problem_set(parser->context->problem, parser->line, "correlation: condition: %s %s", why,
                quote(about.ptr, about.len).str);
    return NULL;
}

static RuleExpression *make(Parser *parser, NodeKind kind, RuleExpression *const *children,
                            uint32_t count)
{
    Arena *arena = parser->context->arena;
    RuleExpression *expression = ARENA_NEW(arena, RuleExpression, 1);
    RuleExpression **copy = ARENA_NEW(arena, RuleExpression *, (size_t)count + 1);
    if (!expression || !copy) {
        problem_no_memory(parser->context->problem);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        copy[i] = children[i];
    *expression = (RuleExpression){.kind = kind, .count = count, .children = copy};
    return expression;
}

static RuleExpression *read_rule(Parser *parser)
{
    Text name = parser->token;
    if (name.len == 0 || !is_name_char(name.ptr[0]))
        return fail(parser, "expected a rule, found", name.len ? name : TEXT("the end"));
    uint32_t at = 0;
    while (at < parser->rule_count && !text_equal(parser->rules[at], name))
        at++;
    if (at == parser->rule_count) {
        if (parser->fixed || at == CORRELATION_RULES_MAX)
            return fail(parser, "not among its rules:", name);
        if (!arena_copy_text(parser->context->arena, name, &parser->rules[at])) {
            problem_no_memory(parser->context->problem);
            return NULL;
        }
        parser->rule_count++;
    }
    parser->is_used[at] = true;
    next_token(parser);
    RuleExpression *leaf = make(parser, NODE_LEAF, NULL, 0);
    if (leaf)
        leaf->rule = at;
    return leaf;
}

static RuleExpression *read_or(Parser *parser);

static RuleExpression *read_primary(Parser *parser)
{
    if (!text_equal(parser->token, TEXT("(")))
        return read_rule(parser);
    if (parser->depth == CONDITION_DEPTH_MAX)
        return fail(parser, "too many", TEXT("parentheses"));
    parser->depth++;
    next_token(parser);
    RuleExpression *inner = read_or(parser);
    parser->depth--;
    if (!inner)
        return NULL;
    if (!text_equal(parser->token, TEXT(")")))
        return fail(parser, "expected ), found",
                    parser->token.len ? parser->token : TEXT("the end"));
    next_token(parser);
    return inner;
}

static RuleExpression *read_not(Parser *parser)
{
    bool negated = false;
    for (; at_word(parser, "not"); next_token(parser))
        negated = !negated;
    RuleExpression *operand = read_primary(parser);
    return operand && negated ? make(parser, NODE_NOT, &operand, 1) : operand;
}

static RuleExpression *read_chain(Parser *parser, const char *word, NodeKind kind,
                                  RuleExpression *(*operand)(Parser *parser))
{
    RuleExpression *operands[OPERANDS_MAX];
    uint32_t n = 0;
    for (;;) {
        if (n == OPERANDS_MAX)
            return fail(parser, "too many operands of", text_from_z(word));
        operands[n] = operand(parser);
        if (!operands[n++])
            return NULL;
        if (!at_word(parser, word))
            break;
        next_token(parser);
    }
    return n == 1 ? operands[0] : make(parser, kind, operands, n);
}

static RuleExpression *read_and(Parser *parser)
{
    return read_chain(parser, "and", NODE_AND, read_not);
}

static RuleExpression *read_or(Parser *parser)
{
    return read_chain(parser, "or", NODE_OR, read_and);
}

static bool check_all_used(Parser *parser)
{
    for (uint32_t i = 0; i < parser->rule_count; i++)
        if (!parser->is_used[i])
            return fail(parser, "does not use its rule", parser->rules[i]) != NULL;
    return true;
}

bool rule_expression_read(ReadContext *context, Text text, uint32_t line, Correlation *correlation)
{
    TextList *given = &correlation->references;
    Parser parser = {.context = context,
                     .line = line,
                     .rest = text,
                     .rules = ARENA_NEW(context->arena, Text, CORRELATION_RULES_MAX),
                     .is_used = ARENA_NEW(context->arena, bool, CORRELATION_RULES_MAX),
                     .rule_count = given->count,
                     .fixed = given->count > 0};
    if (!parser.rules || !parser.is_used)
        return problem_no_memory(context->problem);
    if (text.len > CONDITION_BYTES_MAX)
        return fail(&parser, "longer than", TEXT("65536 bytes")) != NULL;
    for (uint32_t i = 0; i < given->count; i++)
        parser.rules[i] = given->list[i];
    next_token(&parser);
    RuleExpression *expression = read_or(&parser);
    if (!expression)
        return false;
    if (parser.token.len)
        return fail(&parser, "unexpected", parser.token) != NULL;
    *given = (TextList){.list = parser.rules, .count = parser.rule_count};
    correlation->expression = expression;
    return check_all_used(&parser);
}

bool rule_expression_holds(const RuleExpression *expression, const uint32_t *seen)
{
    switch (expression->kind) {
    case NODE_LEAF:
        return seen[expression->rule] > 0;
    case NODE_NOT:
        return !rule_expression_holds(expression->children[0], seen);
    case NODE_AND:
    case NODE_OR:
        break;
    }
    for (uint32_t i = 0; i < expression->count; i++)
        if (rule_expression_holds(expression->children[i], seen) != (expression->kind == NODE_AND))
            return expression->kind == NODE_OR;
    return expression->kind == NODE_AND;
}

bool rule_expression_has_not(const RuleExpression *expression)
{
    if (expression->kind == NODE_NOT)
        return true;
    for (uint32_t i = 0; i < expression->count; i++)
        if (rule_expression_has_not(expression->children[i]))
            return true;
    return false;
}

bool rule_expression_is_all(const RuleExpression *expression)
{
    if (expression->kind == NODE_LEAF)
        return true;
    for (uint32_t i = 0; i < expression->count; i++)
        if (!rule_expression_is_all(expression->children[i]))
            return false;
    return expression->kind == NODE_AND;
}
