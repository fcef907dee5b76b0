#include "store/query_match.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "event/derive.h"
#include "event/event_json.h"
#include "store/query_could.h"

#define SCRATCH_MAX (256u * 1024 * 1024) /* the largest value, in hexadecimal */
#define BITS_MAX                                                                                   \
    (64u * 1024 * 1024) /* bytes of bits for all terms; then values are asked singly               \
                         */
#define SOURCE_MAX 4096

/* A layout's answers stay in a slot while another layout does not need it: batches of ordinary
 * evidence have some hundred layouts. */
#define SLOTS_MIN  16
#define SLOTS_MAX  1024
#define SLOT_TERMS 65536 /* slots times terms */

#define CELLS_MAX                                                                                  \
    256 /* cells of one name in one layout that are noted; beyond it names are compared */

typedef enum CellUse { CELL_NATIVE, CELL_ECS, CELL_ROLE } CellUse;

typedef struct CellRef {
    uint32_t cell;
    CellUse use;
} CellRef;

typedef enum Answer { ANSWER_UNKNOWN, ANSWER_NEVER, ANSWER_ALWAYS, ANSWER_BY_ROW } Answer;

/* A term in a layout. */
typedef struct LeafPlan {
    Answer answer;
    uint32_t first, count; /* of the layout's cells; more than CELLS_MAX: not noted */
    uint32_t host_cell;    /* BASIC_HOST; UINT32_MAX: none */
} LeafPlan;

typedef struct LayoutPlan {
    uint32_t number; /* UINT32_MAX: the slot is free */
    Layout layout;
    unsigned could; /* the query as a whole */
    LeafPlan *leaves;
    CellRef *cells;
    uint32_t cell_count, cell_room;
} LayoutPlan;

typedef enum BitsState { BITS_UNKNOWN, BITS_NONE, BITS_SOME, BITS_NOT_KEPT } BitsState;

/* A term and the values of the batch, and what is the same in all of it. */
typedef struct LeafBits {
    BitsState state;
    uint64_t *bits;
    size_t room;         /* words */
    unsigned item, host; /* COULD_…; 0: not asked yet */
} LeafBits;

struct QueryMatcher {
    const Query *query;
    Batch batch;
    Text path, host;
    LeafBits *leaves;
    size_t bits_bytes; /* of this batch */
    LayoutPlan *slots;
    LeafPlan *plans;
    uint32_t slot_count;
    Buf scratch; /* its failure stays */
};

/* ---- making ---- */

static bool make_slots(QueryMatcher *m)
{
    uint32_t leaves = m->query->leaf_count ? m->query->leaf_count : 1;
    uint32_t count = SLOT_TERMS / leaves;
    m->slot_count = count < SLOTS_MIN ? SLOTS_MIN : count > SLOTS_MAX ? SLOTS_MAX : count;
    m->leaves = calloc(leaves, sizeof *m->leaves);
    m->slots = calloc(m->slot_count, sizeof *m->slots);
    m->plans = calloc((size_t)m->slot_count * leaves, sizeof *m->plans);
    for (uint32_t i = 0; m->slots && m->plans && i < m->slot_count; i++)
        m->slots[i] = (LayoutPlan){.number = UINT32_MAX, .leaves = m->plans + (size_t)i * leaves};
    return m->leaves && m->slots && m->plans;
}

QueryMatcher *query_matcher_create(const Query *query)
{
    QueryMatcher *matcher = calloc(1, sizeof *matcher);
    if (!matcher)
        return NULL;
    matcher->query = query;
    buf_init(&matcher->scratch, SCRATCH_MAX);
    if (make_slots(matcher))
        return matcher;
    query_matcher_destroy(matcher);
    return NULL;
}

