#include "format/evtx_json_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "format/evtx_json_rows.h"

#define PATHS_MAX      262144u              /* nodes */
#define PATHS_TRIM     16384u               /* more than any honest file has */
#define ARENA_LIMIT    (128u * 1024 * 1024) /* keys and paths */
#define KEY_MAX        1024u                /* bytes of a key that count in a path */
#define PATH_BYTES_MAX 4096u                /* bytes of a path */
#define SLOTS_FIRST    4096u

/* Where in the document of SHAPE_TREE a node stands. `tree_name` is the native name of a value
 * there, and the beginning of the names below it. */
enum {
    PLACE_ROOT,
    PLACE_EVENT,     /* Event itself */
    PLACE_SYSTEM,    /* in System: only what has a value is a field */
    PLACE_CONTAINER, /* EventData, UserData: names below stand alone */
    PLACE_DATA,      /* Data in a container */
    PLACE_DATA_NAME,
    PLACE_DATA_TEXT,
    PLACE_FIELD, /* a value, or more structure */
    PLACE_SKIP,
};

static bool add_root(Paths *paths)
{
    paths->nodes[PATH_ROOT] = (PathNode){.place = PLACE_ROOT, .parent = PATH_NONE};
    paths->count = 1;
    paths->last = PATH_ROOT;
    return true;
}

bool paths_init(Paths *paths, Sink *sink)
{
    *paths = (Paths){.sink = sink, .cap = 256, .slot_count = SLOTS_FIRST};
    paths->arena = arena_create(ARENA_LIMIT);
    paths->nodes = malloc(paths->cap * sizeof *paths->nodes);
    paths->slots = calloc(paths->slot_count, sizeof *paths->slots);
    buf_init(&paths->scratch, 4 * PATH_BYTES_MAX);
    return paths->arena && paths->nodes && paths->slots && add_root(paths);
}

void paths_done(Paths *paths)
{
    arena_destroy(paths->arena);
    free(paths->nodes);
    free(paths->slots);
    buf_done(&paths->scratch);
    *paths = (Paths){0};
}

void paths_begin(Paths *paths)
{
    paths->record++;
    if (paths->count <= PATHS_TRIM && arena_used(paths->arena) <= ARENA_LIMIT / 4)
        return;
    arena_clear(paths->arena);
    memset(paths->slots, 0, paths->slot_count * sizeof *paths->slots);
    paths->generation++;
    add_root(paths);
}

static uint64_t hash_of(uint32_t parent, Text key)
{
    return hash64(key.ptr, key.len, parent + 1);
}

static bool grow_slots(Paths *paths)
{
    size_t slot_count = paths->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 1; i < paths->count; i++) {
        const PathNode *node = &paths->nodes[i];
        size_t slot = hash_of(node->parent, node->key) & (slot_count - 1);
        while (slots[slot])
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = i + 1;
    }
    free(paths->slots);
    paths->slots = slots;
    paths->slot_count = slot_count;
    return true;
}

/* "a" and "b" as "a.b" (or "b" if a is empty), owned by the arena, cut at PATH_BYTES_MAX. */
static bool join(Paths *paths, Text a, Text b, Text *ret)
{
    Buf *buf = &paths->scratch;
    buf_clear(buf);
    buf_add_text(buf, a);
    if (a.len)
        buf_add_char(buf, '.');
    buf_add_text(buf, text_of(b.ptr, b.len < KEY_MAX ? b.len : KEY_MAX));
    Text joined = buf_text(buf);
    while (joined.len > PATH_BYTES_MAX || (joined.len && buf->failed))
        joined.len--;
    while (joined.len == PATH_BYTES_MAX && ((unsigned char)joined.ptr[joined.len - 1] & 0x80))
        joined.len--; /* not in the middle of a character */
    return !buf->failed && arena_copy_text(paths->arena, joined, ret);
}

static bool is_export_at_top(Text key)
{
    return !text_equal(key, TEXT("Event")) && !text_equal(key, TEXT("System")) &&
           !text_equal(key, TEXT("EventData")) && !text_equal(key, TEXT("UserData"));
}

