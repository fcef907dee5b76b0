/* CSV with commas, semicolons or tabs. With a header, columns are known by their names in several
 * spellings; a column named as a type holds values of that type. Without one, the first cell of a
 * record that looks like an indicator is it. */
#include "detect/indicator/feed.h"

#include "base/cleanup.h"
#include "detect/indicator/csv_record.h"

#define PROBE_RECORDS 5
#define NAME_BYTES    64

typedef enum ColumnRole {
    COLUMN_OTHER,
    COLUMN_VALUE, /* its type stands in COLUMN_TYPE, or is guessed */
    COLUMN_TYPED, /* values of one type */
    COLUMN_TYPE,
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_LEVEL,
    COLUMN_TAGS,
} ColumnRole;

typedef struct ColumnName {
    Text name; /* lower case, only letters and digits */
    ColumnRole role;
    IndicatorType type;
} ColumnName;

#define COLUMN(name, role)                                                                         \
    {                                                                                              \
        {name, sizeof(name) - 1}, COLUMN_##role, INDICATOR_TYPE_COUNT                              \
    }
#define TYPED(name, type)                                                                          \
    {                                                                                              \
        {name, sizeof(name) - 1}, COLUMN_TYPED, INDICATOR_##type                                   \
    }
static const ColumnName COLUMNS[] = {
    COLUMN("value", VALUE),
    COLUMN("indicator", VALUE),
    COLUMN("indicatorvalue", VALUE),
    COLUMN("ioc", VALUE),
    COLUMN("iocvalue", VALUE),
    COLUMN("observable", VALUE),
    COLUMN("observablevalue", VALUE),
    COLUMN("artifact", VALUE),
    COLUMN("type", TYPE),
    COLUMN("indicatortype", TYPE),
    COLUMN("ioctype", TYPE),
    COLUMN("observabletype", TYPE),
    COLUMN("datatype", TYPE),
    COLUMN("kind", TYPE),
    COLUMN("id", ID),
    COLUMN("uuid", ID),
    COLUMN("guid", ID),
    COLUMN("iocid", ID),
    COLUMN("name", NAME),
    COLUMN("title", NAME),
    COLUMN("description", NAME),
    COLUMN("comment", NAME),
    COLUMN("note", NAME),
    COLUMN("threat", NAME),
    COLUMN("malware", NAME),
    COLUMN("malwareprintable", NAME),
    COLUMN("campaign", NAME),
    COLUMN("level", LEVEL),
    COLUMN("severity", LEVEL),
    COLUMN("confidence", LEVEL),
    COLUMN("confidencelevel", LEVEL),
    COLUMN("threatlevel", LEVEL),
    COLUMN("tags", TAGS),
    COLUMN("tag", TAGS),
    COLUMN("labels", TAGS),
    TYPED("md5", MD5),
    TYPED("md5hash", MD5),
    TYPED("filehashmd5", MD5),
    TYPED("sha1", SHA1),
    TYPED("sha1hash", SHA1),
    TYPED("filehashsha1", SHA1),
    TYPED("sha256", SHA256),
    TYPED("sha256hash", SHA256),
    TYPED("filehashsha256", SHA256),
    TYPED("imphash", IMPHASH),
    TYPED("ip", ADDRESS),
    TYPED("ipaddress", ADDRESS),
    TYPED("ipv4", ADDRESS),
    TYPED("ipv6", ADDRESS),
    TYPED("ipsrc", ADDRESS),
    TYPED("ipdst", ADDRESS),
    TYPED("dstip", ADDRESS),
    TYPED("srcip", ADDRESS),
    TYPED("address", ADDRESS),
    TYPED("network", NETWORK),
    TYPED("cidr", NETWORK),
    TYPED("subnet", NETWORK),
    TYPED("domain", DOMAIN),
    TYPED("domainname", DOMAIN),
    TYPED("hostname", DOMAIN),
    TYPED("fqdn", DOMAIN),
    TYPED("url", URL),
    TYPED("uri", URL),
    TYPED("filename", NAME),
    TYPED("filepath", PATH),
    TYPED("path", PATH),
    TYPED("email", MAIL),
    TYPED("emailaddress", MAIL),
    TYPED("mail", MAIL),
    TYPED("emailaddr", MAIL),
    TYPED("emailsrc", MAIL),
    TYPED("regkey", REGISTRY),
    TYPED("registry", REGISTRY),
    TYPED("registrykey", REGISTRY),
    TYPED("windowsregistrykey", REGISTRY),
    TYPED("mutex", MUTEX),
    TYPED("namedpipe", MUTEX),
};
/* Also what a type is called in a cell of COLUMN_TYPE. */
static const ColumnName TYPE_WORDS[] = {
    TYPED("ipv4addr", ADDRESS),  TYPED("ipv6addr", ADDRESS),  TYPED("file", NAME),
    TYPED("name", NAME),         TYPED("host", DOMAIN),       TYPED("ipport", ADDRESS),
    TYPED("ipdstport", ADDRESS), TYPED("ipsrcport", ADDRESS),
};