void query_matcher_destroy(QueryMatcher *matcher)
{
    if (!matcher)
        return;
    for (uint32_t i = 0; matcher->leaves && i < matcher->query->leaf_count; i++)
        free(matcher->leaves[i].bits);
    for (uint32_t i = 0; matcher->slots && i < matcher->slot_count; i++)
        free(matcher->slots[i].cells);
    free(matcher->leaves);
    free(matcher->slots);
    free(matcher->plans);
    buf_done(&matcher->scratch);
    free(matcher);
}

bool query_matcher_failed(const QueryMatcher *matcher)
{
    return matcher->scratch.failed;
}

/* ---- values ---- */

/* Which values pass the term's test; false: none. */
static bool any_value(QueryMatcher *m, uint32_t number)
{
    LeafBits *leaf = &m->leaves[number];
    if (leaf->state != BITS_UNKNOWN)
        return leaf->state != BITS_NONE;
    size_t words = ((size_t)m->batch.value_count + 63) / 64, bytes = words * sizeof *leaf->bits;
    leaf->state = BITS_NOT_KEPT;
    if (bytes > BITS_MAX - m->bits_bytes)
        return true;
    if (words > leaf->room) {
        free(leaf->bits);
        leaf->bits = malloc(bytes);
        leaf->room = leaf->bits ? words : 0;
        if (!leaf->bits)
            return true;
    }
    m->bits_bytes += bytes;
    if (words)
        memset(leaf->bits, 0, bytes);
    bool any = test_values(&m->query->leaves[number].test, &m->batch, leaf->bits, &m->scratch);
    leaf->state = any ? BITS_SOME : BITS_NONE;
    return any;
}

static bool value_passes(QueryMatcher *m, uint32_t number, uint32_t value)
{
    if (!any_value(m, number))
        return false;
    LeafBits *leaf = &m->leaves[number];
    if (leaf->state == BITS_SOME)
        return leaf->bits[value / 64] >> (value % 64) & 1;
    return test_value(&m->query->leaves[number].test, &m->batch, batch_value(&m->batch, value),
                      &m->scratch);
}

/* ---- layouts ---- */

static uint32_t word_at(const uint8_t *words, uint32_t i)
{
    return load_u32le(words + 4 * (size_t)i);
}

static bool is_named(Text field, Text other, Text name)
{
    return fold_equal(field, name) || (other.len && fold_equal(other, name));
}

/* The cells of a layout that a term is about, one after the other. */
typedef struct CellWalk {
    const Batch *batch;
    const Layout *layout;
    const QueryLeaf *leaf;
    uint32_t native, ecs, role;
} CellWalk;

static bool next_cell(CellWalk *walk, CellRef *ret)
{
    const Layout *layout = walk->layout;
    const QueryLeaf *leaf = walk->leaf;
    while (walk->native < layout->native_count) {
        uint32_t i = walk->native++;
        Text name = batch_name(walk->batch, word_at(layout->names, i));
        if (is_named(leaf->field, leaf->native, name)) {
            *ret = (CellRef){.cell = i, .use = CELL_NATIVE};
            return true;
        }
    }
    while (walk->ecs < layout->ecs_count) {
        uint32_t i = walk->ecs++;
        Text name = batch_name(walk->batch, word_at(layout->ecs, 2 * i));
        if (is_named(leaf->field, leaf->ecs, name)) {
            *ret = (CellRef){.cell = word_at(layout->ecs, 2 * i + 1), .use = CELL_ECS};
            return true;
        }
    }
    while (walk->role < layout->role_count) {
        uint32_t i = walk->role++;
        if (leaf->roles >> word_at(layout->roles, 2 * i) & 1) {
            *ret = (CellRef){.cell = word_at(layout->roles, 2 * i + 1), .use = CELL_ROLE};
            return true;
        }
    }
    return false;
}

