/* html.h: a page, written piece by piece.
 *
 * Markup is literals of this program (HTML); everything else goes through html_escape, the one
 * place where text becomes part of a page, whether it comes from evidence or from a catalogue.
 * Evidence is made visible first (visible.h): no control characters, nothing that turns the
 * direction of writing, bytes that are no text as \xNN. Within markup it stands in <bdi>, so that
 * its own direction stays its own.
 *
 * Failure is sticky and shows in html_finish. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/text.h"
#include "base/time.h"
#include "report/catalogue.h"

typedef bool (*HtmlWrite)(void *ctx, Span bytes, Err *err);

typedef struct Html {
    const Catalogue *catalogue;
    Buf out, visible, words;
    HtmlWrite write;
    void *write_ctx;
    Err err;
    unsigned paragraphs;
} Html;

void html_init(Html *html, const Catalogue *catalogue, HtmlWrite write, void *ctx);
/* Everything to `write`. false with err: not all of it could be written. Frees what it holds. */
bool html_finish(Html *html, Err *err);

/* ---- markup ---- */

#define HTML(html, literal) html_literal((html), "" literal "", sizeof(literal) - 1)
void html_literal(Html *html, const char *literal, size_t len);
void html_digits(Html *html, uint64_t n); /* plain, as attributes have them */

/* ---- text ---- */

void html_escape(Html *html, Text t);   /* the one place */
void html_evidence(Html *html, Text t); /* in <bdi> */
void html_code(Html *html, Text t);     /* in <code>: identifiers of ours */

/* ---- sentences: texts of the catalogue with values ---- */

typedef enum ArgKind {
    ARG_END,
    ARG_TEXT,   /* from evidence */
    ARG_CODE,   /* an identifier of ours */
    ARG_NUMBER, /* so many */
    ARG_RECORD, /* a number that is a name */
    ARG_TIME,
    ARG_SPAN,
    ARG_SIZE,
    ARG_COUNT, /* "{count} events": another text of the catalogue */
    ARG_WORDS, /* another text of the catalogue */
} ArgKind;

typedef struct Arg {
    ArgKind kind;
    const char *name;
    Text text;
    uint64_t number;
    int64_t time;
    TextId words;
} Arg;

#define ARG_OF(kind_, name_, field, value)                                                         \
    {                                                                                              \
        .kind = (kind_), .name = (name_), .field = (value)                                         \
    }
#define WITH_TEXT(name, value)   ARG_OF(ARG_TEXT, name, text, value)
#define WITH_CODE(name, value)   ARG_OF(ARG_CODE, name, text, value)
#define WITH_NUMBER(name, value) ARG_OF(ARG_NUMBER, name, number, value)
#define WITH_RECORD(name, value) ARG_OF(ARG_RECORD, name, number, value)
#define WITH_TIME(name, value)   ARG_OF(ARG_TIME, name, time, value)
#define WITH_SPAN(name, value)   ARG_OF(ARG_SPAN, name, time, value)
#define WITH_SIZE(name, value)   ARG_OF(ARG_SIZE, name, number, value)
#define WITH_WORDS(name, id)     ARG_OF(ARG_WORDS, name, words, TXT_##id)
#define WITH_COUNT(name_, id, value)                                                               \
    {                                                                                              \
        .kind = ARG_COUNT, .name = (name_), .number = (value), .words = TXT_##id                   \
    }

typedef enum SayMode {
    SAY_MARKUP, /* evidence in <bdi>, times in <time> */
    SAY_PLAIN,  /* for attributes and titles of pictures */
} SayMode;

/* `args` end with ARG_END. The first number or count among them decides the form. */
void html_say(Html *html, SayMode mode, TextId id, const Arg *args);
/* The same with any text, and the amount that decided its form. */
void html_say_text(Html *html, SayMode mode, Text text, const Arg *args);

#define SAY(html, id)         html_say((html), SAY_MARKUP, TXT_##id, NULL)
#define SAY_PLAINLY(html, id) html_say((html), SAY_PLAIN, TXT_##id, NULL)
#define SAY_WITH(html, id, ...)                                                                    \
    html_say((html), SAY_MARKUP, TXT_##id, (const Arg[]){__VA_ARGS__, {.kind = ARG_END}})
#define SAY_PLAINLY_WITH(html, id, ...)                                                            \
    html_say((html), SAY_PLAIN, TXT_##id, (const Arg[]){__VA_ARGS__, {.kind = ARG_END}})

/* Values alone, as the language writes them. */
void html_number(Html *html, uint64_t n);
void html_size(Html *html, uint64_t bytes);
void html_span(Html *html, int64_t ns);
void html_time(Html *html, Time time); /* of a table: ISO 8601, cut to seconds */

/* ---- paragraphs and tables ---- */

/* A numbered paragraph, so that it can be cited. */
void html_paragraph(Html *html);
void html_paragraph_end(Html *html);

typedef enum ColumnKind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_WIDE } ColumnKind;

typedef struct Column {
    TextId head;
    ColumnKind kind;
} Column;

typedef struct TableHead {
    TextId caption;
    const Column *columns;
    size_t column_count;
    const char *class; /* NULL: none */
} TableHead;

#define COLUMNS_OF(list) .columns = (list), .column_count = sizeof(list) / sizeof(list)[0]

void html_table(Html *html, const TableHead *head); /* up to <tbody> */
void html_table_end(Html *html);

void html_row(Html *html);
void html_row_end(Html *html);
void html_cell(Html *html); /* open: the caller fills and closes it */
void html_cell_end(Html *html);
void html_cell_head(Html *html, Text t); /* of the row; evidence */
void html_cell_text(Html *html, Text t); /* evidence; empty: a dash */
void html_cell_code(Html *html, Text t);
void html_cell_number(Html *html, uint64_t n);
void html_cell_record(Html *html, uint64_t n);
void html_cell_time(Html *html, Time time);
void html_cell_say(Html *html, TextId id);

#endif
