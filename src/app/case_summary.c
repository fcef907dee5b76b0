#include "app/case_summary.h"

#include <inttypes.h>

#include "base/json.h"
#include "report/report.h"
#include "report/visible.h"

static void add_hex(Buf *buf, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_printf(buf, "%02x", bytes[i]);
}

static void add_rules_text(Buf *buf, const CaseFigures *figures)
{
    const uint64_t *state = figures->rules_by_state;
    buf_printf(buf,
               "Rules     %" PRIu64 " loaded, %" PRIu64 " off, %" PRIu64 " refused, %" PRIu64
               " not applicable; %" PRIu64 " evaluated, %" PRIu64 " matched\n",
               state[RULE_LOADED], state[RULE_OFF], state[RULE_REFUSED], state[RULE_NOT_APPLICABLE],
               figures->evaluated, figures->matched);
}

/* By level, with the rules; then the rules that weigh most. */
static void add_detections_text(Buf *buf, const CaseFigures *figures)
{
    buf_printf(buf, "Detected  %" PRIu64, figures->detections);
    for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;)
        if (figures->by_level[level])
            buf_printf(buf, ", %.*s %" PRIu64 " (%u rule%s)", (int)RULE_LEVEL_TEXT[level].len,
                       RULE_LEVEL_TEXT[level].ptr, figures->by_level[level],
                       figures->rules_by_level[level],
                       figures->rules_by_level[level] == 1 ? "" : "s");
    buf_add_char(buf, '\n');
    for (size_t i = 0; i < figures->top_count; i++) {
        Text level = RULE_LEVEL_TEXT[figures->top[i].level];
        buf_printf(buf, "%10s%-13.*s %7" PRIu64 "  ", "", (int)level.len, level.ptr,
                   figures->top[i].count);
        visible_text(buf, label_text(&figures->top[i].title));
        buf_add_char(buf, '\n');
    }
}

void case_summary_text(Buf *buf, const CaseSummary *summary)
{
    const RunResult *result = summary->result;
    buf_printf(buf, "Case      %s: %" PRIu64 " items (%" PRIu64 " new), %" PRIu64 " events",
               quote_z(summary->folder).str, result->items, result->items_new,
               result->events - result->twins);
    if (result->twins)
        buf_printf(buf, ", %" PRIu64 " more were the same records in other places", result->twins);
    BUF_LITERAL(buf, "\nContent   ");
    add_hex(buf, result->content.bytes, sizeof result->content.bytes);
    buf_printf(buf, "\nLedger    entry %" PRIu64 ", ", result->ledger_entries);
    add_hex(buf, result->ledger.bytes, sizeof result->ledger.bytes);
    if (result->is_signed) {
        BUF_LITERAL(buf, "\nSigned    public key ");
        add_hex(buf, result->public_key, sizeof result->public_key);
    } else {
        BUF_LITERAL(buf, "\nSigned    no (--signing KEY)");
    }
    buf_add_char(buf, '\n');
    if (summary->damaged_known)
        buf_printf(buf, "Known     %" PRIu64 " items that could not be read to their end before\n",
                   summary->damaged_known);
    buf_printf(buf, "Findings  %" PRIu64 "\n", summary->figures->findings);
    add_rules_text(buf, summary->figures);
    add_detections_text(buf, summary->figures);
    if (!summary->reported)
        return;
    for (size_t i = 0; i < REPORT_LANGUAGES; i++)
        buf_printf(buf, "%-9s %s/%s\n", i ? "" : "Report", quote_z(summary->folder).str,
                   REPORT_FILE[i]);
}

static void add_count(Buf *buf, const char *name, uint64_t count)
{
    buf_printf(buf, "\"%s\":%" PRIu64 ",", name, count);
}

static void add_bytes(Buf *buf, const char *name, const uint8_t *bytes, size_t size)
{
    buf_printf(buf, "\"%s\":\"", name);
    add_hex(buf, bytes, size);
    buf_add_char(buf, '"');
}

static void add_items(Buf *buf, const CaseSummary *summary)
{
    const uint64_t *count = summary->stats->items_by_state;
    BUF_LITERAL(buf, "\"items\":{");
    add_count(buf, "total", summary->result->items);
    add_count(buf, "new", summary->result->items_new);
    add_count(buf, "read", count[ITEM_DONE]);
    add_count(buf, "known", count[ITEM_KNOWN]);
    add_count(buf, "not_supported", count[ITEM_UNKNOWN] + count[ITEM_NOT_TAKEN]);
    add_count(buf, "defective", count[ITEM_DEFECTIVE] + summary->damaged_known);
    buf_printf(buf, "\"unreadable\":%" PRIu64 "},", count[ITEM_UNREADABLE]);
}

static void add_detections(Buf *buf, const CaseFigures *figures)
{
    const uint64_t *state = figures->rules_by_state;
    BUF_LITERAL(buf, "\"detections\":{");
    for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;)
        buf_printf(buf, "\"%.*s\":%" PRIu64 "%s", (int)RULE_LEVEL_TEXT[level].len,
                   RULE_LEVEL_TEXT[level].ptr, figures->by_level[level],
                   level > RULE_INFORMATIONAL ? "," : "},\"rules\":{");
    add_count(buf, "loaded", state[RULE_LOADED]);
    add_count(buf, "off", state[RULE_OFF]);
    add_count(buf, "refused", state[RULE_REFUSED]);
    add_count(buf, "not_applicable", state[RULE_NOT_APPLICABLE]);
    add_count(buf, "evaluated", figures->evaluated);
    buf_printf(buf, "\"matched\":%" PRIu64 "},", figures->matched);
}

static void add_ledger(Buf *buf, const RunResult *result)
{
    BUF_LITERAL(buf, "\"ledger\":{");
    add_count(buf, "entries", result->ledger_entries);
    add_bytes(buf, "sha256", result->ledger.bytes, sizeof result->ledger.bytes);
    buf_add_char(buf, ',');
    if (result->is_signed)
        add_bytes(buf, "signed_by", result->public_key, sizeof result->public_key);
    else
        BUF_LITERAL(buf, "\"signed_by\":null");
    BUF_LITERAL(buf, "},");
}

static void add_reports(Buf *buf, const CaseSummary *summary)
{
    BUF_LITERAL(buf, "\"reports\":[");
    for (size_t i = 0; i < REPORT_LANGUAGES && summary->reported; i++) {
        Buf path;
        buf_init(&path, 1024 * 1024);
        buf_printf(&path, "%s/%s", summary->folder, REPORT_FILE[i]);
        if (i)
            buf_add_char(buf, ',');
        json_name(buf, buf_text(&path));
        buf_done(&path);
    }
    BUF_LITERAL(buf, "],");
}

void case_summary_json(Buf *buf, const CaseSummary *summary)
{
    const RunResult *result = summary->result;
    BUF_LITERAL(buf, "{\"case\":");
    json_name(buf, text_from_z(summary->folder));
    buf_add_char(buf, ',');
    add_items(buf, summary);
    add_count(buf, "events", result->events - result->twins);
    add_count(buf, "twins", result->twins);
    add_count(buf, "defects", summary->stats->defects);
    add_count(buf, "findings", summary->figures->findings);
    add_detections(buf, summary->figures);
    add_bytes(buf, "content", result->content.bytes, sizeof result->content.bytes);
    buf_add_char(buf, ',');
    add_ledger(buf, result);
    add_reports(buf, summary);
    BUF_LITERAL(buf, "\"seconds\":");
    json_double(buf, summary->stats->seconds);
    BUF_LITERAL(buf, "}\n");
}