/* false: no memory, and names are compared for each row. */
static bool note_cell(LayoutPlan *plan, CellRef cell)
{
    if (plan->cell_count == plan->cell_room) {
        uint32_t room = plan->cell_room ? 2 * plan->cell_room : 64;
        CellRef *cells = realloc(plan->cells, room * sizeof *cells);
        if (!cells)
            return false;
        plan->cells = cells;
        plan->cell_room = room;
    }
    plan->cells[plan->cell_count++] = cell;
    return true;
}

static void note_cells(QueryMatcher *m, LayoutPlan *plan, uint32_t number)
{
    LeafPlan *to = &plan->leaves[number];
    CellWalk walk = {
        .batch = &m->batch, .layout = &plan->layout, .leaf = &m->query->leaves[number]};
    CellRef cell;
    to->first = plan->cell_count;
    to->count = 0;
    while (to->count <= CELLS_MAX && next_cell(&walk, &cell)) {
        to->count++;
        if (to->count > CELLS_MAX || !note_cell(plan, cell)) {
            to->count = CELLS_MAX + 1;
            plan->cell_count = to->first;
        }
    }
}

/* What all events of the layout have in common. */
static bool kind_passes(QueryMatcher *m, const Layout *layout, const QueryLeaf *leaf)
{
    EventKind kind = batch_kind(&m->batch, layout->kind);
    Text text = TEXT("");
    switch (leaf->basic) {
    case BASIC_ACTION:
        text = batch_name(&m->batch, layout->action);
        break;
    case BASIC_OUTCOME:
        text = batch_name(&m->batch, layout->outcome);
        break;
    case BASIC_CHANNEL:
        text = kind.channel;
        break;
    case BASIC_PROVIDER:
        text = kind.provider;
        break;
    case BASIC_CODE:
        text = kind.code;
        break;
    case BASIC_SOURCE:
        m->scratch.len = 0;
        event_write_source(&m->scratch, &kind);
        text = buf_text(&m->scratch);
        break;
    default:
        return false;
    }
    return text.len && test_text(&leaf->test, text);
}

static uint32_t host_cell(const QueryMatcher *m, const Layout *layout)
{
    for (uint32_t i = 0; i < layout->ecs_count; i++)
        if (text_equal(batch_name(&m->batch, word_at(layout->ecs, 2 * i)), TEXT("host.name")))
            return word_at(layout->ecs, 2 * i + 1);
    return UINT32_MAX;
}

static Answer answer_leaf(QueryMatcher *m, LayoutPlan *plan, uint32_t number)
{
    const QueryLeaf *leaf = &m->query->leaves[number];
    LeafPlan *to = &plan->leaves[number];
    to->count = 0;
    if (leaf->field.len == 0)
        return any_value(m, number) ? ANSWER_BY_ROW : ANSWER_NEVER;
    if (leaf->basic >= BASIC_TIME) {
        to->host_cell = leaf->basic == BASIC_HOST ? host_cell(m, &plan->layout) : UINT32_MAX;
        return ANSWER_BY_ROW;
    }
    if (leaf->basic != BASIC_NONE)
        return kind_passes(m, &plan->layout, leaf) ? ANSWER_ALWAYS : ANSWER_NEVER;
    note_cells(m, plan, number);
    return to->count && any_value(m, number) ? ANSWER_BY_ROW : ANSWER_NEVER;
}

typedef struct Asked {
    QueryMatcher *matcher;
    LayoutPlan *plan;
    uint32_t row;
    const EventHead *head;
} Asked;

static const LeafPlan *leaf_plan(const Asked *asked, uint32_t number)
{
    LeafPlan *leaf = &asked->plan->leaves[number];
    if (leaf->answer == ANSWER_UNKNOWN)
        leaf->answer = answer_leaf(asked->matcher, asked->plan, number);
    return leaf;
}

static unsigned layout_could(void *ctx, uint32_t number)
{
    Answer answer = leaf_plan(ctx, number)->answer;
    return answer == ANSWER_BY_ROW ? COULD_BE_BOTH : could_exactly(answer == ANSWER_ALWAYS);
}

