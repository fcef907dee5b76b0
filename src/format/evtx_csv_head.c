#include "format/evtx_csv_head.h"

#include <string.h>

#include "base/utf16.h"
#include "format/evtx_csv_cells.h"
#include "format/evtx_csv_time.h"

#define HEADER_BYTES_MAX 4096u /* of the header's line */
#define HEAD_LIMIT       (256u * 1024)
#define KNOWN_MIN        3u /* headers that must be known */
#define KNOWN_SURE       4u

#define VIEWER_COLUMNS 5 /* level, time, source, event id, task category; then the message */

void csv_head_done(CsvHead *head)
{
    buf_done(&head->text);
}

/* The head as UTF-8 in head->text, without a byte order mark. */
static bool take_text(Span head, CsvHead *ret)
{
    if (span_starts_with(head, "\xFF\xFE", 2)) {
        Span units = span_of(head.ptr + 2, (head.len - 2) & ~(size_t)1);
        char *out = buf_reserve(&ret->text, UTF16_NARROW_ROOM(units.len));
        if (!out)
            return false;
        ret->text.len += utf16_narrow(units, out);
        return true;
    }
    size_t mark = span_starts_with(head, "\xEF\xBB\xBF", 3) ? 3 : 0;
    buf_add(&ret->text, head.ptr + mark, head.len - mark);
    return !ret->text.failed;
}

static Text next_line(Text *rest)
{
    Text line = text_cut(rest, '\n');
    line.len -= line.len && line.ptr[line.len - 1] == '\r';
    return line;
}

