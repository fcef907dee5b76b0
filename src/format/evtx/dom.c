#include "format/evtx/dom.h"

#include "format/evtx/scalar.h"

/* Values that the nodes of one tree refer to; an override stands for one item of an array. */
typedef struct Scope {
    const ValueRef *values;
    uint32_t count;
    const Node *override_node;
    uint8_t override_type;
    Span override_item;
    const struct Scope *outer; /* further overrides of the same element */
    unsigned depth;            /* how many overrides */
} Scope;

typedef struct Builder {
    Binxml *bx;
    Arena *arena;
    uint32_t elements;
    uint32_t steps_end; /* of bx->steps */
    unsigned nesting;
    Err *err;
} Builder;

typedef struct Content {
    DomElement *element;
    DomElement **last_child;
    DomPiece **last_piece;
} Content;

static bool no_memory(Builder *b)
{
    return err_set(b->err, ERR_LIMIT, ERR_NO_OFFSET, "record needs more memory than allowed");
}

/* Have the steps counted so far stayed within the limits? */
static bool within_steps(const Builder *b)
{
    return b->bx->steps <= b->steps_end ||
           err_set(b->err, ERR_LIMIT, ERR_NO_OFFSET,
                   "its nested values and lists unfold beyond the limit");
}

static DomElement *new_element(Builder *b, Text name)
{
    DomElement *element =
        b->elements < DOM_ELEMENTS_MAX ? ARENA_NEW(b->arena, DomElement, 1) : NULL;
    if (!element) {
        no_memory(b);
        return NULL;
    }
    b->elements++;
    element->name = name;
    return element;
}

static bool add_piece(Builder *b, DomPiece ***last, DomPiece piece)
{
    DomPiece *copy = ARENA_NEW(b->arena, DomPiece, 1);
    if (!copy)
        return no_memory(b);
    *copy = piece;
    **last = copy;
    *last = &copy->next;
    return true;
}

typedef struct Resolved {
    uint8_t type;
    Span bytes;
    uint32_t offset; /* in the chunk; 0 for an item of a list, which is never a document */
} Resolved;

/* The value a substitution stands for; an index past the end is null. */
static Resolved resolve(const Builder *b, const Scope *scope, const Node *node)
{
    for (const Scope *s = scope; s; s = s->outer)
        if (s->override_node == node)
            return (Resolved){.type = s->override_type, .bytes = s->override_item};
    if (node->index >= scope->count)
        return (Resolved){.type = EVTX_NULL};
    ValueRef v = scope->values[node->index];
    if (v.type == EVTX_NULL)
        return (Resolved){.type = EVTX_NULL};
    return (Resolved){.type = v.type,
                      .bytes = span_of(b->bx->chunk->bytes + v.offset, v.size),
                      .offset = v.offset};
}

static bool add_entity(Builder *b, DomPiece ***last, Text name)
{
    static const struct {
        Text name;
        char c;
    } KNOWN[] = {{{"amp", 3}, '&'},
                 {{"lt", 2}, '<'},
                 {{"gt", 2}, '>'},
                 {{"quot", 4}, '"'},
                 {{"apos", 4}, '\''}};
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        if (text_equal(name, KNOWN[i].name))
            return add_piece(b, last,
                             (DomPiece){.kind = PIECE_CHAR, .code_point = (uint8_t)KNOWN[i].c});
    return add_piece(b, last, (DomPiece){.kind = PIECE_CHAR, .code_point = '&'}) &&
           add_piece(b, last, (DomPiece){.kind = PIECE_UTF8, .bytes = text_span(name)}) &&
           add_piece(b, last, (DomPiece){.kind = PIECE_CHAR, .code_point = ';'});
}

static bool build_document(Builder *b, uint32_t begin, uint32_t end, Content *into);

/* A node that is neither element nor attribute. */
static bool build_piece(Builder *b, const Node *node, const Scope *scope, DomPiece ***last,
                        Content *into)
{
    switch (node->kind) {
    case NODE_TEXT:
        return add_piece(b, last, (DomPiece){.kind = PIECE_LITERAL, .bytes = node->text});
    case NODE_CHAR:
        return add_piece(b, last, (DomPiece){.kind = PIECE_CHAR, .code_point = node->index});
    case NODE_ENTITY:
        return add_entity(b, last, node->name);
    case NODE_VALUE: {
        Resolved v = resolve(b, scope, node);
        if (v.type == EVTX_BINXML && v.offset && into) {
            if (v.bytes.len == 0)
                return true;
            return build_document(b, v.offset, v.offset + (uint32_t)v.bytes.len, into);
        }
        if (v.type & EVTX_ARRAY)
            v = (Resolved){.type = EVTX_NULL}; /* no items: others are overridden */
        return add_piece(b, last,
                         (DomPiece){.kind = PIECE_VALUE, .type = v.type, .bytes = v.bytes});
    }
    case NODE_PI:
    case NODE_ELEMENT:
    case NODE_ATTRIBUTE:
        break;
    }
    return true;
}