static LayoutPlan *plan_of(QueryMatcher *m, uint32_t layout)
{
    LayoutPlan *plan = &m->slots[layout % m->slot_count];
    if (plan->number == layout)
        return plan;
    plan->number = layout;
    plan->layout = batch_layout(&m->batch, layout);
    plan->cell_count = 0;
    for (uint32_t i = 0; i < m->query->leaf_count; i++)
        plan->leaves[i].answer = ANSWER_UNKNOWN;
    Asked asked = {.matcher = m, .plan = plan};
    plan->could = query_could(m->query, layout_could, &asked);
    return plan;
}

bool query_matcher_values(QueryMatcher *matcher, const Batch *dictionary)
{
    matcher->batch = *dictionary;
    matcher->bits_bytes = 0;
    for (uint32_t i = 0; i < matcher->query->leaf_count; i++)
        matcher->leaves[i].state = BITS_UNKNOWN;
    for (uint32_t i = 0; i < matcher->slot_count; i++)
        matcher->slots[i].number = UINT32_MAX;
    bool could = false;
    for (uint32_t i = 0; i < dictionary->layout_count && !could; i++)
        could = plan_of(matcher, i)->could & COULD_BE_TRUE;
    return could;
}

void query_matcher_events(QueryMatcher *matcher, const Batch *batch, Text path, Text host)
{
    matcher->batch = *batch;
    matcher->path = path;
    matcher->host = host;
    for (uint32_t i = 0; i < matcher->slot_count; i++) /* their pointers lead into the old one */
        if (matcher->slots[i].number != UINT32_MAX)
            matcher->slots[i].layout = batch_layout(batch, matcher->slots[i].number);
    for (uint32_t i = 0; i < matcher->query->leaf_count; i++)
        matcher->leaves[i].item = matcher->leaves[i].host = 0;
}

/* ---- rows ---- */

static bool cell_passes(const Asked *asked, uint32_t number, CellRef cell)
{
    QueryMatcher *m = asked->matcher;
    uint32_t value = batch_cell(&m->batch, asked->row, cell.cell);
    if (value == UINT32_MAX || !value_passes(m, number, value))
        return false;
    if (cell.use == CELL_NATIVE)
        return true;
    Value v = batch_value(&m->batch, value);
    return cell.use == CELL_ECS ? v.bytes.len > 0 : !value_is_blank(v);
}

/* All cells of the row: one behind the other, as batch.h has them. */
static bool any_cell_passes(const Asked *asked, uint32_t number)
{
    const Batch *batch = &asked->matcher->batch;
    uint32_t count = asked->plan->layout.cell_count;
    if (!any_value(asked->matcher, number))
        return false;
    const LeafBits *leaf = &asked->matcher->leaves[number];
    if (leaf->state != BITS_SOME) {
        for (uint32_t i = 0; i < count; i++)
            if (cell_passes(asked, number, (CellRef){.cell = i, .use = CELL_NATIVE}))
                return true;
        return false;
    }
    const uint8_t *cell = batch->cells + 4 * (size_t)word_at(batch->first_cell, asked->row);
    for (const uint8_t *end = cell + 4 * (size_t)count; cell < end; cell += 4) {
        uint32_t value = load_u32le(cell) - 1; /* absent: beyond all */
        if (value < batch->value_count && leaf->bits[value / 64] >> (value % 64) & 1)
            return true;
    }
    return false;
}

static bool cells_pass(const Asked *asked, uint32_t number, const LeafPlan *plan)
{
    if (plan->count <= CELLS_MAX) {
        for (uint32_t i = 0; i < plan->count; i++)
            if (cell_passes(asked, number, asked->plan->cells[plan->first + i]))
                return true;
        return false;
    }
    CellWalk walk = {.batch = &asked->matcher->batch,
                     .layout = &asked->plan->layout,
                     .leaf = &asked->matcher->query->leaves[number]};
    for (CellRef cell; next_cell(&walk, &cell);)
        if (cell_passes(asked, number, cell))
            return true;
    return false;
}

