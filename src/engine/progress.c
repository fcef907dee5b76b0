#include "engine/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"

#define REDRAW_MS      100
#define COLUMNS_MAX    200
#define BAR_COLUMNS    20
#define NAME_COLUMNS   40
#define SETTLE_SECONDS 1.0 /* before this a rate says nothing */

void progress_init(ProgressLine *line, bool wanted, bool color)
{
    *line = (ProgressLine){.enabled = wanted && isatty(STDERR_FILENO), .color = color};
}

bool progress_due(ProgressLine *line, uint64_t now_ms)
{
    if (!line->enabled || now_ms - line->redrawn_ms < REDRAW_MS)
        return false;
    line->redrawn_ms = now_ms;
    return true;
}

static void put(const Buf *buf)
{
    /* A terminal that cannot be written to is no reason to stop. */
    ssize_t n = write(STDERR_FILENO, buf->ptr, buf->len);
    (void)n;
}

void progress_erase(ProgressLine *line)
{
    if (!line->shown)
        return;
    Buf buf;
    buf_init(&buf, 64);
    BUF_LITERAL(&buf, "\r\x1b[K");
    if (!buf.failed)
        put(&buf);
    buf_done(&buf);
    line->shown = false;
}

void progress_draw(ProgressLine *line, const ProgressState *state)
{
    struct winsize size = {0};
    unsigned columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    Buf buf;
    buf_init(&buf, 4096);
    BUF_LITERAL(&buf, "\r");
    progress_render(&buf, state, columns ? columns : 80, line->color);
    BUF_LITERAL(&buf, "\x1b[K");
    if (!buf.failed) {
        put(&buf);
        line->shown = true;
    }
    buf_done(&buf);
}

static void add_scaled(Buf *buf, double value, const char *const *units, size_t unit_count)
{
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < unit_count) {
        value /= 1000;
        unit++;
    }
    int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    buf_printf(buf, "%.*f%s", decimals, value, units[unit]);
}

void progress_bytes(Buf *buf, double bytes)
{
    static const char *const UNITS[] = {" B", " kB", " MB", " GB", " TB", " PB"};
    add_scaled(buf, bytes, UNITS, sizeof UNITS / sizeof *UNITS);
}

void progress_count(Buf *buf, double count)
{
    static const char *const UNITS[] = {"", " k", " M", " G"};
    if (count < 10000)
        buf_printf(buf, "%.0f", count);
    else
        add_scaled(buf, count, UNITS, sizeof UNITS / sizeof *UNITS);
}

void progress_duration(Buf *buf, double seconds)
{
    uint64_t s = seconds > 0 ? (uint64_t)(seconds + 0.5) : 0;
    if (s >= 3600)
        buf_printf(buf, "%u:%02u:%02u", (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
                   (unsigned)(s % 60));
    else
        buf_printf(buf, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
}

static void add_bar(Buf *buf, double part, bool color)
{
    unsigned full = (unsigned)(part * BAR_COLUMNS);
    if (color)
        BUF_LITERAL(buf, "\x1b[32m");
    BUF_LITERAL(buf, "[");
    for (unsigned i = 0; i < BAR_COLUMNS; i++)
        buf_add_char(buf, i < full ? '#' : i == full ? '>' : '.');
    BUF_LITERAL(buf, "]");
    if (color)
        BUF_LITERAL(buf, "\x1b[0m");
    buf_printf(buf, " %3.0f%%", part * 100);
}

/* The most wanted first: a narrow terminal shows what fits. */
static void add_numbers(Buf *buf, const ProgressState *state)
{
    bool settled = state->seconds >= SETTLE_SECONDS && state->bytes_done;
    double rate = settled ? (double)state->bytes_done / state->seconds : 0;
    if (settled) {
        BUF_LITERAL(buf, "  ");
        progress_duration(buf, (double)(state->bytes - state->bytes_done) / rate);
        BUF_LITERAL(buf, " left");
    }
    BUF_LITERAL(buf, "  ");
    progress_count(buf, (double)state->items_done);
    BUF_LITERAL(buf, "/");
    progress_count(buf, (double)state->items);
    BUF_LITERAL(buf, " items  ");
    progress_bytes(buf, (double)state->bytes_done);
    BUF_LITERAL(buf, "/");
    progress_bytes(buf, (double)state->bytes);
    if (state->events) {
        BUF_LITERAL(buf, "  ");
        progress_count(buf, (double)state->events);
        BUF_LITERAL(buf, " events");
    }
    if (!settled)
        return;
    BUF_LITERAL(buf, "  ");
    progress_bytes(buf, rate);
    BUF_LITERAL(buf, "/s");
}

/* As many whole characters of `t` as fit, counting one column each. */
static size_t fitting(Text t, size_t columns)
{
    size_t pos = 0;
    for (; columns > 0 && pos < t.len; columns--)
        utf8_next(t, &pos);
    return pos;
}

/* Of numbers only whole ones: half of one would be another. They are parted by two blanks. */
static size_t fitting_numbers(Text numbers, size_t columns)
{
    size_t len = fitting(numbers, columns);
    if (len == numbers.len)
        return len;
    while (len > 0 && !(numbers.ptr[len] == ' ' && numbers.ptr[len + 1] == ' '))
        len--;
    return len;
}

void progress_render(Buf *buf, const ProgressState *state, unsigned columns, bool color)
{
    if (columns > COLUMNS_MAX)
        columns = COLUMNS_MAX;
    size_t room = columns > 1 ? columns - 1 : 0;
    double part = state->bytes ? (double)state->bytes_done / (double)state->bytes : 0;
    if (part > 1)
        part = 1;
    Buf rest;
    buf_init(&rest, 1024);
    add_numbers(&rest, state);
    Text numbers = buf_text(&rest);
    if (state->name.len) {
        Quoted name = quote(state->name.ptr, state->name.len);
        Text shown = text_from_z(name.str);
        shown.len = fitting(shown, NAME_COLUMNS);
        BUF_LITERAL(&rest, "  ");
        buf_add_text(&rest, shown);
    }
    const size_t bar = BAR_COLUMNS + 7; /* brackets, blank and percentage */
    Text text = buf_text(&rest);
    numbers.ptr = text.ptr; /* the name may have moved them */
    if (!rest.failed && room >= bar) {
        size_t columns_left = room - bar;
        add_bar(buf, part, color);
        buf_add(buf, text.ptr,
                columns_left > numbers.len ? fitting(text, columns_left)
                                           : fitting_numbers(numbers, columns_left));
    }
    buf_done(&rest);
}
