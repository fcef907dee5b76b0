#include "format/evtx_csv_message.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_BYTES_MAX  160u /* of a label with its blanks */
#define BLANKS_MAX       64u  /* that one blank of a pattern stands for */
#define WORD_BYTES_MAX   256u
#define SCRATCH_LIMIT    (64u * 1024)
#define PATTERN_NAME_MAX 64u

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

/* ---- blanks ---- */

static size_t blank_at(Text t, size_t at)
{
    static const Text WIDE[] = {{"\xC2\xA0", 2}, {"\xE2\x80\xAF", 3}, {"\xE3\x80\x80", 3}};
    if (at >= t.len)
        return 0;
    if (t.ptr[at] == ' ' || t.ptr[at] == '\t')
        return 1;
    for (size_t i = 0; i < sizeof WIDE / sizeof WIDE[0]; i++)
        if (text_starts(text_of(t.ptr + at, t.len - at), WIDE[i]))
            return WIDE[i].len;
    return 0;
}

static size_t skip_blanks(Text t, size_t at, size_t most)
{
    size_t end = at, n;
    while (end - at < most && (n = blank_at(t, end)) > 0)
        end += n;
    return end;
}

static Text trim_right(Text t)
{
    for (;;) {
        size_t len = t.len;
        if (len && (t.ptr[len - 1] == ' ' || t.ptr[len - 1] == '\t'))
            t.len--;
        else if (len >= 2 && blank_at(t, len - 2) == 2)
            t.len -= 2;
        else if (len >= 3 && blank_at(t, len - 3) == 3)
            t.len -= 3;
        else
            return t;
    }
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
        size_t end = text_find(rest, '\n'), from = skip_blanks(rest, 0, end);
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
        add_sid(m, row, trim_right(value));
        break;
    case LABEL_HOW_WORDS:
        add_words(m, field_name(m, row), value);
        break;
    case LABEL_HOW_PLAIN:
        if (!add_hex(m, field_name(m, row), trim_right(value)))
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
    size_t start = skip_blanks(text, from, to - from);
    size_t most = to - start < LABEL_BYTES_MAX ? to - start : LABEL_BYTES_MAX;
    Text rest = text_of(message.ptr + start, most);
    size_t colon = text_find(rest, ':'), wide = text_find_text(rest, TEXT("\xEF\xBC\x9A"));
    size_t end = colon < rest.len ? colon : text_find(rest, '\t'), behind = end + 1;
    line.indent = start - from;
    if (wide != SIZE_MAX && wide < end) {
        end = wide;
        behind = end + 3;
    }
    if (end == 0 || end >= rest.len)
        return line;
    if (start + behind < to && rest.ptr[end] == ':' && blank_at(text, start + behind) == 0)
        return line; /* "C:\…" */
    line.label = in_english(labels, trim_right(text_of(rest.ptr, end)));
    line.value = skip_blanks(text, start + behind, to);
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
        w->begin = skip_blanks(text, from, end - from);
    }
    w->end = end;
}