static bool build_attributes(Builder *b, const Node *element, const Scope *scope, DomElement *into)
{
    DomAttribute **last = &into->attributes;
    for (const Node *node = element->attributes; node; node = node->next) {
        DomAttribute *attribute = ARENA_NEW(b->arena, DomAttribute, 1);
        if (!attribute)
            return no_memory(b);
        attribute->name = node->name;
        *last = attribute;
        last = &attribute->next;
        DomPiece **piece = &attribute->pieces;
        for (const Node *child = node->children; child; child = child->next)
            if (!build_piece(b, child, scope, &piece, NULL))
                return false;
    }
    return true;
}

static bool build_nodes(Builder *b, const Node *first, const Scope *scope, bool root,
                        Content *into);
static bool build_element(Builder *b, const Node *node, const Scope *scope, Content *into);

/* The first substitution among nodes that is an array with items. */
static const Node *first_array(const Builder *b, const Node *first, const Scope *scope)
{
    for (const Node *node = first; node; node = node->next) {
        b->bx->steps++;
        if (node->kind != NODE_VALUE)
            continue;
        Resolved v = resolve(b, scope, node);
        if ((v.type & EVTX_ARRAY) && v.bytes.len)
            return node;
    }
    return NULL;
}

/* The first substitution directly in the element, or in its attributes, that is an array with
 * items and not yet replaced by one of them. Content comes first, as the reference readers do. */
static const Node *find_array(const Builder *b, const Node *element, const Scope *scope)
{
    const Node *found = first_array(b, element->children, scope);
    for (const Node *a = element->attributes; a && !found; a = a->next)
        found = first_array(b, a->children, scope);
    return found;
}

/* The element once for each item of the array. */
static bool build_repeated(Builder *b, const Node *element, const Node *array, const Scope *scope,
                           Content *into)
{
    if (scope->depth == DOM_ARRAYS_MAX)
        return err_set(b->err, ERR_LIMIT, b->bx->chunk->origin + element->at,
                       "more than %d lists in one element", DOM_ARRAYS_MAX);
    Resolved v = resolve(b, scope, array);
    Scope inner = *scope;
    inner.outer = scope;
    inner.depth++;
    inner.override_node = array;
    inner.override_type = v.type & (uint8_t)~EVTX_ARRAY;
    size_t pos = 0;
    unsigned ignored = 0;
    while (evtx_array_next(v.type, v.bytes, &pos, &inner.override_item, &ignored))
        if (!build_element(b, element, &inner, into))
            return false;
    return true;
}

static bool build_element(Builder *b, const Node *node, const Scope *scope, Content *into)
{
    const Node *array = find_array(b, node, scope);
    if (array)
        return build_repeated(b, node, array, scope, into);
    DomElement *element = new_element(b, node->name);
    if (!element)
        return false;
    *into->last_child = element;
    into->last_child = &element->next;
    Content content = {element, &element->children, &element->pieces};
    return build_attributes(b, node, scope, element) &&
           build_nodes(b, node->children, scope, false, &content);
}

static bool is_removed(const Node *element, const Scope *scope)
{
    uint16_t index = element->dependency;
    return index != BINXML_NO_DEPENDENCY && index < scope->count &&
           scope->values[index].type == EVTX_NULL;
}

/* `root`: the nodes are a template's root elements, whose dependency does not count. */
static bool build_nodes(Builder *b, const Node *first, const Scope *scope, bool root, Content *into)
{
    for (const Node *node = first; node; node = node->next) {
        b->bx->steps++;
        if (!within_steps(b))
            return false;
        if (node->kind == NODE_ELEMENT) {
            if ((root || !is_removed(node, scope)) && !build_element(b, node, scope, into))
                return false;
        } else if (!build_piece(b, node, scope, &into->last_piece, into)) {
            return false;
        }
    }
    return true;
}

