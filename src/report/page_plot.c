/* Plots over time: events, and detections by level, by step. Coordinates are whole numbers, so that
 * every machine draws the same bytes. */
#include "report/page.h"

#include <string.h>

#define HOUR_NS (INT64_C(3600) * NANOSECONDS_PER_SECOND)

/* The plot, in units of the picture. */
#define PLOT_LEFT   64
#define PLOT_RIGHT  712
#define PLOT_TOP    10
#define PLOT_BOTTOM 160
#define PLOT_WIDTH  (PLOT_RIGHT - PLOT_LEFT)
#define PLOT_HEIGHT (PLOT_BOTTOM - PLOT_TOP)
#define TICKS_MAX   7
#define TICK_WIDTH  60 /* of a label */

static void attribute(Html *html, const char *name, int64_t value)
{
    html_escape(html, text_from_z(name));
    HTML(html, "=\"");
    if (value < 0)
        HTML(html, "-");
    html_digits(html, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    HTML(html, "\" ");
}

/* One digit and zeros, at least n. */
static uint64_t round_up(uint64_t n)
{
    static const uint64_t STEPS[] = {1, 2, 3, 4, 5, 6, 8};
    for (uint64_t power = 1;; power *= 10) {
        for (unsigned i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
            if (n <= power * STEPS[i])
                return power * STEPS[i];
        if (power > UINT64_MAX / 100)
            return n;
    }
}

static int64_t scale(uint64_t value, uint64_t of, int64_t to)
{
    uint64_t fit = UINT64_MAX / (uint64_t)to;
    while (value > fit) { /* as good as exact: this is a picture */
        value /= 2;
        of /= 2;
    }
    return of ? (int64_t)(value * (uint64_t)to / of) : 0;
}

/* ---- ticks of the axis ---- */

/* Hours between two ticks; 0: none. */
static int64_t tick_hours(const SurveyAxis *axis)
{
    static const int64_t HOURS[] = {1,   2,   3,    6,    12,   24,    48,    96,   168,
                                    336, 672, 1344, 2688, 8736, 17472, 43680, 87360};
    int64_t all = axis->step_ns / HOUR_NS * axis->count;
    for (size_t i = 0; i < sizeof HOURS / sizeof HOURS[0]; i++)
        if (HOURS[i] >= axis->step_ns / HOUR_NS && all / HOURS[i] <= TICKS_MAX)
            return HOURS[i];
    return axis->step_ns / HOUR_NS * axis->count / TICKS_MAX;
}

static bool is_tick(const SurveyAxis *axis, int64_t every, uint32_t bin)
{
    int64_t hour = axis->begin / HOUR_NS + axis->step_ns / HOUR_NS * bin;
    int64_t shifted = every % 168 == 0 ? hour + 72 : hour; /* weeks begin on a Monday */
    int64_t rest = shifted % every;
    rest = rest < 0 ? rest + every : rest;
    return rest < axis->step_ns / HOUR_NS;
}

static Time bin_time(const SurveyAxis *axis, uint32_t bin)
{
    Time time;
    if (__builtin_mul_overflow(axis->step_ns, (int64_t)bin, &time) ||
        __builtin_add_overflow(axis->begin, time, &time))
        return INT64_MAX;
    return time;
}

static int64_t bin_x(const SurveyAxis *axis, uint32_t bin)
{
    return PLOT_LEFT + (int64_t)PLOT_WIDTH * bin / axis->count;
}

/* "2026-03-04", and the hour where days are divided. */
static void tick_label(Html *html, Time time, int64_t every)
{
    char text[TIME_TEXT_ROOM];
    size_t len = time_format(time, 0, text);
    if (len < 16)
        return;
    if (every >= 24) {
        html_escape(html, text_of(text, 10));
        return;
    }
    text[10] = ' ';
    html_escape(html, text_of(text + 5, 11));
}

static void draw_ticks(Html *html, const SurveyAxis *axis)
{
    int64_t every = tick_hours(axis);
    if (every <= 0)
        return;
    for (uint32_t bin = 0; bin < axis->count; bin++) {
        if (!is_tick(axis, every, bin))
            continue;
        int64_t x = bin_x(axis, bin);
        HTML(html, "<line class=\"grid\" ");
        attribute(html, "x1", x);
        attribute(html, "x2", x);
        attribute(html, "y1", PLOT_TOP);
        attribute(html, "y2", PLOT_BOTTOM + 4);
        bool fits = x + TICK_WIDTH <= PLOT_RIGHT;
        HTML(html, "/><text class=\"");
        html_escape(html, text_from_z(fits ? "tick" : "tick level"));
        HTML(html, "\" ");
        attribute(html, "x", fits ? x + 3 : x - 3);
        attribute(html, "y", PLOT_BOTTOM + 14);
        HTML(html, ">");
        tick_label(html, bin_time(axis, bin), every);
        HTML(html, "</text>\n");
    }
}

static void draw_levels(Html *html, uint64_t top)
{
    for (unsigned i = 0; i <= 2; i++) {
        int64_t y = PLOT_BOTTOM - (int64_t)PLOT_HEIGHT * i / 2;
        if (i == 1 && top % 2)
            continue;
        HTML(html, "<line class=\"grid\" ");
        attribute(html, "x1", PLOT_LEFT);
        attribute(html, "x2", PLOT_RIGHT);
        attribute(html, "y1", y);
        attribute(html, "y2", y);
        HTML(html, "/><text class=\"tick level\" ");
        attribute(html, "x", PLOT_LEFT - 6);
        attribute(html, "y", y + 4);
        HTML(html, ">");
        html_number(html, top / 2 * i + (i == 2 ? top % 2 : 0));
        HTML(html, "</text>\n");
    }
}

/* A column from `below` up to `below` + `count`. Open to further ones of the same path. */
static void draw_column(Html *html, const SurveyAxis *axis, uint32_t bin, uint64_t below,
                        uint64_t count, uint64_t top)
{
    int64_t x = bin_x(axis, bin), width = bin_x(axis, bin + 1) - x;
    int64_t foot = scale(below, top, PLOT_HEIGHT);
    int64_t height = scale(below + count, top, PLOT_HEIGHT) - foot;
    height = height ? height : 1; /* one event must be seen */
    width = width > 2 ? width - 1 : width ? width : 1;
    HTML(html, "M");
    html_digits(html, (uint64_t)x);
    HTML(html, " ");
    html_digits(html, (uint64_t)(PLOT_BOTTOM - foot));
    HTML(html, "v-");
    html_digits(html, (uint64_t)height);
    HTML(html, "h");
    html_digits(html, (uint64_t)width);
    HTML(html, "v");
    html_digits(html, (uint64_t)height);
    HTML(html, "z");
}

static void draw_columns(Html *html, const SurveyAxis *axis, uint64_t top)
{
    HTML(html, "<path class=\"bars\" d=\"");
    for (uint32_t bin = 0; bin < axis->count; bin++)
        if (axis->events[bin])
            draw_column(html, axis, bin, 0, axis->events[bin], top);
    HTML(html, "\"/>\n");
}

static void plot_title(Html *html, const SurveyAxis *axis, TextId title, TextId counted,
                       uint64_t most)
{
    const Arg args[] = {WITH_TIME("first", axis->begin),
                        WITH_TIME("last", bin_time(axis, axis->count)),
                        {.kind = ARG_COUNT, .name = "most", .number = most, .words = counted},
                        WITH_SPAN("step", axis->step_ns),
                        {.kind = ARG_END}};
    html_say(html, SAY_PLAIN, title, args);
}

void page_plot(Page *page)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    uint64_t top = round_up(axis->most);
    HTML(html, "<figure>\n<svg class=\"plot\" viewBox=\"0 0 720 180\" role=\"img\" "
               "aria-labelledby=\"plot-t\">\n<title id=\"plot-t\">");
    plot_title(html, axis, TXT_T_FIGURE, TXT_N_EVENTS, axis->most);
    HTML(html, "</title>\n");
    draw_levels(html, top);
    draw_ticks(html, axis);
    draw_columns(html, axis, top);
    HTML(html, "</svg>\n</figure>\n");
}

/* ---- detections, the highest level at the foot ---- */

static void draw_detections(Html *html, const SurveyAxis *axis, const Detections *detections,
                            uint64_t top)
{
    uint64_t below[SURVEY_BINS_MAX] = {0};
    for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        if (detections->by_level[level] == 0)
            continue;
        HTML(html, "<path class=\"d");
        html_digits(html, level);
        HTML(html, "\" d=\"");
        for (uint32_t bin = 0; bin < axis->count; bin++) {
            uint64_t count = detections->bins[level][bin];
            if (count)
                draw_column(html, axis, bin, below[bin], count, top);
            below[bin] += count;
        }
        HTML(html, "\"/>\n");
    }
}

