/* Strips: a source over the axis of all plots, with its gaps and silences. */
#include "report/page.h"

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
