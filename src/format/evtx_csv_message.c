#include "format/evtx_csv_message.h"

#include <stdlib.h>

#include "format/evtx_csv_blanks.h"
#include "format/evtx_csv_sentence.h"

#define LABEL_BYTES_MAX 160u /* of a label with its blanks */
#define WORD_BYTES_MAX  256u
#define SCRATCH_LIMIT   (64u * 1024)

bool csv_messages_init(CsvMessages *messages, const Labels *labels, Sink *sink)
{
    *messages = (CsvMessages){.labels = labels, .sink = sink};
    buf_init(&messages->scratch, SCRATCH_LIMIT);
    messages->names = calloc(LABEL_ROW_COUNT, sizeof *messages->names);
    return messages->names != NULL;
}

void csv_messages_done(CsvMessages *messages)
{
    free(messages->names);
    buf_done(&messages->scratch);
}

/* ---- values ---- */

static NameId field_name(CsvMessages *m, uint32_t row)
{
    if (m->names[row] == 0)
        m->names[row] = sink_name(m->sink, LABEL_ROWS[row].meaning) + 1;
    return m->names[row] - 1;
}

/* Handles, sessions, masks and states are numbers in Windows' own files. */
static bool add_hex(CsvMessages *m, NameId name, Text value)
{
    uint64_t bits;
    if (!text_starts(value, TEXT("0x")) || value.len < 3 || value.len > 18 ||
        (value.ptr[2] == '0' && value.len > 3) || !text_to_u64_any(value, &bits))
        return false;
    sink_add_u64(m->sink, name, VALUE_HEX, bits);
    return true;
}

/* The exporting machine shows the account's name where it knows the SID. A name that stands for
 * one SID everywhere is put back; others are the exporter's. */
static void add_sid(CsvMessages *m, uint32_t row, Text value)
{
    uint32_t known = labels_find(m->labels, LABEL_SID, value);
    if (known != LABEL_NONE)
        value = LABEL_ROWS[known].meaning;
    if (text_starts(value, TEXT("S-1-"))) {
        sink_add_text(m->sink, field_name(m, row), value);
        return;
    }
    buf_clear(&m->scratch);
    buf_add_text(&m->scratch, TEXT("Export."));
    buf_add_text(&m->scratch, LABEL_ROWS[row].meaning);
    if (!m->scratch.failed)
        sink_add_text(m->sink, sink_name(m->sink, buf_text(&m->scratch)), value);
}

/* Words as the %%nnnn that they were; lines and what is not known stay as they are. */
static void add_words(CsvMessages *m, NameId name, Text value)
{
    Text rest = value;
    buf_clear(&m->scratch);
    if (value.len > SCRATCH_LIMIT / 2) {
        sink_add_text(m->sink, name, value);
        return;
    }
    while (rest.len) {
        size_t end = text_find(rest, '\n'), from = blanks_skip(rest, 0, end);
        size_t next = end < rest.len ? end + 1 : end;
        Text word = from < end ? text_trim(text_of(rest.ptr + from, end - from)) : (Text){0};
        uint32_t row = word.len && word.len <= WORD_BYTES_MAX
                           ? labels_find(m->labels, LABEL_WORD, word)
                           : LABEL_NONE;
        if (row == LABEL_NONE) {
            buf_add(&m->scratch, rest.ptr, next);
        } else {
            size_t behind = (size_t)(word.ptr - rest.ptr) + word.len;
            buf_add(&m->scratch, rest.ptr, from);
            buf_add_text(&m->scratch, LABEL_ROWS[row].meaning);
            buf_add(&m->scratch, rest.ptr + behind, next - behind);
        }
        rest = text_of(rest.ptr + next, rest.len - next);
    }
    sink_add_text(m->sink, name, m->scratch.failed ? value : buf_text(&m->scratch));
}

static void add_value(CsvMessages *m, uint32_t row, Text value)
{
    switch ((LabelHow)LABEL_ROWS[row].how) {
    case LABEL_HOW_SID:
        add_sid(m, row, blanks_trim_right(value));
        break;
    case LABEL_HOW_WORDS:
        add_words(m, field_name(m, row), value);
        break;
    case LABEL_HOW_PLAIN:
        if (!add_hex(m, field_name(m, row), blanks_trim_right(value)))
            sink_add_text(m->sink, field_name(m, row), value);
        break;
    default:
        sink_add_text(m->sink, field_name(m, row), value);
        break;
    }
}

/* ---- labelled lines ---- */

typedef struct LabelLine {
    Text label; /* in English if it is known, else as it stands; empty: the line has none */
    size_t indent;
    size_t value; /* where its value begins in the message */
    bool has_value;
    bool colon;    /* behind the label … */
    size_t behind; /* … and what is behind it */
} LabelLine;

/* A message being walked: the field whose value is being collected. */
typedef struct Walk {
    CsvMessages *m;
    Text provider, code, message;
    Text section; /* in English; empty: none */
    uint32_t row; /* of the open field; LABEL_NONE: none is open */
    size_t indent, begin, end;
    unsigned added;
} Walk;

static Text in_english(const Labels *labels, Text label)
{
    uint32_t row = labels_find(labels, LABEL_LABEL, label);
    return row == LABEL_NONE ? label : LABEL_ROWS[row].meaning;
}

/* The line [from, to) of a message. A label ends with a colon, or, in a few events, with tabs
 * alone. */