/* A place in the tree before its name is copied. */
typedef struct Place {
    uint8_t place;
    Text base, rest; /* the native name: "base.rest", or one of them */
} Place;

static Place place_at(uint8_t place, Text base, Text rest)
{
    return (Place){.place = place, .base = base, .rest = rest};
}

static Place place_in_data(Text key)
{
    if (text_equal(key, TEXT("@Name")) || text_equal(key, TEXT("Name")))
        return place_at(PLACE_DATA_NAME, (Text){0}, (Text){0});
    if (text_equal(key, TEXT("#text")) || text_equal(key, TEXT("Value")) ||
        text_equal(key, TEXT("content")))
        return place_at(PLACE_DATA_TEXT, (Text){0}, (Text){0});
    if (text_equal(key, TEXT("#attributes")))
        return place_at(PLACE_DATA, TEXT("Data"), (Text){0});
    return place_at(PLACE_FIELD, TEXT("Data"), key);
}

/* Below an element that keeps its name: attributes, text, elements. */
static Place place_in_field(uint8_t place, Text name, Text key)
{
    if (windows_is_namespace(key) ||
        (key.len && key.ptr[0] == '@' && windows_is_namespace(text_of(key.ptr + 1, key.len - 1))))
        return place_at(PLACE_SKIP, (Text){0}, (Text){0});
    if (text_equal(key, TEXT("#attributes")) || text_equal(key, TEXT("#text")))
        return place_at(place, name, (Text){0});
    if (text_equal(key, TEXT("Value")) && text_equal(name, TEXT("System.EventID")))
        return place_at(place, name, (Text){0});
    if (key.len > 1 && key.ptr[0] == '@')
        return place_at(place, name, text_of(key.ptr + 1, key.len - 1));
    if (text_ends(key, TEXT("_attributes"))) /* evtx_dump --separate-json-attributes */
        return place_at(place, name, text_of(key.ptr, key.len - (sizeof "_attributes" - 1)));
    return place_at(place, name, key);
}

static Place place_in_container(const PathNode *container, Text key)
{
    Text name = text_equal(container->key, TEXT("UserData")) ? TEXT("UserData") : TEXT("EventData");
    if (text_equal(key, TEXT("#attributes")) || text_equal(key, TEXT("#text")))
        return place_at(PLACE_FIELD, name, (Text){0});
    if (key.len > 1 && key.ptr[0] == '@')
        return place_in_field(PLACE_FIELD, name, key);
    if (text_equal(key, TEXT("Data")))
        return place_at(PLACE_DATA, TEXT("Data"), (Text){0});
    return place_at(PLACE_FIELD, (Text){0}, key);
}

static Place place_in_event(Text key)
{
    if (text_equal(key, TEXT("System")))
        return place_at(PLACE_SYSTEM, TEXT("System"), (Text){0});
    if (text_equal(key, TEXT("EventData")) || text_equal(key, TEXT("UserData")))
        return place_at(PLACE_CONTAINER, (Text){0}, (Text){0});
    if (text_equal(key, TEXT("RenderingInfo")))
        return place_at(PLACE_FIELD, TEXT("Export"), key);
    if (text_equal(key, TEXT("#attributes")))
        return place_at(PLACE_FIELD, TEXT("Event"), (Text){0});
    return place_in_field(PLACE_FIELD, (Text){0}, key);
}

static Place place_of(const PathNode *parent, Text key)
{
    switch (parent->place) {
    case PLACE_ROOT:
        if (text_equal(key, TEXT("Event")))
            return place_at(PLACE_EVENT, (Text){0}, (Text){0});
        if (text_equal(key, TEXT("Event_attributes")))
            return place_at(PLACE_FIELD, TEXT("Event"), (Text){0});
        return is_export_at_top(key) ? place_at(PLACE_FIELD, TEXT("Export"), key)
                                     : place_in_event(key);
    case PLACE_EVENT:
        return place_in_event(key);
    case PLACE_CONTAINER:
        return place_in_container(parent, key);
    case PLACE_DATA:
        return place_in_data(key);
    case PLACE_SKIP:
        return place_at(PLACE_SKIP, (Text){0}, (Text){0});
    case PLACE_SYSTEM:
    case PLACE_FIELD:
        return place_in_field(parent->place, parent->tree_name, key);
    default:
        return place_at(PLACE_FIELD, TEXT("Data"), key);
    }
}