/* Letters and digits in lower case: "SHA-256 hash" is sha256hash. */
static Text plain(Text written, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < written.len && len < NAME_BYTES; i++) {
        char c = ascii_lower(written.ptr[i]);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[len++] = c;
    }
    return text_of(out, len);
}

static const ColumnName *find(const ColumnName *rows, size_t count, Text written)
{
    char room[NAME_BYTES];
    Text name = plain(written, room);
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].name, name))
            return &rows[i];
    return NULL;
}

static const ColumnName *column_of(Text written)
{
    return find(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], written);
}

static bool type_of_word(Text written, IndicatorType *ret)
{
    const ColumnName *row = find(TYPE_WORDS, sizeof TYPE_WORDS / sizeof TYPE_WORDS[0], written);
    const ColumnName *column = row ? row : column_of(written);
    if (!column || column->role != COLUMN_TYPED)
        return false;
    *ret = column->type;
    return true;
}

/* ---- is it one? ---- */

/* A header names at least what the values are. */
static bool is_header(const CsvRecord *record)
{
    bool values = false;
    for (size_t i = 0; i < record->count; i++) {
        const ColumnName *column = column_of(record->cells[i]);
        values =
            values || (column && (column->role == COLUMN_VALUE || column->role == COLUMN_TYPED));
    }
    return values;
}

static bool guesses(Text cell)
{
    IndicatorType type;
    const char *why;
    Buf value;
    buf_init(&value, 16384);
    indicator_refang(cell, &value);
    bool ok = !value.failed && indicator_guess(buf_text(&value), &type, &why);
    buf_done(&value);
    return ok;
}

/* The first records have the same number of cells, more than one, or the first is a header. */
static bool fits(Text bytes, char delimiter)
{
    CsvRecords records;
    CLEANUP(freep) CsvRecord *record = malloc(sizeof *record);
    size_t cells = 0, seen = 0;
    Err err = {0};
    bool header = false, same = true;
    if (!record)
        return false;
    csv_records_init(&records, bytes, delimiter);
    while (seen < PROBE_RECORDS && !header && csv_records_next(&records, record, &err)) {
        header = seen == 0 && record->count > 1 && is_header(record);
        same = same && record->count > 1 && (cells == 0 || record->count == cells);
        cells = record->count;
        seen++;
    }
    csv_records_done(&records);
    return header || (same && seen > 1);
}

static char delimiter_of(Text bytes)
{
    static const char DELIMITERS[] = {',', ';', '\t'};
    for (size_t i = 0; i < sizeof DELIMITERS; i++)
        if (fits(bytes, DELIMITERS[i]))
            return DELIMITERS[i];
    return '\0';
}

/* A header alone on its line, of one column, is one too. */
static bool one_column(Text bytes)
{
    Text rest = bytes, line = text_trim(text_cut(&rest, '\n'));
    const ColumnName *column = column_of(line);
    return column && (column->role == COLUMN_VALUE || column->role == COLUMN_TYPED) &&
           !guesses(line);
}

static bool probe(const Feed *feed)
{
    return !feed->json && text_find(feed->bytes, '\0') == feed->bytes.len &&
           (delimiter_of(feed->bytes) || one_column(feed->bytes));
}

/* ---- records ---- */

typedef struct Columns {
    const ColumnName *at[CSV_CELLS_MAX];
    size_t count;
} Columns;

/* The first cell with this role that is not empty. */
static Text cell_of(const CsvRecord *record, const Columns *columns, ColumnRole role)
{
    for (size_t i = 0; i < record->count && i < columns->count; i++)
        if (columns->at[i] && columns->at[i]->role == role && record->cells[i].len)
            return record->cells[i];
    return (Text){0};
}

static bool level_of(Text word, RuleLevel *ret)
{
    uint64_t number;
    if (word.len == 0 || rule_level_find(word, ret))
        return true;
    if (word.len && word.ptr[word.len - 1] == '%')
        word.len--;
    if (!text_to_u64(word, &number) || number > 100)
        return false;
    *ret = indicator_level_of_confidence(number);
    return true;
}

