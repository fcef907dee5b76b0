#include "detect/sigma/tree.h"

#include "base/json.h"

Node *node_leaf(Arena *arena, Text field, const RuleValue *value)
{
    Node *node = ARENA_NEW(arena, Node, 1);
    if (node)
        *node = (Node){.kind = NODE_LEAF, .weight = 1, .field = field, .value = value};
    return node;
}

Node *node_not(Arena *arena, Node *of)
{
    return of ? node_join(arena, NODE_NOT, &of, 1) : NULL;
}

Node *node_join(Arena *arena, NodeKind kind, Node *const *children, uint32_t count)
{
    if (count == 1 && kind != NODE_NOT)
        return children[0];
    Node *node = ARENA_NEW(arena, Node, 1);
    Node **copy = ARENA_NEW(arena, Node *, (size_t)count + 1);
    if (!node || !copy)
        return NULL;
    uint64_t weight = 1;
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = children[i];
        weight += children[i]->weight;
    }
    *node = (Node){.kind = kind,
                   .count = count,
                   .weight = weight < UINT32_MAX ? (uint32_t)weight : UINT32_MAX,
                   .children = copy};
    return node;
}

static void write_pattern(Buf *buf, Pattern pattern)
{
    Buf text;
    buf_init(&text, buf->limit);
    for (uint32_t i = 0; i < pattern.count; i++) {
        const Part *part = &pattern.parts[i];
        if (part->kind != PART_TEXT) {
            buf_add_char(&text, part->kind == PART_ONE ? '?' : '*');
            continue;
        }
        for (size_t k = 0; k < part->text.len; k++) {
            char c = part->text.ptr[k];
            if (c == '*' || c == '?' || c == '\\')
                buf_add_char(&text, '\\');
            buf_add_char(&text, c);
        }
    }
    json_text(buf, buf_text(&text));
    buf->failed |= text.failed;
    buf_done(&text);
}

/* "text" and letters behind it, as one string. */
static void write_regex(Buf *buf, const RuleValue *value)
{
    static const char LETTERS[] = "ims^$";
    json_text(buf, value->text);
    BUF_LITERAL(buf, ",\"");
    for (unsigned i = 0; i < sizeof LETTERS - 1; i++)
        if (value->regex_flags >> i & 1)
            buf_add_char(buf, LETTERS[i]);
    BUF_LITERAL(buf, "\"");
}

static void write_network(Buf *buf, const IpNetwork *network)
{
    BUF_LITERAL(buf, "\"");
    for (unsigned i = 0; i < sizeof network->address.bytes; i++)
        buf_printf(buf, "%02x", network->address.bytes[i]);
    buf_printf(buf, "/%u\"", network->bits);
}

static void write_field(Buf *buf, const RuleValue *value)
{
    static const char *const ENDS[] = {"", "^", "$", "*"}; /* PatternOpen */
    json_text(buf, value->text);
    buf_printf(buf, ",\"%s\"", ENDS[value->open & (OPEN_START | OPEN_END)]);
}

static const char *operator_of(const RuleValue *value)
{
    static const char *const COMPARE[] = {"<", "<=", ">", ">="};
    static const char *const PARTS[] = {"minute", "hour", "day", "week", "month", "year"};
    switch (value->kind) {
    case RULE_REGEX:
        return "~";
    case RULE_CIDR:
        return "in";
    case RULE_COMPARE:
        return COMPARE[value->compare];
    case RULE_DATE_PART:
        return PARTS[value->part];
    case RULE_FIELD:
        return value->cased ? "$$" : "$";
    case RULE_EXISTS:
        return "exists";
    default:
        return value->cased ? "==" : "=";
    }
}

static void write_value(Buf *buf, const RuleValue *value)
{
    switch (value->kind) {
    case RULE_STRING:
        write_pattern(buf, value->pattern);
        return;
    case RULE_NUMBER:
    case RULE_COMPARE:
    case RULE_DATE_PART:
        json_double(buf, value->number.real);
        return;
    case RULE_BOOL:
    case RULE_EXISTS:
        buf_printf(buf, "%s", value->number.boolean ? "true" : "false");
        return;
    case RULE_NULL:
        BUF_LITERAL(buf, "null");
        return;
    case RULE_REGEX:
        write_regex(buf, value);
        return;
    case RULE_CIDR:
        write_network(buf, &value->network);
        return;
    case RULE_FIELD:
        write_field(buf, value);
        return;
    }
}

/* The children of `node`, those of nested nodes of the same kind in place of the nodes. */
static void write_children(Buf *buf, const Node *node, NodeKind kind)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->children[i]->kind == kind && kind != NODE_NOT) {
            write_children(buf, node->children[i], kind);
        } else {
            BUF_LITERAL(buf, ",");
            node_write(buf, node->children[i]);
        }
    }
}

void node_write(Buf *buf, const Node *node)
{
    static const char *const NAMES[] = {"and", "or", "not"};
    if (node->kind == NODE_LEAF) {
        buf_printf(buf, "[\"%s\",", operator_of(node->value));
        if (node->field.len)
            json_text(buf, node->field);
        else
            BUF_LITERAL(buf, "null");
        BUF_LITERAL(buf, ",");
        write_value(buf, node->value);
    } else {
        buf_printf(buf, "[\"%s\"", NAMES[node->kind]);
        write_children(buf, node, node->kind);
    }
    BUF_LITERAL(buf, "]");
}