/* Marks that depend on the tree. */
static uint32_t tree_marks(const PathNode *parent, const PathNode *node)
{
    uint32_t marks = 0;
    if (node->place == PLACE_SYSTEM && text_equal(node->tree_name, TEXT("System.EventID")))
        marks |= MARK_TREE;
    if (node->place == PLACE_EVENT)
        marks |= MARK_EVENT_OBJECT;
    else if (parent->place == PLACE_ROOT)
        marks |= MARK_OUTSIDE_EVENT;
    if (node->key.len && node->key.ptr[0] == '@')
        marks |= MARK_FOREIGN_TREE;
    if (text_ends(node->key, TEXT("#attributes")) || text_ends(node->key, TEXT("_attributes")))
        marks |= MARK_ATTRIBUTES;
    return marks;
}

static uint32_t add_node(Paths *paths, uint32_t parent_id, Text key)
{
    if (paths->count == PATHS_MAX)
        return PATH_NONE;
    if (paths->count == paths->cap) {
        PathNode *nodes = realloc(paths->nodes, 2 * paths->cap * sizeof *nodes);
        if (!nodes)
            return PATH_NONE;
        paths->nodes = nodes;
        paths->cap *= 2;
    }
    if (paths->count * 2 > paths->slot_count && !grow_slots(paths))
        return PATH_NONE;
    const PathNode *parent = &paths->nodes[parent_id];
    PathNode node = {.parent = parent_id, .guess = PATH_ROOT};
    Place where = place_of(parent, key);
    node.place = where.place;
    node.in_tree = parent->in_tree || where.place == PLACE_EVENT || where.place == PLACE_SYSTEM ||
                   where.place == PLACE_CONTAINER;
    if (!arena_copy_text(paths->arena, key, &node.key) ||
        !join(paths, parent->path, key, &node.path))
        return PATH_NONE;
    Text one = where.base.len ? where.base : where.rest;
    if (!(where.base.len && where.rest.len ? join(paths, where.base, where.rest, &node.tree_name)
                                           : join(paths, (Text){0}, one, &node.tree_name)))
        return PATH_NONE;
    node.marks = tree_marks(parent, &node) | path_marks(node.path);
    paths->nodes[paths->count] = node;
    return paths->count++;
}

static bool is_node(const PathNode *node, uint32_t parent, Text key)
{
    return node->parent == parent && text_equal(node->key, key);
}

static uint32_t find_node(const Paths *paths, uint32_t parent, Text key)
{
    size_t mask = paths->slot_count - 1;
    for (size_t slot = hash_of(parent, key) & mask; paths->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t id = paths->slots[slot] - 1;
        if (is_node(&paths->nodes[id], parent, key))
            return id;
    }
    return PATH_NONE;
}

static void note_slot(Paths *paths, uint32_t id)
{
    const PathNode *node = &paths->nodes[id];
    size_t mask = paths->slot_count - 1, slot = hash_of(node->parent, node->key) & mask;
    while (paths->slots[slot])
        slot = (slot + 1) & mask;
    paths->slots[slot] = id + 1;
}

/* The node of "Header" for "Header_1", if that was seen in this record; else PATH_NONE. */
static uint32_t find_first(const Paths *paths, uint32_t parent, Text key)
{
    size_t n = key.len;
    while (n && key.ptr[n - 1] >= '0' && key.ptr[n - 1] <= '9')
        n--;
    if (n == key.len || n < 2 || key.ptr[n - 1] != '_' || !paths->nodes[parent].in_tree)
        return PATH_NONE;
    uint32_t id = find_node(paths, parent, text_of(key.ptr, n - 1));
    return id != PATH_NONE && paths->nodes[id].seen == paths->record ? id : PATH_NONE;
}