static bool time_passes(const QueryTest *test, Time time)
{
    char text[TIME_TEXT_ROOM];
    if (time == TIME_NONE || test->ask == ASK_NUMBERS)
        return false;
    if (test->ask == ASK_PRESENT)
        return true;
    if (test->ask == ASK_TIMES || test->has_time)
        return time >= test->times.low && time <= test->times.high;
    return pattern_matches(&test->pattern, text_of(text, time_format(time, 7, text)));
}

static bool number_passes(const Asked *asked, const QueryTest *test, uint64_t number)
{
    uint8_t bytes[8];
    store_u64le(bytes, number);
    Value value = {.type = VALUE_UINT, .bytes = span_of(bytes, sizeof bytes)};
    return test_value(test, &asked->matcher->batch, value, &asked->matcher->scratch);
}

/* A text that is the same for all events of the item; empty is absent. */
static bool item_text_passes(unsigned *answer, const QueryTest *test, Text text)
{
    if (*answer == 0)
        *answer = could_exactly(text.len && test_text(test, text));
    return *answer == COULD_BE_TRUE;
}

/* As scan_host has it. */
static bool host_passes(const Asked *asked, uint32_t number, const LeafPlan *plan)
{
    QueryMatcher *m = asked->matcher;
    uint32_t value = plan->host_cell == UINT32_MAX
                         ? UINT32_MAX
                         : batch_cell(&m->batch, asked->row, plan->host_cell);
    if (value != UINT32_MAX) {
        Value v = batch_value(&m->batch, value);
        if (v.type == VALUE_TEXT && v.bytes.len)
            return value_passes(m, number, value);
    }
    return item_text_passes(&m->leaves[number].host, &m->query->leaves[number].test, m->host);
}

static bool head_passes(const Asked *asked, uint32_t number, const LeafPlan *plan)
{
    const QueryLeaf *leaf = &asked->matcher->query->leaves[number];
    const EventHead *head = asked->head;
    switch (leaf->basic) {
    case BASIC_TIME:
        return time_passes(&leaf->test, head->time);
    case BASIC_RECORD_ID:
        return head->record_id != RECORD_ID_NONE &&
               number_passes(asked, &leaf->test, head->record_id);
    case BASIC_CLASS:
        return test_text(&leaf->test, EVENT_CLASS_TEXT[head->class]);
    case BASIC_QUALITY:
        return test_text(&leaf->test, TIME_QUALITY_TEXT[head->quality]);
    case BASIC_HOST:
        return host_passes(asked, number, plan);
    case BASIC_ITEM:
        return item_text_passes(&asked->matcher->leaves[number].item, &leaf->test,
                                asked->matcher->path);
    default:
        return false;
    }
}

static unsigned row_could(void *ctx, uint32_t number)
{
    const Asked *asked = ctx;
    const LeafPlan *plan = leaf_plan(asked, number);
    if (plan->answer != ANSWER_BY_ROW)
        return could_exactly(plan->answer == ANSWER_ALWAYS);
    const QueryLeaf *leaf = &asked->matcher->query->leaves[number];
    if (leaf->basic != BASIC_NONE)
        return could_exactly(head_passes(asked, number, plan));
    return could_exactly(leaf->field.len ? cells_pass(asked, number, plan)
                                         : any_cell_passes(asked, number));
}

bool query_matcher_row(QueryMatcher *matcher, uint32_t row, const EventHead *head)
{
    LayoutPlan *plan = plan_of(matcher, batch_layout_of(&matcher->batch, row));
    if (plan->could != COULD_BE_BOTH)
        return plan->could & COULD_BE_TRUE;
    Asked asked = {.matcher = matcher, .plan = plan, .row = row, .head = head};
    return query_could(matcher->query, row_could, &asked) & COULD_BE_TRUE;
}
