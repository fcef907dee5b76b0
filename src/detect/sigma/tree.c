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
        if (part->kind == PART_MANY) {
            BUF_LITERAL(&text, "*");
        } else if (part->kind == PART_ONE) {
            BUF_LITERAL(&text, "?");
        } else if (part->kind == PART_PLACEHOLDER) {
            BUF_LITERAL(&text, "%");
            buf_add_text(&text, part->text);
            BUF_LITERAL(&text, "%");
        } else {
            for (size_t k = 0; k < part->text.len; k++) {
                char c = part->text.ptr[k];
                if (c == '*' || c == '?' || c == '\\')
                    BUF_LITERAL(&text, "\\");
                buf_add_char(&text, c);
            }
        }
    }
    json_text(buf, buf_text(&text));
    buf->failed |= text.failed;
    buf_done(&text);
}

static void write_network(Buf *buf, const IpNetwork *network)
{
    for (unsigned i = 0; i < sizeof network->address.bytes; i++)
        buf_printf(buf, "%02x", network->address.bytes[i]);
    buf_printf(buf, "/%u", network->bits);
}

static void write_regex(Buf *buf, const RuleValue *value)
{
    json_text(buf, value->text);
    static const char LETTERS[] = "ims^$";
    for (unsigned i = 0; i < 5; i++)
        if (value->regex_flags >> i & 1)
            buf_add_char(buf, LETTERS[i]);
}

static void write_value(Buf *buf, const RuleValue *value)
{
    static const char *const COMPARE[] = {"<", "<=", ">", ">="};
    static const char *const PARTS[] = {"minute", "hour", "day", "week", "month", "year"};
    switch (value->kind) {
    case RULE_STRING:
        buf_printf(buf, "%s", value->cased ? "==" : "=");
        write_pattern(buf, value->pattern);
        return;
    case RULE_NUMBER:
        BUF_LITERAL(buf, "=");
        buf_add_text(buf, value->number.text);
        return;
    case RULE_BOOL:
        buf_printf(buf, "=%s", value->number.boolean ? "true" : "false");
        return;
    case RULE_NULL:
        BUF_LITERAL(buf, "=null");
        return;
    case RULE_REGEX:
        BUF_LITERAL(buf, "~");
        write_regex(buf, value);
        return;
    case RULE_CIDR:
        BUF_LITERAL(buf, " in ");
        write_network(buf, &value->network);
        return;
    case RULE_COMPARE:
        buf_printf(buf, "%s", COMPARE[value->compare]);
        buf_add_text(buf, value->number.text);
        return;
    case RULE_DATE_PART:
        buf_printf(buf, ".%s=", PARTS[value->part]);
        buf_add_text(buf, value->number.text);
        return;
    case RULE_FIELD:
        buf_printf(buf, "%s=%s$", value->cased ? "=" : "", value->open & OPEN_START ? "*" : "");
        buf_add_text(buf, value->text);
        buf_printf(buf, "%s", value->open & OPEN_END ? "*" : "");
        return;
    case RULE_EXISTS:
        buf_printf(buf, value->number.boolean ? " exists" : " absent");
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
            BUF_LITERAL(buf, " ");
            node_write(buf, node->children[i]);
        }
    }
}

void node_write(Buf *buf, const Node *node)
{
    static const char *const NAMES[] = {"and", "or", "not"};
    if (node->kind == NODE_LEAF) {
        buf_add_text(buf, node->field.len ? node->field : TEXT("(keyword)"));
        write_value(buf, node->value);
        return;
    }
    buf_printf(buf, "(%s", NAMES[node->kind]);
    write_children(buf, node, node->kind);
    BUF_LITERAL(buf, ")");
}
