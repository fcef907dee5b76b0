/* yaml.h: the documents of a rule file as a tree that knows its lines. Parsing is libyaml's; this
 * is what keeps a hostile file within bounds, and what a rule needs beyond YAML: doubled keys.
 *
 * Scalars follow the core schema of YAML 1.2: null, ~ and nothing; true, false; decimal, 0x, 0o;
 * floats. All else, and all that is quoted, is text: yes, no, dates. An alias is the node that it
 * names, shared.
 *
 * Not libfyaml: version 0.7.12, tried on random documents, misread quotes in a row, empty and
 * folded blocks, gave bytes that are not in the file, and did not return from some lines. */
#ifndef DETECT_SIGMA_YAML_H
#define DETECT_SIGMA_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "detect/sigma/problem.h"

#define YAML_BYTES_MAX     (1024u * 1024) /* one file */
#define YAML_DEPTH_MAX     32
#define YAML_DOCUMENTS_MAX 4096
#define YAML_NODES_MAX                                                                             \
    100000 /* of one document, each alias counted with all that it stands for                      \
            */

typedef enum YamlKind { YAML_SCALAR, YAML_LIST, YAML_MAP } YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
    YamlKind kind;
    bool plain; /* a scalar without quotes: may be a number, a boolean, nothing */
    uint32_t line;
    uint32_t weight; /* nodes in it, itself included */
    uint32_t count;  /* of a list or map */
    Text text;       /* of a scalar */
    YamlNode **keys; /* of a map: scalars */
    YamlNode **values;
};

typedef struct YamlDocs {
    YamlNode **docs; /* NULL: an empty document */
    size_t count;
} YamlDocs;

/* Everything in `ret` lives in `arena`; texts too. false: *problem; the documents before the
 * mistake are in `ret` all the same. */
bool yaml_parse(Arena *arena, Text file, YamlDocs *ret, Problem *problem);

/* The value of a key; NULL when there is none, or `map` is no map. */
const YamlNode *yaml_get(const YamlNode *map, const char *key);

/* A copy of `map` with the entries of `over`: maps in both are merged, all else of `over` wins.
 * NULL: no memory. Nodes are shared, not copied, where they are the same. */
YamlNode *yaml_merge(Arena *arena, const YamlNode *map, const YamlNode *over);

typedef enum YamlType { YAML_NULL, YAML_BOOL, YAML_INT, YAML_FLOAT, YAML_TEXT } YamlType;

typedef struct YamlValue {
    YamlType type;
    bool boolean;
    int64_t integer; /* an integer beyond 64 bits is YAML_FLOAT */
    double real;     /* of YAML_INT too */
    Text text;       /* as written */
} YamlValue;

/* `node` is a scalar. */
YamlValue yaml_value(const YamlNode *node);

#endif
