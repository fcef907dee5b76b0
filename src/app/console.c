#include "app/console.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "report/visible.h"

#define MESSAGE_MAX (64 * 1024)

typedef struct Tally {
    uint32_t notes, defects;
} Tally;

struct Console {
    unsigned flags;
    const ItemList *items;
    Tally *tallies;     /* one an item … */
    size_t tally_count; /* … as far as there was something to say */
    Tally paths;        /* what is said about paths that are no items */
    Tally entries;      /* of feeds */
    uint64_t lost;
    Buf line;
};

Console *console_create(unsigned flags)
{
    Console *console = calloc(1, sizeof *console);
    if (!console)
        return NULL;
    console->flags = flags;
    buf_init(&console->line, MESSAGE_MAX);
    return console;
}

void console_destroy(Console *console)
{
    if (!console)
        return;
    free(console->tallies);
    buf_done(&console->line);
    free(console);
}

void console_set_items(Console *console, const ItemList *items)
{
    console->items = items;
}

/* The list grows while it is worked on. Without memory for a tally of its own, an item is counted
 * with what is no item. */
static Tally *tally_of(Console *console, const Item *item)
{
    if (!console->items)
        return &console->paths;
    size_t index = (size_t)(item - console->items->items);
    if (index >= console->tally_count) {
        size_t count = console->items->room > index ? console->items->room : index + 1;
        Tally *grown = realloc(console->tallies, count * sizeof *grown);
        if (!grown)
            return &console->paths;
        for (size_t i = console->tally_count; i < count; i++)
            grown[i] = (Tally){0};
        console->tallies = grown;
        console->tally_count = count;
    }
    return &console->tallies[index];
}

/* Standard error may be gone; there is nobody to tell that to. */
static void put_line(Span line)
{
    while (line.len) {
        ssize_t n = write(STDERR_FILENO, line.ptr, line.len);
        if (n <= 0)
            return;
        line = span_of(line.ptr + n, line.len - (size_t)n);
    }
}

static void begin_line(Console *console, const char *color)
{
    buf_clear(&console->line);
    if (console->flags & CONSOLE_PROGRESS)
        BUF_LITERAL(&console->line, "\r\033[K");
    if (console->flags & CONSOLE_COLOR && color)
        buf_add_text(&console->line, text_from_z(color));
    BUF_LITERAL(&console->line, "constat: ");
}

static void end_line(Console *console, const char *color)
{
    if (console->flags & CONSOLE_COLOR && color)
        BUF_LITERAL(&console->line, "\033[0m");
    buf_add_char(&console->line, '\n');
    put_line(buf_span(&console->line));
}

#define RED    "\033[31m"
#define YELLOW "\033[33m"

static const char *color_of(DefectKind kind)
{
    return kind == DEFECT_DAMAGE ? RED : YELLOW;
}

/* Is one more to be shown? Counts it. */
static bool shown(const Console *console, Tally *tally, DefectKind kind)
{
    uint32_t *count = kind == DEFECT_DAMAGE ? &tally->defects : &tally->notes;
    if (*count < UINT32_MAX)
        ++*count;
    if (kind == DEFECT_NOTE && console->flags & CONSOLE_QUIET)
        return false;
    return console->flags & CONSOLE_VERBOSE || *count <= CONSOLE_PER_ITEM;
}

void console_defect(Console *console, const Item *item, DefectKind kind, uint64_t offset, Text text)
{
    if (!shown(console, tally_of(console, item), kind))
        return;
    begin_line(console, color_of(kind));
    visible_text(&console->line, item->path);
    if (offset != ERR_NO_OFFSET)
        buf_printf(&console->line, ": byte %" PRIu64, offset);
    BUF_LITERAL(&console->line, ": ");
    visible_text(&console->line, text);
    end_line(console, color_of(kind));
}

void console_path(void *ctx, Text path, bool lost, const char *text)
{
    Console *console = ctx;
    DefectKind kind = lost ? DEFECT_DAMAGE : DEFECT_NOTE;
    console->lost += lost;
    if (!shown(console, &console->paths, kind))
        return;
    begin_line(console, color_of(kind));
    visible_text(&console->line, path);
    BUF_LITERAL(&console->line, ": ");
    visible_text(&console->line, text_from_z(text));
    end_line(console, color_of(kind));
}

void console_rule(Console *console, Text file, uint32_t line, Text reason)
{
    begin_line(console, RED);
    visible_text(&console->line, file);
    if (line)
        buf_printf(&console->line, ": line %" PRIu32, line);
    BUF_LITERAL(&console->line, ": rule refused: ");
    visible_text(&console->line, reason);
    end_line(console, RED);
}

void console_entry(Console *console, Text file, const char *unit, uint64_t at, DefectKind kind,
                   Text text)
{
    if (!shown(console, &console->entries, kind))
        return;
    begin_line(console, color_of(kind));
    visible_text(&console->line, file);
    buf_printf(&console->line, ": %s %" PRIu64 ": %s: ", unit, at,
               kind == DEFECT_DAMAGE ? "indicator refused" : "not compared");
    visible_text(&console->line, text);
    end_line(console, color_of(kind));
}

void console_note(Console *console, const char *format, ...)
{
    if (console->flags & CONSOLE_QUIET)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return;
    begin_line(console, NULL);
    visible_text(&console->line, text_from_z(text));
    end_line(console, NULL);
}

void console_status(Console *console, const char *format, ...)
{
    char text[160];
    va_list args;
    if (!(console->flags & CONSOLE_PROGRESS))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* what is too long is cut */
    va_end(args);
    buf_clear(&console->line);
    buf_printf(&console->line, "\r%s\033[K", text);
    put_line(buf_span(&console->line));
}

void console_status_end(Console *console)
{
    if (console->flags & CONSOLE_PROGRESS)
        put_line(span_of("\r\033[K", 4));
}

static void more(Console *console, Text path, uint32_t count, DefectKind kind)
{
    bool quiet = kind == DEFECT_NOTE && console->flags & CONSOLE_QUIET;
    if (quiet || console->flags & CONSOLE_VERBOSE || count <= CONSOLE_PER_ITEM)
        return;
    begin_line(console, color_of(kind));
    visible_text(&console->line, path);
    uint32_t left = count - CONSOLE_PER_ITEM;
    buf_printf(&console->line, ": ... %" PRIu32 " more %s%s (use -v)", left,
               kind == DEFECT_DAMAGE ? "defect" : "note", left == 1 ? "" : "s");
    end_line(console, color_of(kind));
}

void console_finish(Console *console)
{
    size_t count = console->items ? console->items->count : 0;
    count = count < console->tally_count ? count : console->tally_count;
    for (size_t i = 0; i < count; i++) {
        more(console, console->items->items[i].path, console->tallies[i].defects, DEFECT_DAMAGE);
        more(console, console->items->items[i].path, console->tallies[i].notes, DEFECT_NOTE);
    }
    more(console, TEXT("evidence"), console->paths.defects, DEFECT_DAMAGE);
    more(console, TEXT("evidence"), console->paths.notes, DEFECT_NOTE);
    more(console, TEXT("indicators"), console->entries.defects, DEFECT_DAMAGE);
    more(console, TEXT("indicators"), console->entries.notes, DEFECT_NOTE);
}

uint64_t console_lost(const Console *console)
{
    return console->lost;
}

void console_fail(const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return;
    Console console = {0};
    buf_init(&console.line, MESSAGE_MAX);
    begin_line(&console, NULL);
    visible_text(&console.line, text_from_z(text));
    end_line(&console, NULL);
    buf_done(&console.line);
}