void page_level_mark(Page *page, RuleLevel level)
{
    Html *html = &page->html;
    HTML(html, "<svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><path class=\"d");
    html_digits(html, level);
    HTML(html, "\" d=\"M0 0h10v10H0z\"/></svg> ");
    html_say(html, SAY_MARKUP, page_level_text(level), NULL);
}

void page_detection_plot(Page *page)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    const Detections *detections = page->report->detections;
    uint64_t top = round_up(detections->most);
    HTML(html, "<figure>\n<svg class=\"plot\" viewBox=\"0 0 720 180\" role=\"img\" "
               "aria-labelledby=\"detections-t\">\n<title id=\"detections-t\">");
    plot_title(html, axis, TXT_D_FIGURE, TXT_N_DETECTIONS, detections->most);
    HTML(html, "</title>\n");
    draw_levels(html, top);
    draw_ticks(html, axis);
    draw_detections(html, axis, detections, top);
    HTML(html, "</svg>\n</figure>\n<ul class=\"legend\">\n");
    for (unsigned level = RULE_LEVEL_COUNT; level-- > RULE_INFORMATIONAL;) {
        if (detections->by_level[level] == 0)
            continue;
        HTML(html, "<li>");
        page_level_mark(page, (RuleLevel)level);
        HTML(html, "</li>\n");
    }
    HTML(html, "</ul>\n");
}