static void take_line(Walk *w, size_t from, size_t to)
{
    bool open = w->row != LABEL_NONE;
    unsigned how = open ? LABEL_ROWS[w->row].how : LABEL_HOW_PLAIN;
    bool all = how == LABEL_HOW_ALL;
    Text text = text_of(w->message.ptr, to);
    if (skip_blanks(text, from, to - from) == to) {
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

typedef enum PieceKind { PIECE_END, PIECE_TEXT, PIECE_FIELD } PieceKind;

typedef struct Piece {
    PieceKind kind;
    Text text; /* literal with "\n" as two characters, or the field's name */
    bool may_be_long;
} Piece;

#define PIECES_MAX 16

/* Pieces of a pattern; ours, so it has no more. */
static size_t cut_pattern(Text pattern, Piece *pieces)
{
    size_t count = 0;
    while (pattern.len && count < PIECES_MAX) {
        bool field = pattern.ptr[0] == '{';
        size_t end = text_find(pattern, field ? '}' : '{');
        Piece *piece = &pieces[count++];
        *piece = (Piece){.kind = field ? PIECE_FIELD : PIECE_TEXT};
        piece->text = text_of(pattern.ptr + field, end - field);
        if (field && text_ends(piece->text, TEXT("*"))) {
            piece->text.len--;
            piece->may_be_long = true;
        }
        end += field;
        pattern = text_of(pattern.ptr + end, pattern.len - end);
    }
    return count;
}

/* Does a literal stand at message[at)? A blank is one or more of them, "\n" a line end with blanks
 * before it; both may be missing at the end of the message. */
static bool literal_at(Text literal, Text message, size_t at, size_t *ret_end)
{
    for (size_t i = 0; i < literal.len;) {
        if (literal.ptr[i] == ' ') {
            size_t end = skip_blanks(message, at, BLANKS_MAX);
            if (end == at && at < message.len)
                return false;
            at = end;
            i++;
        } else if (literal.ptr[i] == '\\' && i + 1 < literal.len && literal.ptr[i + 1] == 'n') {
            at = skip_blanks(message, at, BLANKS_MAX);
            i += 2;
            if (at >= message.len && i == literal.len)
                break;
            at += at < message.len && message.ptr[at] == '\r';
            if (at >= message.len || message.ptr[at] != '\n')
                return false;
            at++;
        } else {
            if (at >= message.len || message.ptr[at] != literal.ptr[i])
                return false;
            at++;
            i++;
        }
    }
    *ret_end = at;
    return true;
}

/* The first place from `from` on, or the last before `to`, where a literal stands. */
static bool find_first(Text literal, Text message, size_t from, size_t *ret_at, size_t *ret_end)
{
    for (size_t at = from; at <= message.len; at++)
        if (literal_at(literal, message, at, ret_end)) {
            *ret_at = at;
            return true;
        }
    return false;
}

static bool find_last(Text literal, Text message, size_t from, size_t to, size_t *ret_at,
                      size_t *ret_end)
{
    for (size_t at = to + 1; at-- > from;) {
        bool within = at > from && at < to && message.ptr[at] == '\n';
        if (within && message.ptr[at - 1] == '\r')
            continue; /* not between the two of a line end */
        if (literal_at(literal, message, at, ret_end) && *ret_end <= to) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

/* Blanks and line ends behind a message mean nothing. */
static Text trim_message(Text message)
{
    while (message.len &&
           (message.ptr[message.len - 1] == '\n' || message.ptr[message.len - 1] == '\r' ||
            message.ptr[message.len - 1] == ' '))
        message.len--;
    return message;
}

/* The values of the fields, in the order of pieces. The pieces behind the long field are looked
 * for from the end: its text may hold anything. */
static bool match(const Piece *pieces, size_t count, Text message, Text *values)
{
    size_t at = 0, i = 0, end = message.len, here, behind;
    for (; i < count && !pieces[i].may_be_long; i++) {
        if (pieces[i].kind == PIECE_TEXT) {
            if (!literal_at(pieces[i].text, message, at, &at))
                return false;
            continue;
        }
        if (i + 1 == count) {
            values[i] = text_of(message.ptr + at, message.len - at);
            return true;
        }
        if (!find_first(pieces[i + 1].text, message, at, &here, &behind))
            return false;
        values[i] = text_of(message.ptr + at, here - at);
        at = behind;
        i++;
    }
    if (i == count)
        return at == message.len;
    for (size_t k = count - 1; k > i; k -= 2) { /* a field, and the literal before it */
        if (k < i + 2 || pieces[k].kind != PIECE_FIELD ||
            !find_last(pieces[k - 1].text, message, at, end, &here, &behind))
            return false;
        values[k] = text_of(message.ptr + behind, end - behind);
        end = here;
    }
    values[i] = text_of(message.ptr + at, end - at);
    return true;
}

static bool add_sentence(CsvMessages *m, Text pattern, Text message, unsigned *ret_added)
{
    Piece pieces[PIECES_MAX];
    Text values[PIECES_MAX];
    size_t count = cut_pattern(pattern, pieces);
    if (!match(pieces, count, trim_message(message), values))
        return false;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].kind == PIECE_FIELD) {
            sink_add_text(m->sink, sink_name(m->sink, pieces[i].text), values[i]);
            ++*ret_added;
        }
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