/* Cells as written by hand, too: blanks around them do not matter. */
static size_t split_header(Text line, char delimiter, Text *cells)
{
    size_t count = csv_split(line, delimiter, cells, CSV_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        cells[i] = text_trim(cells[i]);
    return count;
}

static size_t column_of(const CsvHead *head, Text field)
{
    for (size_t i = 0; i < head->count; i++)
        if (head->row[i] != LABEL_NONE && text_equal(LABEL_ROWS[head->row[i]].meaning, field))
            return i;
    return CSV_NO_COLUMN;
}

/* In how many headers of this language does the table's header agree? */
static unsigned headers_in(const CsvHead *head, LabelLocale locale)
{
    unsigned count = 0;
    for (size_t i = 0; i < head->count; i++)
        for (uint32_t row = 0; row < LABEL_HEADER_COUNT && head->row[i] != LABEL_NONE; row++)
            if (LABEL_ROWS[row].locale == locale &&
                text_equal_nocase(LABEL_ROWS[row].text, head->name[i])) {
                count++;
                break;
            }
    return count;
}

static void find_columns(CsvHead *head)
{
    head->id = column_of(head, TEXT("System.EventID"));
    head->date = column_of(head, TEXT("System.TimeCreated.SystemTime"));
    head->source = column_of(head, TEXT("System.Provider.Name"));
    head->message = column_of(head, TEXT("Export.Message"));
    head->payload = column_of(head, TEXT("Export.Payload"));
}

/* The line as a header with this delimiter. */
static void try_header(CsvHead *head, Text line, char delimiter)
{
    unsigned most = 0;
    head->delimiter = delimiter;
    head->count = split_header(line, delimiter, head->name);
    head->known = 0;
    for (size_t i = 0; i < head->count; i++) {
        head->row[i] = labels_header(head->name[i]);
        head->known += head->row[i] != LABEL_NONE;
    }
    find_columns(head);
    if (head->known < KNOWN_MIN || head->id == CSV_NO_COLUMN || head->date == CSV_NO_COLUMN)
        return;
    for (int locale = LOCALE_EN; locale < LOCALE_COUNT; locale++) {
        unsigned count = headers_in(head, (LabelLocale)locale);
        if (count > most) {
            most = count;
            head->locale = (LabelLocale)locale;
        }
    }
    if (head->payload != CSV_NO_COLUMN)
        head->shape = CSV_SHAPE_EVTXECMD;
    else
        head->shape = most >= KNOWN_MIN ? CSV_SHAPE_VIEWER : CSV_SHAPE_CMDLET;
    if (head->shape != CSV_SHAPE_VIEWER)
        head->locale = LOCALE_ANY;
    else if (head->message == CSV_NO_COLUMN)
        head->message = head->count;
}

/* A header in a language that is not known, or not in UTF-8: Event Viewer's five headers, and rows
 * of six cells, the second a time, the fourth a number. */
static void try_positions(CsvHead *head, Text line, Text rest)
{
    static const Text FIELDS[VIEWER_COLUMNS] = {
        {"System.Level", 12},   {"System.TimeCreated.SystemTime", 29}, {"System.Provider.Name", 20},
        {"System.EventID", 14}, {"Export.TaskCategory", 19},
    };
    Text cells[VIEWER_COLUMNS + 2];
    CsvHead trial = {.id = 3, .date = 1, .source = 2, .message = VIEWER_COLUMNS};
    if (csv_split(line, ',', head->name, CSV_COLUMNS_MAX) != VIEWER_COLUMNS)
        return;
    size_t count = csv_split(rest, ',', cells, VIEWER_COLUMNS + 2);
    trial.count = VIEWER_COLUMNS;
    if (count != VIEWER_COLUMNS + 1 || !csv_head_fits(&trial, cells, count, false))
        return;
    head->shape = CSV_SHAPE_VIEWER;
    head->by_position = true;
    head->delimiter = ',';
    head->locale = LOCALE_ANY;
    head->count = VIEWER_COLUMNS;
    for (size_t i = 0; i < VIEWER_COLUMNS; i++)
        for (uint32_t row = LABEL_HEADER_COUNT; row-- > 0;)
            if (text_equal(LABEL_ROWS[row].meaning, FIELDS[i]))
                head->row[i] = row;
    find_columns(head);
    head->message = VIEWER_COLUMNS;
    head->other_charset = !text_is_utf8(line, UTF8_STRICT);
}

bool csv_head_read(Span head, CsvHead *ret)
{
    static const char DELIMITERS[] = {',', ';', '\t'};
    *ret = (CsvHead){.id = CSV_NO_COLUMN,
                     .date = CSV_NO_COLUMN,
                     .source = CSV_NO_COLUMN,
                     .message = CSV_NO_COLUMN,
                     .payload = CSV_NO_COLUMN};
    buf_init(&ret->text, HEAD_LIMIT);
    if (!take_text(head, ret))
        return false;
    Text rest = buf_text(&ret->text), line = next_line(&rest);
    ret->lines = 1;
    /* Export-Csv begins with the type of what it exports, Excel's with the delimiter. */
    if (text_starts(line, TEXT("#TYPE")) || text_starts(line, TEXT("sep="))) {
        line = next_line(&rest);
        ret->lines = 2;
    }
    if (line.len == 0 || line.len > HEADER_BYTES_MAX || memchr(line.ptr, '\0', line.len) ||
        line.ptr[0] == '<' || line.ptr[0] == '{' || line.ptr[0] == '[')
        return true;
    for (size_t i = 0; i < sizeof DELIMITERS && ret->shape == CSV_SHAPE_NONE; i++)
        if (memchr(line.ptr, DELIMITERS[i], line.len))
            try_header(ret, line, DELIMITERS[i]);
    if (ret->shape == CSV_SHAPE_NONE)
        try_positions(ret, line, rest);
    return true;
}

static bool is_event_id(Text cell)
{
    uint64_t number;
    return text_to_u64(text_trim(cell), &number) && number <= UINT32_MAX;
}

bool csv_head_fits(const CsvHead *head, const Text *cells, size_t count, bool whole)
{
    ClockReading clock;
    size_t last = head->id > head->date ? head->id : head->date;
    if (count <= last || !is_event_id(cells[head->id]))
        return false;
    /* A time in a form that is not known must not cost a row that is whole otherwise. */
    return whole ? count + 1 >= head->count : clock_read(cells[head->date], &clock);
}
