#include "report/html.h"

#include "report/visible.h"

#define PIECE_BYTES (64 * 1024)         /* written when so many are there */
#define TEXT_BYTES  (16u * 1024 * 1024) /* of one text from evidence */
#define OUT_BYTES   (64u * 1024 * 1024)

void html_init(Html *html, const Catalogue *catalogue, HtmlWrite write, void *ctx)
{
    *html = (Html){.catalogue = catalogue, .write = write, .write_ctx = ctx};
    buf_init(&html->out, OUT_BYTES);
    buf_init(&html->visible, TEXT_BYTES);
    buf_init(&html->words, TEXT_BYTES);
}

static void flush(Html *html)
{
    if (html->out.failed && !html->err.code)
        (void)err_set(&html->err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the report");
    if (!html->err.code && html->out.len &&
        !html->write(html->write_ctx, buf_span(&html->out), &html->err) && !html->err.code)
        (void)err_set(&html->err, ERR_IO, ERR_NO_OFFSET, "the report could not be written");
    buf_clear(&html->out);
}

bool html_finish(Html *html, Err *err)
{
    flush(html);
    bool ok = html->err.code == ERR_NONE;
    if (!ok && err)
        *err = html->err;
    buf_done(&html->out);
    buf_done(&html->visible);
    buf_done(&html->words);
    return ok;
}

void html_literal(Html *html, const char *literal, size_t len)
{
    buf_add(&html->out, literal, len);
    if (html->out.len >= PIECE_BYTES)
        flush(html);
}

void html_digits(Html *html, uint64_t n)
{
    buf_add_u64(&html->out, n);
}

/* ---- text ---- */

static void add_escaped(Buf *out, Text t)
{
    size_t plain = 0;
    for (size_t i = 0; i < t.len; i++) {
        const char *entity;
        switch (t.ptr[i]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        case '\'':
            entity = "&#39;";
            break;
        default:
            continue;
        }
        buf_add(out, t.ptr + plain, i - plain);
        buf_add_text(out, text_from_z(entity));
        plain = i + 1;
    }
    buf_add(out, t.ptr + plain, t.len - plain);
}

void html_escape(Html *html, Text t)
{
    buf_clear(&html->visible);
    visible_text(&html->visible, t);
    if (html->visible.failed)
        html->out.failed = true;
    else
        add_escaped(&html->out, buf_text(&html->visible));
}

void html_evidence(Html *html, Text t)
{
    HTML(html, "<bdi>");
    html_escape(html, t);
    HTML(html, "</bdi>");
}

void html_code(Html *html, Text t)
{
    HTML(html, "<code>");
    html_escape(html, t);
    HTML(html, "</code>");
}

/* ---- values ---- */

/* What the catalogue has written into html->words is part of the page now. */
static void take_words(Html *html)
{
    if (html->words.failed)
        html->out.failed = true;
    else
        html_escape(html, buf_text(&html->words));
}

void html_number(Html *html, uint64_t n)
{
    buf_clear(&html->words);
    catalogue_number(html->catalogue, &html->words, n);
    take_words(html);
}

void html_size(Html *html, uint64_t bytes)
{
    buf_clear(&html->words);
    catalogue_size(html->catalogue, &html->words, bytes);
    take_words(html);
}

void html_span(Html *html, int64_t ns)
{
    buf_clear(&html->words);
    catalogue_span(html->catalogue, &html->words, ns);
    take_words(html);
}

static void open_time(Html *html, Time time)
{
    char text[TIME_TEXT_ROOM];
    HTML(html, "<time datetime=\"");
    html_escape(html, text_of(text, time_format(time, 3, text)));
    HTML(html, "\">");
}

void html_time(Html *html, Time time)
{
    char text[TIME_TEXT_ROOM];
    if (time == TIME_NONE) {
        SAY(html, CELL_NONE);
        return;
    }
    size_t len = time_format(time, 0, text);
    for (size_t i = 0; i < len; i++)
        if (text[i] == 'T')
            text[i] = ' ';
    if (len && text[len - 1] == 'Z')
        len--;
    open_time(html, time);
    html_escape(html, text_of(text, len));
    HTML(html, "</time>");
}

static void say_time(Html *html, SayMode mode, Time time)
{
    bool tagged = mode == SAY_MARKUP && time != TIME_NONE;
    buf_clear(&html->words);
    catalogue_time(html->catalogue, &html->words, time);
    if (tagged)
        open_time(html, time);
    take_words(html);
    if (tagged)
        HTML(html, "</time>");
}

/* ---- sentences ---- */

static void say_value(Html *html, SayMode mode, const Arg *arg)
{
    switch (arg->kind) {
    case ARG_TEXT:
        if (mode == SAY_MARKUP)
            html_evidence(html, arg->text);
        else
            html_escape(html, arg->text);
        break;
    case ARG_CODE:
        if (mode == SAY_MARKUP)
            html_code(html, arg->text);
        else
            html_escape(html, arg->text);
        break;
    case ARG_NUMBER:
        html_number(html, arg->number);
        break;
    case ARG_RECORD:
        html_digits(html, arg->number);
        break;
    case ARG_TIME:
        say_time(html, mode, arg->time);
        break;
    case ARG_SPAN:
        html_span(html, arg->time);
        break;
    case ARG_SIZE:
        html_size(html, arg->number);
        break;
    case ARG_COUNT: {
        const Arg count[] = {WITH_NUMBER("count", arg->number), {.kind = ARG_END}};
        html_say(html, mode, arg->words, count);
        break;
    }
    case ARG_WORDS:
        html_say(html, mode, arg->words, NULL);
        break;
    case ARG_END:
        break;
    }
}

/* false: nothing of that name was given. */
static bool say_named(Html *html, SayMode mode, Text name, const Arg *args)
{
    for (const Arg *arg = args; arg && arg->kind != ARG_END; arg++) {
        if (!text_equal(name, text_from_z(arg->name)))
            continue;
        say_value(html, mode, arg);
        return true;
    }
    return false;
}

void html_say_text(Html *html, SayMode mode, Text text, const Arg *args)
{
    Text literal, name;
    while (catalogue_part(&text, &literal, &name)) {
        html_escape(html, literal);
        if (name.len == 0 || say_named(html, mode, name, args))
            continue;
        HTML(html, "{"); /* a hole that shows */
        html_escape(html, name);
        HTML(html, "}");
    }
    if (html->out.len >= PIECE_BYTES)
        flush(html);
}

void html_say(Html *html, SayMode mode, TextId id, const Arg *args)
{
    const Arg *amount = args;
    while (amount && amount->kind != ARG_END && amount->kind != ARG_NUMBER &&
           amount->kind != ARG_COUNT)
        amount++;
    uint64_t n = amount && amount->kind != ARG_END ? amount->number : 0;
    html_say_text(html, mode, catalogue_text(html->catalogue, id, n), args);
}

/* ---- paragraphs and tables ---- */

void html_paragraph(Html *html)
{
    html->paragraphs++;
    HTML(html, "<p class=\"numbered\" id=\"p");
    html_digits(html, html->paragraphs);
    HTML(html, "\"><span class=\"pn\">");
    html_digits(html, html->paragraphs);
    HTML(html, ".</span> ");
}

void html_paragraph_end(Html *html)
{
    HTML(html, "</p>\n");
}

void html_table(Html *html, const TableHead *head)
{
    HTML(html, "<div class=\"scroll\"><table");
    if (head->class) {
        HTML(html, " class=\"");
        html_escape(html, text_from_z(head->class));
        HTML(html, "\"");
    }
    HTML(html, ">\n<caption>");
    html_say(html, SAY_MARKUP, head->caption, NULL);
    HTML(html, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < head->column_count; i++) {
        const Column *column = &head->columns[i];
        HTML(html, "<th scope=\"col\"");
        if (column->kind == COLUMN_NUMBER)
            HTML(html, " class=\"n\"");
        else if (column->kind == COLUMN_WIDE)
            HTML(html, " class=\"w\"");
        HTML(html, ">");
        html_say(html, SAY_MARKUP, column->head, NULL);
        HTML(html, "</th>");
    }
    HTML(html, "</tr></thead>\n<tbody>\n");
}

void html_table_end(Html *html)
{
    HTML(html, "</tbody></table></div>\n");
}

void html_row(Html *html)
{
    HTML(html, "<tr>");
}

void html_row_end(Html *html)
{
    HTML(html, "</tr>\n");
}

void html_cell(Html *html)
{
    HTML(html, "<td>");
}

void html_cell_end(Html *html)
{
    HTML(html, "</td>");
}

void html_cell_head(Html *html, Text t)
{
    HTML(html, "<th scope=\"row\">");
    html_evidence(html, t);
    HTML(html, "</th>");
}

void html_cell_text(Html *html, Text t)
{
    html_cell(html);
    if (t.len)
        html_evidence(html, t);
    else
        SAY(html, CELL_NONE);
    html_cell_end(html);
}

void html_cell_code(Html *html, Text t)
{
    html_cell(html);
    html_code(html, t);
    html_cell_end(html);
}

void html_cell_number(Html *html, uint64_t n)
{
    HTML(html, "<td class=\"n\">");
    html_number(html, n);
    html_cell_end(html);
}

void html_cell_record(Html *html, uint64_t n)
{
    HTML(html, "<td class=\"n\">");
    html_digits(html, n);
    html_cell_end(html);
}

void html_cell_time(Html *html, Time time)
{
    HTML(html, "<td class=\"t\">");
    html_time(html, time);
    html_cell_end(html);
}

void html_cell_say(Html *html, TextId id)
{
    html_cell(html);
    html_say(html, SAY_MARKUP, id, NULL);
    html_cell_end(html);
}
