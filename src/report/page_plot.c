/* Pictures of time: events by step, and strips of the sources over the same axis. Coordinates are
 * whole numbers, so that every machine draws the same bytes. */
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

static void draw_columns(Html *html, const SurveyAxis *axis, uint64_t top)
{
    HTML(html, "<path class=\"bars\" d=\"");
    for (uint32_t bin = 0; bin < axis->count; bin++) {
        if (axis->events[bin] == 0)
            continue;
        int64_t x = bin_x(axis, bin), width = bin_x(axis, bin + 1) - x;
        int64_t height = scale(axis->events[bin], top, PLOT_HEIGHT);
        height = height ? height : 1; /* one event must be seen */
        width = width > 2 ? width - 1 : width ? width : 1;
        HTML(html, "M");
        html_digits(html, (uint64_t)x);
        HTML(html, " ");
        html_digits(html, PLOT_BOTTOM);
        HTML(html, "v-");
        html_digits(html, (uint64_t)height);
        HTML(html, "h");
        html_digits(html, (uint64_t)width);
        HTML(html, "v");
        html_digits(html, (uint64_t)height);
        HTML(html, "z");
    }
    HTML(html, "\"/>\n");
}

void page_plot(Page *page)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    uint64_t top = round_up(axis->most);
    HTML(html, "<figure>\n<svg class=\"plot\" viewBox=\"0 0 720 180\" role=\"img\" "
               "aria-labelledby=\"plot-t\">\n<title id=\"plot-t\">");
    SAY_PLAINLY_WITH(html, T_FIGURE, WITH_TIME("first", axis->begin),
                     WITH_TIME("last", bin_time(axis, axis->count)),
                     WITH_COUNT("most", N_EVENTS, axis->most), WITH_SPAN("step", axis->step_ns));
    HTML(html, "</title>\n");
    draw_levels(html, top);
    draw_ticks(html, axis);
    draw_columns(html, axis, top);
    HTML(html, "</svg>\n</figure>\n");
}

/* ---- strips ---- */

#define STRIP_SCALE 100 /* of a step: whole numbers again */
#define LEVELS      4

/* Shades by powers of sixteen: 1, 16, 256, 4096 events and more in a step. */
static unsigned level_of(uint8_t bin)
{
    unsigned level = (bin + 3u) / 4u; /* bin is 1 + log2 */
    return bin == 0 ? 0 : level > LEVELS ? LEVELS : level;
}

static void draw_level(Html *html, const SurveyAxis *axis, const SurveySource *source,
                       unsigned level)
{
    bool any = false;
    for (uint32_t bin = 0; bin < axis->count;) {
        uint32_t end = bin + 1;
        while (end < axis->count && level_of(source->bins[end]) == level)
            end++;
        if (level_of(source->bins[bin]) != level) {
            bin++;
            continue;
        }
        if (!any) {
            HTML(html, "<path class=\"l");
            html_digits(html, level);
            HTML(html, "\" d=\"");
        }
        any = true;
        HTML(html, "M");
        html_digits(html, (uint64_t)bin * STRIP_SCALE);
        HTML(html, " 0h");
        html_digits(html, (uint64_t)(end - bin) * STRIP_SCALE);
        HTML(html, "v10H");
        html_digits(html, (uint64_t)bin * STRIP_SCALE);
        HTML(html, "z");
        bin = end;
    }
    if (any)
        HTML(html, "\"/>");
}

/* Where a moment is on the strip. */
static int64_t strip_x(const SurveyAxis *axis, Time time)
{
    if (time == TIME_NONE || time <= axis->begin)
        return 0;
    uint64_t since = (uint64_t)time - (uint64_t)axis->begin, step = (uint64_t)axis->step_ns;
    uint64_t whole = since / step;
    if (whole >= axis->count)
        return (int64_t)axis->count * STRIP_SCALE;
    return (int64_t)(whole * STRIP_SCALE + since % step / (step / STRIP_SCALE));
}

/* A line whose width does not grow with the strip. */
static void line_open(Html *html, const char *class)
{
    HTML(html, "<path vector-effect=\"non-scaling-stroke\" class=\"");
    html_escape(html, text_from_z(class));
    HTML(html, "\" d=\"M");
}

static void draw_range(Html *html, const char *class, int64_t from, int64_t to, int64_t y)
{
    line_open(html, class);
    html_digits(html, (uint64_t)from);
    HTML(html, " ");
    html_digits(html, (uint64_t)y);
    HTML(html, "H");
    html_digits(html, (uint64_t)(to > from ? to : from + 1));
    HTML(html, "\"/>");
}

