/* An item in windows that overlap. libyara searches each, and evaluates conditions once, over all
 * that was found; what conditions read at an offset is read again then.
 *
 * Rules that take too long are looked for by halves: the others are decided without them. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "detect/yara/yara_set.h"

#define STEP_BYTES (YARA_WINDOW_BYTES - YARA_OVERLAP_BYTES)
#define NAME_BYTES 4096

typedef struct Scan {
    YaraSet *set;
    const Input *item;
    const YaraOut *out;
    Err *err;
    YR_MEMORY_BLOCK block;
    uint64_t held; /* offset of what is in the window; UINT64_MAX: nothing */
    size_t held_bytes;
    uint32_t first, count; /* rules that are to be decided */
    unsigned timeouts;
    bool stopped;    /* `out` does not want more; err is set */
    bool unreadable; /* err is set */
    Buf details;
} Scan;

/* ---- windows ---- */

static const uint8_t *fetch(YR_MEMORY_BLOCK *block)
{
    Scan *scan = block->context;
    if (scan->held != block->base) {
        Err why = {.offset = ERR_NO_OFFSET};
        scan->held_bytes =
            input_read(scan->item, block->base, scan->set->window, block->size, &why);
        scan->held = block->base;
        if (scan->held_bytes < block->size) {
            /* The rest counts as zeros; the damage is told once. */
            memset(scan->set->window + scan->held_bytes, 0, block->size - scan->held_bytes);
            if (!scan->unreadable)
                err_set(scan->err, ERR_IO, block->base + scan->held_bytes,
                        "cannot be read for YARA%s%s", why.code ? ": " : "", why.text);
            scan->unreadable = true;
        }
    }
    scan->out->progress(scan->out->ctx, block->base);
    return scan->set->window;
}

static YR_MEMORY_BLOCK *block_at(YR_MEMORY_BLOCK_ITERATOR *iterator, uint64_t offset)
{
    Scan *scan = iterator->context;
    uint64_t left = scan->item->size - offset;
    scan->block =
        (YR_MEMORY_BLOCK){.base = offset,
                          .size = left < YARA_WINDOW_BYTES ? (size_t)left : YARA_WINDOW_BYTES,
                          .context = scan,
                          .fetch_data = fetch};
    iterator->last_error = ERROR_SUCCESS;
    return &scan->block;
}

static YR_MEMORY_BLOCK *first_block(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
    return block_at(iterator, 0);
}

static YR_MEMORY_BLOCK *next_block(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
    const Scan *scan = iterator->context;
    iterator->last_error = ERROR_SUCCESS;
    if (scan->item->size - scan->block.base <= YARA_WINDOW_BYTES)
        return NULL;
    return block_at(iterator, scan->block.base + STEP_BYTES);
}

static uint64_t size_of_item(YR_MEMORY_BLOCK_ITERATOR *iterator)
{
    const Scan *scan = iterator->context;
    return scan->item->size;
}

/* ---- what libyara tells ---- */

/* "$a at 0x10, 0x20; $b at 0x0", strings in the order of the rule. */
static void write_strings(Scan *scan, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
    Buf *out = &scan->details;
    YR_STRING *string;
    YR_MATCH match;
    buf_clear(out);
    yr_rule_strings_foreach(rule, string)
    {
        uint64_t count = 0;
        /* libyara does not align them. */
        for (const void *at = context->matches[string->idx].head; at; at = match.next) {
            memcpy(&match, at, sizeof match);
            if (match.is_private)
                continue;
            if (count == 0)
                buf_printf(out, "%s%s at", out->len ? "; " : "", string->identifier);
            if (count < YARA_OFFSETS_SHOWN)
                buf_printf(out, "%s 0x%" PRIx64, count ? "," : "",
                           (uint64_t)(match.base + match.offset));
            count++;
        }
        if (count > YARA_OFFSETS_SHOWN)
            buf_printf(out, " and %" PRIu64 " more", count - YARA_OFFSETS_SHOWN);
        if (out->len > YARA_DETAILS_BYTES) {
            BUF_LITERAL(out, "; more strings");
            return;
        }
    }
    if (out->len == 0)
        BUF_LITERAL(out, "by its condition, without strings");
}