static LabelLine read_line(const Labels *labels, Text message, size_t from, size_t to)
{
    LabelLine line = {.value = to};
    Text text = text_of(message.ptr, to);
    size_t start = blanks_skip(text, from, to - from);
    size_t most = to - start < LABEL_BYTES_MAX ? to - start : LABEL_BYTES_MAX;
    Text rest = text_of(message.ptr + start, most);
    size_t colon = text_find(rest, ':');
    size_t end = colon < rest.len ? colon : text_find(rest, '\t'), behind = end + 1;
    size_t wide = text_find_text(text_of(rest.ptr, end), TEXT("\xEF\xBC\x9A"));
    line.indent = start - from;
    if (wide != SIZE_MAX) {
        end = wide;
        behind = end + 3;
    }
    if (end == 0 || end >= rest.len)
        return line;
    if (start + behind < to && rest.ptr[end] == ':' && blank_at(text, start + behind) == 0)
        return line; /* "C:\…" */
    line.label = in_english(labels, blanks_trim_right(text_of(rest.ptr, end)));
    line.value = blanks_skip(text, start + behind, to);
    line.has_value = line.value < to;
    line.colon = rest.ptr[end] != '\t';
    line.behind = start + behind;
    return line;
}

static void close_field(Walk *w)
{
    if (w->row != LABEL_NONE) {
        add_value(w->m, w->row, text_of(w->message.ptr + w->begin, w->end - w->begin));
        w->added++;
    }
    w->row = LABEL_NONE;
}

static void open_field(Walk *w, uint32_t row, const LabelLine *line, size_t end)
{
    close_field(w);
    w->row = row;
    w->indent = line->indent;
    w->begin = line->value;
    w->end = end;
    if (LABEL_ROWS[row].how == LABEL_HOW_ALL && line->indent == 0 && line->behind < end)
        w->begin = line->behind + 1; /* Sysmon: one blank, what follows is the value's */
}

/* The field that a label names: below the section if it is indented, else by itself first. */
static uint32_t find_field(const Walk *w, const LabelLine *line)
{
    const Labels *labels = w->m->labels;
    uint32_t row = LABEL_NONE;
    if (line->indent == 0)
        row = labels_field(labels, w->provider, w->code, (Text){0}, line->label);
    if (row == LABEL_NONE && w->section.len && (line->indent || line->has_value))
        row = labels_field(labels, w->provider, w->code, w->section, line->label);
    return row;
}

/* A line that goes on with the open field. */
static void extend_field(Walk *w, size_t from, size_t end)
{
    if (w->begin >= w->end && w->begin <= from) { /* nothing yet: the value begins here */
        Text text = text_of(w->message.ptr, end);
        w->begin = blanks_skip(text, from, end - from);
    }
    w->end = end;
}

static void take_line(Walk *w, size_t from, size_t to)
{
    bool open = w->row != LABEL_NONE;
    unsigned how = open ? LABEL_ROWS[w->row].how : LABEL_HOW_PLAIN;
    bool all = how == LABEL_HOW_ALL;
    Text text = text_of(w->message.ptr, to);
    if (blanks_skip(text, from, to - from) == to) {
        if (open && how == LABEL_HOW_WORDS && to > from)
            w->end = to; /* an indented empty line ends lists of rights; it is part of them */
        else if (open && !all)
            close_field(w);
        return;
    }
    LabelLine line = read_line(w->m->labels, w->message, from, to);
    bool deeper = open && line.indent > w->indent;
    if (line.label.len && !deeper) {
        uint32_t row = find_field(w, &line);
        if (row != LABEL_NONE) {
            open_field(w, row, &line, to);
            return;
        }
        bool section = labels_is_section(w->m->labels, line.label);
        if (section && !line.has_value && line.indent == 0) {
            close_field(w);
            w->section = line.label;
            return;
        }
        if (open && !all && line.colon) {
            close_field(w); /* a label that is not known */
            return;
        }
    }
    if (open)
        extend_field(w, from, to);
}

static size_t line_end(Text message, size_t from, size_t *ret_next)
{
    Text rest = text_of(message.ptr + from, message.len - from);
    size_t n = text_find(rest, '\n');
    *ret_next = from + n + (n < rest.len);
    return from + n - (n && rest.ptr[n - 1] == '\r');
}

static unsigned add_labelled(CsvMessages *m, Text provider, Text code, Text message)
{
    Walk w = {.m = m, .provider = provider, .code = code, .message = message, .row = LABEL_NONE};
    size_t next;
    for (size_t at = 0; at < message.len && w.added < CSV_MESSAGE_FIELDS_MAX; at = next)
        take_line(&w, at, line_end(message, at, &next));
    close_field(&w);
    return w.added;
}

/* ---- sentences ---- */

static bool add_sentence(CsvMessages *m, Text pattern, Text message, unsigned *ret_added)
{
    SentenceField fields[SENTENCE_FIELDS_MAX];
    size_t count;
    if (!sentence_match(pattern, message, fields, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        sink_add_text(m->sink, sink_name(m->sink, fields[i].name), fields[i].value);
    *ret_added = (unsigned)count;
    return true;
}

unsigned csv_messages_add(CsvMessages *messages, Text provider, Text code, Text message)
{
    unsigned added = 0;
    size_t cursor = 0;
    for (;;) {
        uint32_t row = labels_message(messages->labels, provider, code, &cursor);
        if (row == LABEL_NONE)
            break;
        if (add_sentence(messages, LABEL_ROWS[row].text, message, &added))
            return added;
    }
    return add_labelled(messages, provider, code, message);
}

bool csv_message_line(Text message, Text label, Text *ret)
{
    size_t next;
    for (size_t at = 0; at < message.len; at = next) {
        size_t end = line_end(message, at, &next);
        Text line = text_of(message.ptr + at, end - at);
        if (text_starts(line, label) && line.len > label.len && line.ptr[label.len] == ':') {
            *ret = text_trim(text_of(line.ptr + label.len + 1, line.len - label.len - 1));
            return true;
        }
    }
    return false;
}
