#include "writer_tree.h"

#include <stdlib.h>
#include <string.h>

/* Every allocation hangs on one list of the tree. */
typedef struct Block {
    struct Block *next;
    max_align_t data[];
} Block;

struct WriterTree {
    Block *blocks;
    WriterNode *root;
    bool failed;
};

WriterTree *writer_tree_create(void)
{
    WriterTree *tree = calloc(1, sizeof(*tree));
    if (!tree)
        return NULL;
    tree->root = writer_tree_alloc(tree, sizeof(*tree->root));
    if (!tree->root) {
        writer_tree_destroy(tree);
        return NULL;
    }
    *tree->root = (WriterNode){.tree = tree, .kind = WRITER_KIND_FRAGMENT, .slot = WRITER_NO_SLOT};
    return tree;
}

void writer_tree_destroy(WriterTree *tree)
{
    if (!tree)
        return;
    for (Block *block = tree->blocks; block;) {
        Block *next = block->next;
        free(block);
        block = next;
    }
    free(tree);
}

bool writer_tree_failed(const WriterTree *tree)
{
    return tree->failed;
}

void writer_tree_fail(WriterTree *tree)
{
    tree->failed = true;
}

WriterNode *writer_tree_root(WriterTree *tree)
{
    return tree->root;
}

void *writer_tree_alloc(WriterTree *tree, size_t size)
{
    Block *block = size > SIZE_MAX / 2 ? NULL : calloc(1, sizeof(Block) + size);
    if (!block) {
        tree->failed = true;
        return NULL;
    }
    block->next = tree->blocks;
    tree->blocks = block;
    return block->data;
}

char *writer_tree_copy(WriterTree *tree, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = writer_tree_alloc(tree, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static WriterNode *append(WriterNode *parent, WriterNode pattern)
{
    if (!parent)
        return NULL;
    WriterNode *node = writer_tree_alloc(parent->tree, sizeof(*node));
    if (!node)
        return NULL;
    *node = pattern;
    node->tree = parent->tree;
    if (pattern.name && !(node->name = writer_tree_copy(parent->tree, pattern.name)))
        return NULL;
    if (pattern.text && !(node->text = writer_tree_copy(parent->tree, pattern.text)))
        return NULL;
    WriterNode **end =
        pattern.kind == WRITER_KIND_ATTRIBUTE ? &parent->attributes : &parent->children;
    while (*end)
        end = &(*end)->next;
    *end = node;
    return node;
}

WriterNode *writer_element(WriterNode *parent, const char *name)
{
    return append(parent, (WriterNode){
                              .kind = WRITER_KIND_ELEMENT,
                              .name = name,
                              .slot = WRITER_NO_SLOT,
                          });
}

WriterNode *writer_attribute(WriterNode *element, const char *name)
{
    return append(element, (WriterNode){.kind = WRITER_KIND_ATTRIBUTE, .name = name});
}

WriterNode *writer_fragment(WriterNode *parent, WriterStyle style)
{
    return append(parent, (WriterNode){
                              .kind = WRITER_KIND_FRAGMENT,
                              .style = style,
                              .mode = WRITER_OPTIONAL,
                              .slot = WRITER_NO_SLOT,
                              .declared = WRITER_BINXML,
                          });
}

WriterNode *writer_value(WriterNode *parent, WriterMode mode, WriterValue value)
{
    return append(parent, (WriterNode){
                              .kind = WRITER_KIND_VALUE,
                              .mode = mode,
                              .value = value,
                              .slot = WRITER_NO_SLOT,
                              .declared = value.type,
                          });
}

void writer_text(WriterNode *parent, const char *utf8)
{
    append(parent, (WriterNode){.kind = WRITER_KIND_TEXT, .text = utf8});
}

void writer_character(WriterNode *parent, uint16_t code)
{
    append(parent, (WriterNode){.kind = WRITER_KIND_CHARACTER, .code = code});
}

void writer_entity(WriterNode *parent, const char *name)
{
    append(parent, (WriterNode){.kind = WRITER_KIND_ENTITY, .name = name});
}

void writer_cdata(WriterNode *parent, const char *utf8)
{
    append(parent, (WriterNode){.kind = WRITER_KIND_CDATA, .text = utf8});
}

void writer_instruction(WriterNode *parent, const char *target, const char *utf8)
{
    append(parent, (WriterNode){.kind = WRITER_KIND_INSTRUCTION, .name = target, .text = utf8});
}

void writer_raw(WriterNode *parent, const void *bytes, size_t size)
{
    if (!parent)
        return;
    uint8_t *copy = writer_tree_alloc(parent->tree, size);
    if (!copy)
        return;
    memcpy(copy, bytes, size);
    append(parent, (WriterNode){
                       .kind = WRITER_KIND_RAW,
                       .value = {.size = size, .bytes = copy},
                   });
}

void writer_data(WriterNode *parent, const char *name, WriterValue value)
{
    WriterNode *data = writer_element(parent, "Data");
    if (name)
        writer_text(writer_attribute(data, "Name"), name);
    writer_value(data, WRITER_NORMAL, value);
}

void writer_set_style(WriterNode *fragment, WriterStyle style)
{
    if (fragment)
        fragment->style = style;
}

void writer_set_slot(WriterNode *value, uint16_t slot)
{
    if (value)
        value->slot = slot;
}

void writer_set_declared(WriterNode *value, uint8_t type)
{
    if (value)
        value->declared = type;
}

void writer_set_missing(WriterNode *value)
{
    if (value)
        value->missing = true;
}

void writer_set_dependency(WriterNode *element, uint16_t slot)
{
    if (element)
        element->slot = slot;
}