static bool build_instance(Builder *b, uint32_t at, uint32_t end, Content *into, uint32_t *ret_end)
{
    Instance instance;
    uint32_t mark = b->bx->values_used;
    if (!binxml_instance(b->bx, at, end, &instance, b->err))
        return false;
    b->bx->steps += instance.count;
    Scope scope = {.values = instance.values, .count = instance.count};
    const Node *document = binxml_document(b->bx, instance.definition);
    bool ok = document ? build_nodes(b, document->children, &scope, true, into) : no_memory(b);
    b->bx->values_used = mark;
    *ret_end = instance.end;
    if (ok && instance.definition->damage) {
        *b->err = *instance.definition->damage;
        return false;
    }
    return ok;
}

/* XML that stands outside a template carries no dependency ids, as forwarded events show; should
 * it not parse like that, the other reading is tried. Damage keeps the first reading. */
static bool build_literal(Builder *b, uint32_t begin, uint32_t end, Content *into)
{
    Node *document = NULL, *other = NULL;
    Err second;
    bool ok = binxml_parse(b->bx, b->arena, begin, end, false, &document, b->err);
    if (!ok && binxml_parse(b->bx, b->arena, begin, end, true, &other, &second)) {
        document = other;
        ok = true;
    }
    Err damage = ok ? (Err){0} : *b->err;
    Scope none = {0};
    if (!document || !build_nodes(b, document->children, &none, true, into))
        return false;
    *b->err = damage;
    return ok;
}

/* [begin, end): fragment headers, template instances, literal XML, up to EOF. */
static bool build_document(Builder *b, uint32_t begin, uint32_t end, Content *into)
{
    const uint8_t *bytes = b->bx->chunk->bytes;
    if (b->nesting >= BINXML_NESTING_MAX)
        return err_set(b->err, ERR_LIMIT, b->bx->chunk->origin + begin,
                       "XML values nested deeper than %d", BINXML_NESTING_MAX);
    b->nesting++;
    bool ok = true, more = true;
    while (ok && more && begin < end && bytes[begin] != 0) {
        b->bx->steps++;
        if (bytes[begin] == 0x0f && end - begin >= 4) {
            begin += 4;
        } else if (bytes[begin] == 0x0c) {
            ok = build_instance(b, begin, end, into, &begin);
        } else {
            ok = build_literal(b, begin, end, into);
            more = false;
        }
    }
    b->nesting--;
    return ok;
}

bool dom_build(Binxml *bx, Arena *scratch, uint32_t begin, uint32_t end, DomElement **ret, Err *err)
{
    Err ignored;
    uint32_t chunk_left = DOM_CHUNK_STEPS_MAX > bx->steps ? DOM_CHUNK_STEPS_MAX - bx->steps : 0;
    uint32_t steps = chunk_left < DOM_STEPS_MAX ? chunk_left : DOM_STEPS_MAX;
    Builder b = {
        .bx = bx, .arena = scratch, .steps_end = bx->steps + steps, .err = err ? err : &ignored};
    uint32_t mark = bx->values_used;
    *ret = new_element(&b, TEXT(""));
    if (!*ret)
        return false;
    Content content = {*ret, &(*ret)->children, &(*ret)->pieces};
    bool ok = build_document(&b, begin, end, &content);
    bx->values_used = mark;
    return ok;
}

bool dom_pieces_empty(const DomPiece *pieces)
{
    for (const DomPiece *piece = pieces; piece; piece = piece->next)
        if (piece->kind == PIECE_CHAR || piece->bytes.len)
            return false;
    return true;
}

void dom_pieces_text(Buf *buf, const DomPiece *pieces, unsigned *faults)
{
    for (const DomPiece *piece = pieces; piece; piece = piece->next) {
        switch (piece->kind) {
        case PIECE_LITERAL:
            evtx_text_value(buf, EVTX_STRING, piece->bytes.ptr, piece->bytes.len, faults);
            break;
        case PIECE_VALUE:
            evtx_text_value(buf, piece->type, piece->bytes.ptr, piece->bytes.len, faults);
            break;
        case PIECE_UTF8:
            buf_add(buf, piece->bytes.ptr, piece->bytes.len);
            break;
        case PIECE_CHAR: {
            char utf8[4];
            buf_add(buf, utf8, utf8_put(utf8, piece->code_point));
            break;
        }
        }
    }
}

const DomAttribute *dom_attribute(const DomElement *element, Text name)
{
    for (const DomAttribute *a = element->attributes; a; a = a->next)
        if (text_equal(a->name, name))
            return a;
    return NULL;
}