static int take_match(Scan *scan, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
    uint32_t number = (uint32_t)(rule - scan->set->rules->rules_table);
    bool asked = number >= scan->first && number - scan->first < scan->count;
    if (!asked || !scan->set->entries[number].told)
        return CALLBACK_CONTINUE;
    write_strings(scan, context, rule);
    if (scan->details.failed) {
        scan->stopped = true;
        err_set(scan->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a match of YARA");
        return CALLBACK_ABORT;
    }
    scan->stopped = !scan->out->match(scan->out->ctx, number, buf_text(&scan->details), scan->err);
    return scan->stopped ? CALLBACK_ABORT : CALLBACK_CONTINUE;
}

static void tell(Scan *scan, const char *rule, const char *what)
{
    buf_clear(&scan->details);
    buf_printf(&scan->details, "YARA: %s: %s", rule, what);
    if (!scan->details.failed)
        scan->out->fault(scan->out->ctx, buf_text(&scan->details));
}

static int take_message(YR_SCAN_CONTEXT *context, int message, void *data, void *ctx)
{
    Scan *scan = ctx;
    if (message == CALLBACK_MSG_RULE_MATCHING)
        return take_match(scan, context, data);
    if (message == CALLBACK_MSG_TOO_MANY_MATCHES) {
        const YR_STRING *string = data;
        tell(scan, scan->set->rules->rules_table[string->rule_idx].identifier,
             "a string has too many matches; those beyond are not counted");
    }
    return CALLBACK_CONTINUE;
}

/* ---- one scan, and by halves ---- */

static int scan_once(Scan *scan)
{
    YR_MEMORY_BLOCK_ITERATOR iterator = {
        .context = scan, .first = first_block, .next = next_block, .file_size = size_of_item};
    uint64_t seconds = scan->set->seconds + scan->item->size / YARA_BYTES_SECOND;
    if (scan->timeouts) /* all rules but those that are looked for are done long before */
        seconds = seconds / YARA_SHARE;
    if (seconds == 0) /* libyara: no limit */
        seconds = 1;
    yr_scanner_set_callback(scan->set->scanner, take_message, scan);
    yr_scanner_set_flags(scan->set->scanner,
                         SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
    yr_scanner_set_timeout(scan->set->scanner, seconds < INT32_MAX ? (int)seconds : INT32_MAX);
    return yr_scanner_scan_mem_blocks(scan->set->scanner, &iterator);
}

static const char *error_text(int error)
{
    return error == ERROR_SCAN_TIMEOUT          ? "took too long on this item"
           : error == ERROR_INSUFFICIENT_MEMORY ? "needed more memory than a reader has"
           : error == ERROR_TOO_MANY_RE_FIBERS  ? "an expression is too complex for this item"
           : error == ERROR_TOO_MANY_MATCHES    ? "a string has too many matches"
           : error == ERROR_EXEC_STACK_OVERFLOW ? "its condition is too deep"
                                                : "could not be evaluated on this item";
}

/* Rules of one file need each other: private ones are parts of others, global ones conditions for
 * all. `within`: only a part of a file goes, and these stay. */
static void switch_rules(YaraSet *set, uint32_t first, uint32_t count, bool within, bool on)
{
    for (uint32_t i = first; i < first + count; i++) {
        YR_RULE *rule = &set->rules->rules_table[i];
        if (within && (RULE_IS_PRIVATE(rule) || RULE_IS_GLOBAL(rule)))
            continue;
        if (on)
            yr_rule_enable(rule);
        else
            yr_rule_disable(rule);
    }
}

/* Where to cut [first, first + count) in two: between files, if there are several. */
static uint32_t half_of(const YaraSet *set, uint32_t first, uint32_t count, bool *ret_within)
{
    const YR_RULE *rules = set->rules->rules_table + first;
    *ret_within = rules[0].ns == rules[count - 1].ns;
    uint32_t half = count / 2;
    if (*ret_within)
        return half;
    while (half < count && rules[half].ns == rules[half - 1].ns)
        half++;
    while (half == count || rules[half].ns == rules[half - 1].ns)
        half--; /* the last file begins before the middle */
    return half;
}

static bool only_private(const YaraSet *set, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        if (!RULE_IS_PRIVATE(&set->rules->rules_table[i]))
            return false;
    return true;
}

/* Only rules [first, first + count) are on, and what they need: decide them. */
static bool scan_rules(Scan *scan, uint32_t first, uint32_t count)
{
    YaraSet *set = scan->set;
    if (only_private(set, first, count))
        return true;
    scan->first = first;
    scan->count = count;
    if (scan->timeouts >= YARA_TIMEOUTS_MAX) {
        for (uint32_t i = first; i < first + count; i++)
            if (!RULE_IS_PRIVATE(&set->rules->rules_table[i]))
                tell(scan, set->rules->rules_table[i].identifier,
                     "not decided: other rules took all the time there was for this item");
        return true;
    }
    int error = scan_once(scan);
    if (scan->stopped)
        return false;
    if (error == ERROR_SUCCESS)
        return true;
    scan->timeouts += error == ERROR_SCAN_TIMEOUT;
    if (count == 1) {
        tell(scan, set->rules->rules_table[first].identifier, error_text(error));
        return true;
    }
    bool within;
    uint32_t half = half_of(set, first, count, &within);
    switch_rules(set, first + half, count - half, within, false);
    bool ok = scan_rules(scan, first, half);
    switch_rules(set, first + half, count - half, within, true);
    switch_rules(set, first, half, within, false);
    ok = ok && scan_rules(scan, first + half, count - half);
    switch_rules(set, first, half, within, true);
    return ok;
}

/* ---- an item ---- */

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to scan for YARA");
}

static bool define(YaraSet *set, size_t which, Text value)
{
    char z[NAME_BYTES + 1];
    size_t len = value.len < NAME_BYTES ? value.len : NAME_BYTES;
    if (len)
        memcpy(z, value.ptr, len);
    z[len] = '\0';
    return yr_scanner_define_string_variable(set->scanner, YARA_EXTERNALS[which], z) ==
           ERROR_SUCCESS;
}

static Text extension_of(Text name)
{
    size_t dot = name.len;
    while (dot > 0 && name.ptr[dot - 1] != '.')
        dot--;
    return dot > 1 ? text_of(name.ptr + dot - 1, name.len - dot + 1) : TEXT("");
}

static bool begin(YaraSet *set, const Input *item, Text path)
{
    if (!set->window)
        set->window = malloc(YARA_WINDOW_BYTES);
    if (!set->scanner && yr_scanner_create(set->rules, &set->scanner) != ERROR_SUCCESS)
        set->scanner = NULL;
    return set->window && set->scanner && define(set, 0, item->name) && define(set, 1, path) &&
           define(set, 2, extension_of(item->name));
}

bool yara_scan(YaraSet *set, const Input *item, Text path, const YaraOut *out, Err *err)
{
    Scan scan = {.set = set, .item = item, .out = out, .err = err, .held = UINT64_MAX};
    if (set->entry_count == 0)
        return true;
    if (!begin(set, item, path))
        return no_memory(err);
    buf_init(&scan.details, 64 * 1024);
    bool ok = scan_rules(&scan, 0, set->entry_count);
    buf_done(&scan.details);
    return ok && !scan.unreadable;
}
