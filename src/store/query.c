/* The grammar:
 *
 *     any     = all { "OR" all }
 *     all     = one { [ "AND" ] one }
 *     one     = "NOT" one | "(" any ")" | term
 *     term    = word | name ":" value
 *     value   = word | range | comparison | "(" any ")"     the name holds for all words inside
 *     range   = ( "[" | "{" ) bound "TO" bound ( "]" | "}" )
 *     comparison = ( ">" | ">=" | "<" | "<=" ) word                                        */
#include "store/query_parser.h"

#include <stdlib.h>

#define QUERY_MEMORY (64u * 1024 * 1024)
/* Each term makes a leaf, and each operator, of which there are fewer, a node; NOTs are limited by
 * their depth. */
#define NODES_MAX ((QUERY_DEPTH_MAX + 3) * QUERY_TERMS_MAX)

uint32_t parser_no_memory(Parser *p)
{
    (void)err_set(p->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the query");
    return NO_NODE;
}

/* ---- nodes ---- */

uint32_t parser_add(Parser *p, QueryNode node)
{
    if (p->query->node_count == p->query->node_room) {
        (void)err_set(p->err, ERR_USAGE, ERR_NO_OFFSET, "the query is too large");
        return NO_NODE;
    }
    p->query->nodes[p->query->node_count] = node;
    return p->query->node_count++;
}

static uint32_t cost_of(const Query *query, uint32_t node)
{
    return query->nodes[node].cost;
}

/* A node over `count` others, cheap ones first: most questions are then answered before a text is
 * sought. */
static uint32_t add_parent(Parser *p, QueryOp op, const uint32_t *children, uint32_t count)
{
    Query *query = p->query;
    QueryNode node = {.op = op, .first = query->child_count, .children = count};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = query->child_count++;
        for (; at > node.first &&
               cost_of(query, query->children[at - 1]) > cost_of(query, children[i]);
             at--)
            query->children[at] = query->children[at - 1];
        query->children[at] = children[i];
        if (node.cost < cost_of(query, children[i]) + 1)
            node.cost = cost_of(query, children[i]) + 1;
    }
    return parser_add(p, node);
}

/* ---- the whole ---- */

static uint32_t parse_any(Parser *p);

static bool enter(Parser *p)
{
    if (p->depth++ < QUERY_DEPTH_MAX)
        return true;
    return words_error(&p->words, p->words.pos, p->err,
                       "parentheses and NOTs are nested deeper than %d", QUERY_DEPTH_MAX);
}

/* Behind "(". */
uint32_t parser_group(Parser *p)
{
    size_t at = p->words.pos - 1;
    if (!enter(p))
        return NO_NODE;
    uint32_t node = parse_any(p);
    p->depth--;
    if (node != NO_NODE && !words_take_byte(&p->words, ')')) {
        (void)words_error(&p->words, p->words.pos, p->err,
                          ") was expected here, for the ( of byte %zu", at + 1);
        return NO_NODE;
    }
    return node;
}

static uint32_t parse_one(Parser *p)
{
    if (words_take(&p->words, "NOT")) {
        uint32_t child = enter(p) ? parse_one(p) : NO_NODE;
        p->depth--;
        return child == NO_NODE ? NO_NODE : add_parent(p, QUERY_NOT, &child, 1);
    }
    if (words_take_byte(&p->words, '('))
        return parser_group(p);
    return parser_term(p);
}

/* What is joined by an operator, on the way. */
typedef struct Series {
    uint32_t *nodes;
    uint32_t count, cap;
} Series;

static bool series_add(Parser *p, Series *series, uint32_t node)
{
    if (node == NO_NODE)
        return false;
    if (series->count == series->cap) {
        uint32_t cap = series->cap ? 2 * series->cap : 8;
        uint32_t *nodes = realloc(series->nodes, cap * sizeof *nodes);
        if (!nodes) {
            (void)parser_no_memory(p);
            return false;
        }
        series->nodes = nodes;
        series->cap = cap;
    }
    series->nodes[series->count++] = node;
    return true;
}

static uint32_t series_end(Parser *p, QueryOp op, Series *series)
{
    uint32_t node =
        series->count == 1 ? series->nodes[0] : add_parent(p, op, series->nodes, series->count);
    free(series->nodes);
    return node;
}

static uint32_t series_fail(Series *series)
{
    free(series->nodes);
    return NO_NODE;
}

bool parser_sees(Parser *p, const char *keyword)
{
    size_t before = p->words.pos;
    bool next = words_take(&p->words, keyword);
    p->words.pos = before;
    return next;
}

/* Nothing may stand before an operator but a term. */
static bool expect_operand(Parser *p)
{
    int c = words_peek(&p->words);
    if (c >= 0 && c != ')' && !parser_sees(p, "AND") && !parser_sees(p, "OR"))
        return true;
    return words_error(&p->words, p->words.pos, p->err,
                       "a term was expected here (the words AND, OR, NOT as text are quoted)");
}

static uint32_t parse_all(Parser *p)
{
    Series series = {0};
    for (;;) {
        if (!expect_operand(p) || !series_add(p, &series, parse_one(p)))
            return series_fail(&series);
        int c = words_peek(&p->words);
        if (c < 0 || c == ')' || parser_sees(p, "OR"))
            return series_end(p, QUERY_AND, &series);
        (void)words_take(&p->words, "AND");
    }
}

static uint32_t parse_any(Parser *p)
{
    Series series = {0};
    do
        if (!series_add(p, &series, parse_all(p)))
            return series_fail(&series);
    while (words_take(&p->words, "OR"));
    return series_end(p, QUERY_OR, &series);
}

static size_t at_most(size_t limit, size_t n)
{
    return n < limit ? n : limit;
}

/* A byte makes a term and a node over it at most. */
static bool make_room(Query *query, size_t bytes)
{
    query->arena = arena_create(QUERY_MEMORY);
    if (!query->arena)
        return false;
    query->node_room = (uint32_t)at_most(NODES_MAX, 2 * bytes + 1);
    query->nodes = ARENA_NEW(query->arena, QueryNode, query->node_room);
    query->children = ARENA_NEW(query->arena, uint32_t, query->node_room);
    query->leaves = ARENA_NEW(query->arena, QueryLeaf, at_most(QUERY_TERMS_MAX, bytes + 1));
    return query->nodes && query->children && query->leaves;
}

static bool parse_whole(Parser *p, Text text)
{
    if (text.len > QUERY_BYTES_MAX)
        return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET, "the query is longer than %u bytes",
                       QUERY_BYTES_MAX);
    if (!text_is_utf8(text, UTF8_STRICT))
        return err_set(p->err, ERR_USAGE, ERR_NO_OFFSET, "the query is not UTF-8");
    if (!make_room(p->query, text.len)) {
        (void)parser_no_memory(p);
        return false;
    }
    words_init(&p->words, text);
    p->query->root = parse_any(p);
    bool ok = p->query->root != NO_NODE;
    if (ok && words_peek(&p->words) >= 0)
        ok = words_error(&p->words, p->words.pos, p->err, ") without its (");
    if (p->words.hint)
        p->query->hint = p->words.hint;
    words_done(&p->words);
    return ok;
}

Query *query_parse(Text text, Err *err)
{
    Query *query = calloc(1, sizeof *query);
    if (!query) {
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the query");
        return NULL;
    }
    Parser p = {.query = query, .err = err};
    if (parse_whole(&p, text))
        return query;
    query_destroy(query);
    return NULL;
}

void query_destroy(Query *query)
{
    if (!query)
        return;
    arena_destroy(query->arena);
    free(query);
}