static void draw_moment(Html *html, const char *class, int64_t x)
{
    line_open(html, class);
    html_digits(html, (uint64_t)x);
    HTML(html, " 0V14\"/>");
}

/* Does this source keep records in the channel? */
static bool keeps(const Survey *survey, const Label *source, const Label *channel)
{
    for (size_t i = 0; i < survey->channels_count; i++)
        if (label_equal(&survey->channels[i].source, source) &&
            text_equal_nocase(label_text(&survey->channels[i].channel), label_text(channel)))
            return true;
    return false;
}

static void draw_marks(Html *html, const Survey *survey, const SurveySource *source)
{
    for (size_t i = 0; i < survey->gaps_count; i++) {
        const SurveyGap *gap = &survey->gaps[i];
        if (gap->host == source->host && gap->before.time != TIME_NONE &&
            gap->after.time != TIME_NONE && keeps(survey, &source->source, &gap->channel))
            draw_range(html, "gap", strip_x(&survey->axis, gap->before.time),
                       strip_x(&survey->axis, gap->after.time), 12);
    }
    for (size_t i = 0; i < survey->silences_count; i++) {
        const SurveySilence *silence = &survey->silences[i];
        if (silence->host == source->host && label_equal(&silence->source, &source->source))
            draw_range(html, "silence", strip_x(&survey->axis, silence->stretch.from),
                       strip_x(&survey->axis, silence->stretch.to), 5);
    }
    for (size_t i = 0; i < survey->marks_count; i++) {
        const SurveyMark *mark = &survey->marks[i];
        if (mark->mark.kind != MARK_LOG_CLEAR || mark->host != source->host)
            continue;
        const Label *log = mark_cleared_channel(&mark->mark);
        bool here = log ? keeps(survey, &source->source, log)
                        : label_equal(&mark->mark.source, &source->source);
        if (here)
            draw_moment(html, "clear", strip_x(&survey->axis, mark->mark.time));
    }
}

static void strip_open(Html *html, uint32_t steps)
{
    HTML(html, "<svg class=\"strip\" viewBox=\"0 0 ");
    html_digits(html, (uint64_t)(steps ? steps : 1) * STRIP_SCALE);
    HTML(html, " 14\" preserveAspectRatio=\"none\" role=\"img\"><title>");
}

void page_strip(Page *page, const SurveySource *source)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    strip_open(html, axis->count);
    SAY_PLAINLY_WITH(html, R_STRIP, WITH_TEXT("source", label_text(&source->source)),
                     WITH_NUMBER("active", source->active_hours),
                     WITH_NUMBER("span", source->span_hours));
    HTML(html, "</title>");
    for (unsigned level = 1; level <= LEVELS; level++)
        draw_level(html, axis, source, level);
    draw_marks(html, page->survey, source);
    HTML(html, "</svg>");
}

/* ---- legend ---- */

static void legend_entry(Html *html, TextId text, void (*draw)(Html *html))
{
    HTML(html, "<li>");
    strip_open(html, 1);
    html_say(html, SAY_PLAIN, text, NULL);
    HTML(html, "</title>");
    draw(html);
    HTML(html, "</svg> ");
    html_say(html, SAY_MARKUP, text, NULL);
    HTML(html, "</li>\n");
}

static void sample_events(Html *html)
{
    HTML(html,
         "<path class=\"l1\" d=\"M0 0h25v10H0z\"/><path class=\"l2\" d=\"M25 0h25v10H25z\"/>"
         "<path class=\"l3\" d=\"M50 0h25v10H50z\"/><path class=\"l4\" d=\"M75 0h25v10H75z\"/>");
}

static void sample_silence(Html *html)
{
    draw_range(html, "silence", 0, STRIP_SCALE, 5);
}

static void sample_gap(Html *html)
{
    draw_range(html, "gap", 0, STRIP_SCALE, 12);
}

static void sample_clear(Html *html)
{
    draw_moment(html, "clear", STRIP_SCALE / 2);
}

void page_strip_legend(Page *page)
{
    Html *html = &page->html;
    HTML(html, "<ul class=\"legend\">\n");
    legend_entry(html, TXT_R_LEGEND_EVENTS, sample_events);
    legend_entry(html, TXT_R_LEGEND_SILENCE, sample_silence);
    legend_entry(html, TXT_R_LEGEND_GAP, sample_gap);
    legend_entry(html, TXT_R_LEGEND_CLEAR, sample_clear);
    HTML(html, "</ul>\n");
}