uint32_t paths_child(Paths *paths, uint32_t parent, Text key)
{
    PathNode *last = &paths->nodes[paths->last];
    bool numbered = key.len && key.ptr[key.len - 1] <= '9' && key.ptr[key.len - 1] >= '0';
    if (!numbered && is_node(&paths->nodes[last->guess], parent, key)) {
        paths->last = last->guess;
        paths->nodes[paths->last].seen = paths->record;
        return paths->last;
    }
    if (parent == PATH_ROOT && text_equal(key, TEXT("_source")))
        return PATH_ROOT;
    uint32_t id = numbered ? find_first(paths, parent, key) : PATH_NONE;
    if (id == PATH_NONE)
        id = find_node(paths, parent, key);
    if (id == PATH_NONE) {
        id = add_node(paths, parent, key);
        if (id == PATH_NONE)
            return PATH_NONE;
        note_slot(paths, id);
    }
    paths->nodes[id].seen = paths->record;
    paths->nodes[paths->last].guess = id;
    return paths->last = id;
}

static NameId export_name(Paths *paths, Text path)
{
    Buf *buf = &paths->scratch;
    buf_clear(buf);
    buf_add_text(buf, WINDOWS_EXPORT_PREFIX);
    buf_add_text(buf, path);
    return sink_name(paths->sink, buf_text(buf));
}

static Meaning tree_meaning(Paths *paths, const PathNode *node)
{
    Meaning m = {.use = USE_FIELD, .field = WINDOWS_FIELD_OTHER};
    switch (node->place) {
    case PLACE_SYSTEM:
        m.use = USE_SYSTEM;
        m.field = (uint8_t)windows_field(node->tree_name);
        break;
    case PLACE_DATA:
        m.use = USE_BARE_DATA;
        break;
    case PLACE_DATA_NAME:
        m.use = USE_DATA_NAME;
        return m;
    case PLACE_DATA_TEXT:
        m.use = USE_DATA_TEXT;
        return m;
    case PLACE_EVENT:
    case PLACE_CONTAINER: /* a value where an object belongs */
        m.use = USE_NONEMPTY;
        m.name = m.other = sink_name(paths->sink, node->key);
        return m;
    case PLACE_SKIP:
    case PLACE_ROOT:
        m.use = USE_SKIP;
        return m;
    default:
        break;
    }
    m.name = m.other = sink_name(paths->sink, node->tree_name);
    return m;
}

/* Wazuh writes the first letter of every name in lower case; unnamed values are param1, … in
 * Windows too. */
static NameId wazuh_name(Paths *paths, Text rest)
{
    Buf *buf = &paths->scratch;
    buf_clear(buf);
    buf_add_text(buf, rest);
    bool lower = rest.len && rest.ptr[0] >= 'a' && rest.ptr[0] <= 'z';
    if (lower && !text_starts(rest, TEXT("param")) && !buf->failed)
        buf->ptr[0] = (char)(buf->ptr[0] - ('a' - 'A'));
    return sink_name(paths->sink, buf_text(buf));
}

static Meaning row_meaning(Paths *paths, const PathNode *node, JsonShape shape)
{
    Meaning m = {.use = USE_FIELD, .field = WINDOWS_FIELD_OTHER};
    Text rest = node->path;
    const PathRow *row = path_row(shape, node->path, &rest);
    bool data = row ? row->data : path_is_data(shape, node->path);
    m.other = data ? sink_name(paths->sink, rest) : export_name(paths, node->path);
    m.name = m.other;
    if (!row)
        return m;
    m.use = row->use;
    m.field = row->field;
    m.rank = row->rank;
    if (row->field < WINDOWS_FIELD_COUNT)
        m.name = sink_name(paths->sink, WINDOWS_FIELD_TEXT[row->field]);
    else if (shape == SHAPE_WAZUH && data)
        m.name = m.other = wazuh_name(paths, rest);
    else if (row->use == USE_NXLOG_ACCOUNT || row->use == USE_NXLOG_TYPE)
        m.name = export_name(paths, node->path);
    return m;
}

const Meaning *paths_work_out(Paths *paths, uint32_t id, JsonShape shape)
{
    PathNode *node = &paths->nodes[id];
    node->meaning[shape] =
        shape == SHAPE_TREE ? tree_meaning(paths, node) : row_meaning(paths, node, shape);
    node->known |= (uint16_t)(1u << shape);
    return &node->meaning[shape];
}