static const Text *tags_of(IndicatorSet *set, Text list, uint32_t *ret_count)
{
    Text *tags = ARENA_NEW(set->scratch, Text, list.len + 1);
    uint32_t count = 0;
    if (!tags)
        set->failed = true;
    while (tags && list.len) {
        size_t end = 0;
        while (end < list.len && !memchr(",;|", list.ptr[end], 3))
            end++;
        Text tag = text_trim(text_of(list.ptr, end));
        if (tag.len)
            tags[count++] = tag;
        end += end < list.len;
        list = text_of(list.ptr + end, list.len - end);
    }
    *ret_count = count;
    return tags;
}

static Expression value_of(Feed *feed, FeedPlace place, const CsvRecord *record,
                           const Columns *columns, size_t i)
{
    IndicatorType type;
    Text word = cell_of(record, columns, COLUMN_TYPE);
    Text value = record->cells[i];
    if (columns->at[i]->role == COLUMN_TYPED)
        return expression_term(feed->set, place, columns->at[i]->type, TERM_IS, value);
    if (word.len && type_of_word(word, &type)) {
        bool folders = text_find(value, '\\') < value.len;
        return expression_term(feed->set, place,
                               type == INDICATOR_NAME && folders ? INDICATOR_PATH : type, TERM_IS,
                               value);
    }
    return expression_guess(feed->set, place, value);
}

static void read_record(Feed *feed, const CsvRecord *record, const Columns *columns)
{
    IndicatorHead head = {.place = feed_line(feed, record->line),
                          .id = cell_of(record, columns, COLUMN_ID),
                          .name = cell_of(record, columns, COLUMN_NAME)};
    Text level = cell_of(record, columns, COLUMN_LEVEL);
    if (!level_of(level, &head.level))
        indicator_note(feed->set, INDICATOR_UNUSABLE, head.place,
                       "not a level, nor a number of 0 to 100: medium is taken", level);
    head.tags = tags_of(feed->set, cell_of(record, columns, COLUMN_TAGS), &head.tag_count);
    bool any = false;
    for (size_t i = 0; i < record->count && i < columns->count; i++) {
        const ColumnName *column = columns->at[i];
        if (!column || (column->role != COLUMN_VALUE && column->role != COLUMN_TYPED) ||
            record->cells[i].len == 0)
            continue;
        any = true;
        expression_add(feed->set, &head, value_of(feed, head.place, record, columns, i));
    }
    if (!any)
        indicator_note(feed->set, INDICATOR_REFUSED, head.place, "no cell with a value", TEXT(""));
}

static void read_without_header(Feed *feed, const CsvRecord *record)
{
    IndicatorHead head = {.place = feed_line(feed, record->line)};
    for (size_t i = 0; i < record->count; i++)
        if (guesses(record->cells[i])) {
            expression_add(feed->set, &head,
                           expression_guess(feed->set, head.place, record->cells[i]));
            return;
        }
    indicator_note(feed->set, INDICATOR_REFUSED, head.place, "no cell looks like an indicator",
                   record->cells[0]);
}

static void read_header(const CsvRecord *record, Columns *ret)
{
    ret->count = record->count;
    for (size_t i = 0; i < record->count; i++)
        ret->at[i] = column_of(record->cells[i]);
}

static bool read_entries(Feed *feed, Err *err)
{
    CsvRecords records;
    CLEANUP(freep) CsvRecord *record = malloc(sizeof *record);
    CLEANUP(freep) Columns *columns = calloc(1, sizeof *columns);
    Err damage = {0};
    char delimiter = delimiter_of(feed->bytes);
    if (!record || !columns)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory to read CSV");
    csv_records_init(&records, feed->bytes, delimiter ? delimiter : ',');
    bool first = true;
    while (!feed->set->failed && csv_records_next(&records, record, &damage)) {
        if (first && is_header(record))
            read_header(record, columns);
        else if (columns->count)
            read_record(feed, record, columns);
        else
            read_without_header(feed, record);
        first = false;
        arena_clear(feed->set->scratch);
    }
    csv_records_done(&records);
    if (damage.code)
        *err = damage;
    return damage.code == ERR_NONE;
}

const FeedFormat csv_feed = {
    .name = "csv",
    .summary = "cells with commas, semicolons or tabs",
    .probe = probe,
    .read = read_entries,
};
