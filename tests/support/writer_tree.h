/* writer_tree.h: an event as the EVTX writer's caller describes it: elements, attributes, texts,
   typed values.

   WriterTree *tree = writer_tree_create();
   WriterNode *event = writer_element(writer_tree_root(tree), "Event");
   writer_value(writer_element(event, "Channel"), WRITER_OPTIONAL, writer_string(tree, "Security"));

   A tree stands for one record. Its outermost level and every nested part is a *fragment*. In a
   fragment of style WRITER_TEMPLATE, element names and literal texts go into a template definition,
   and values become substitutions: trees of equal shape share a definition within a chunk, whatever
   their values. Nothing is checked here that a hostile file could do wrong: strange trees give
   strange files, which is the purpose.

   All functions accept NULL as parent and then do nothing, so that a tree can be built without
   checks; writer_tree_failed() tells at the end. The tree owns all nodes, names and value bytes. */
#ifndef WRITER_TREE_H
#define WRITER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Value types of BinXML, checklist section 6. */
typedef enum WriterType {
    WRITER_NULL = 0x00,
    WRITER_STRING = 0x01,
    WRITER_ANSI = 0x02,
    WRITER_INT8 = 0x03,
    WRITER_UINT8 = 0x04,
    WRITER_INT16 = 0x05,
    WRITER_UINT16 = 0x06,
    WRITER_INT32 = 0x07,
    WRITER_UINT32 = 0x08,
    WRITER_INT64 = 0x09,
    WRITER_UINT64 = 0x0a,
    WRITER_FLOAT = 0x0b,
    WRITER_DOUBLE = 0x0c,
    WRITER_BOOLEAN = 0x0d,
    WRITER_BINARY = 0x0e,
    WRITER_GUID = 0x0f,
    WRITER_SIZE = 0x10, /* declared only: the value itself comes as WRITER_HEX32 or WRITER_HEX64 */
    WRITER_FILETIME = 0x11,
    WRITER_SYSTEMTIME = 0x12,
    WRITER_SID = 0x13,
    WRITER_HEX32 = 0x14,
    WRITER_HEX64 = 0x15,
    WRITER_HANDLE = 0x20,
    WRITER_BINXML = 0x21,
    WRITER_EVTXML = 0x23,
    WRITER_ARRAY = 0x80, /* or-ed to the type of the items */
} WriterType;

typedef enum WriterMode {
    WRITER_NORMAL,   /* token 0x0d: a null gives empty text */
    WRITER_OPTIONAL, /* token 0x0e: a null removes the element or attribute */
} WriterMode;

typedef enum WriterStyle {
    WRITER_TEMPLATE, /* fragment header, template instance, values */
    WRITER_INSTANCE, /* template instance and values without the header; as common in real event
                        data */
    WRITER_PLAIN,    /* fragment header, then the elements themselves; no values possible */
    WRITER_BARE,     /* the elements themselves; no values possible */
} WriterStyle;

typedef struct WriterTree WriterTree;
typedef struct WriterNode WriterNode;

/* Typed bytes of a value; made by writer_value.h or by hand. `bytes` must live as long as the tree.
 */
typedef struct WriterValue {
    uint8_t type;
    size_t size;
    const uint8_t *bytes;
} WriterValue;

WriterTree *writer_tree_create(void); /* NULL: out of memory */
void writer_tree_destroy(WriterTree *tree);
bool writer_tree_failed(const WriterTree *tree);
WriterNode *writer_tree_root(WriterTree *tree); /* the outermost fragment, style WRITER_TEMPLATE */
void *writer_tree_alloc(WriterTree *tree,
                        size_t size); /* zeroed; lives with the tree; NULL sets failed */
char *writer_tree_copy(WriterTree *tree, const char *text); /* as above */
void writer_tree_fail(WriterTree *tree); /* for makers of values: input was unusable */

WriterNode *writer_element(WriterNode *parent, const char *name);
WriterNode *writer_attribute(WriterNode *element, const char *name);
WriterNode *writer_fragment(WriterNode *parent,
                            WriterStyle style); /* a value of type 0x21; fill with elements */
WriterNode *writer_value(WriterNode *parent, WriterMode mode, WriterValue value);
void writer_text(WriterNode *parent, const char *utf8);   /* literal text, stored in the template */
void writer_character(WriterNode *parent, uint16_t code); /* &#code; */
void writer_entity(WriterNode *parent, const char *name); /* &name; */
void writer_cdata(WriterNode *parent, const char *utf8);
void writer_instruction(WriterNode *parent, const char *target,
                        const char *utf8); /* <?target text?> */
void writer_raw(WriterNode *parent, const void *bytes,
                size_t size); /* put among the tokens as they are */

/* The usual leaf of EventData: <Data Name="name">value</Data>; without the attribute if name is
 * NULL. */
void writer_data(WriterNode *parent, const char *name, WriterValue value);

/* Departures from the default. */
void writer_set_style(WriterNode *fragment, WriterStyle style);
void writer_set_slot(WriterNode *value,
                     uint16_t slot); /* default: document order. Equal slots share a value */
void writer_set_declared(WriterNode *value, uint8_t type); /* default: the value's own type */
void writer_set_missing(WriterNode *value); /* substitution without a value behind it */
void writer_set_dependency(WriterNode *element,
                           uint16_t slot); /* default: the slot of an only, optional child */

/* For writer_binxml.c: what stands in a node. */
typedef enum WriterKind {
    WRITER_KIND_FRAGMENT,
    WRITER_KIND_ELEMENT,
    WRITER_KIND_ATTRIBUTE,
    WRITER_KIND_TEXT,
    WRITER_KIND_VALUE,
    WRITER_KIND_CHARACTER,
    WRITER_KIND_ENTITY,
    WRITER_KIND_CDATA,
    WRITER_KIND_INSTRUCTION,
    WRITER_KIND_RAW,
} WriterKind;

enum { WRITER_NO_SLOT = 0xffff };

struct WriterNode {
    WriterTree *tree;
    WriterNode *next;       /* sibling */
    WriterNode *attributes; /* of an element */
    WriterNode *children;
    WriterKind kind;
    WriterStyle style; /* fragments */
    WriterMode mode;   /* values, and fragments as values */
    const char *name;  /* element, attribute, entity, instruction target */
    const char *text;  /* literal, CDATA, instruction: UTF-8 */
    WriterValue value; /* value; raw bytes */
    uint16_t code;     /* character */
    uint16_t slot;     /* value, fragment; element: dependency. WRITER_NO_SLOT: by default rule */
    uint8_t declared;  /* type that the template states */
    bool missing;
};

#endif
