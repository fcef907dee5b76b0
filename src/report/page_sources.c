/* Sources of each host, as strips over the time axis. */
#include "report/page.h"

static void head(Page *page)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    HTML(html, "<div class=\"scroll\"><table class=\"strips\">\n<caption>");
    SAY(html, R_CAPTION);
    HTML(html, "</caption>\n<thead><tr><th scope=\"col\">");
    SAY(html, COL_SOURCE);
    HTML(html, "</th><th scope=\"col\" class=\"n\">");
    SAY(html, COL_EVENTS);
    HTML(html, "</th><th scope=\"col\" class=\"axis\">");
    SAY(html, COL_PERIOD);
    HTML(html, " <span>");
    html_time(html, axis->begin);
    HTML(html, " – ");
    Time end;
    if (!__builtin_add_overflow(axis->begin, axis->step_ns * axis->count, &end))
        html_time(html, end);
    HTML(html, "</span></th></tr></thead>\n");
}

static void host_head(Page *page, uint32_t host)
{
    HTML(&page->html, "<tbody>\n<tr class=\"host\"><th scope=\"rowgroup\" colspan=\"3\">");
    page_say_host(page, host);
    HTML(&page->html, "</th></tr>\n");
}

static void row(Page *page, const SurveySource *source)
{
    Html *html = &page->html;
    HTML(html, "<tr><th scope=\"row\">");
    if (source->source.len)
        html_evidence(html, label_text(&source->source));
    else
        SAY(html, UNNAMED_SOURCE);
    HTML(html, "</th>");
    html_cell_number(html, source->events);
    HTML(html, "<td class=\"axis\">");
    page_strip(page, source);
    HTML(html, "<span>");
    html_time(html, source->extent.first);
    HTML(html, " – ");
    html_time(html, source->extent.last);
    HTML(html, "</span></td></tr>\n");
}

/* Sources [begin, end) are of one host, those with the most events first. Returns how many were
 * shown. */
static size_t host_rows(Page *page, size_t begin, size_t end, size_t room)
{
    const SurveySource *sources = page->survey->sources;
    size_t count = end - begin, shown = 0;
    uint64_t left_events = 0;
    host_head(page, sources[begin].host);
    while (shown < count && shown < REPORT_HOST_SOURCES_MAX && shown < room)
        row(page, &sources[begin + shown++]);
    for (size_t i = begin + shown; i < end; i++)
        left_events += sources[i].events;
    if (shown < count) {
        HTML(&page->html, "<tr><td colspan=\"3\" class=\"left-out\">");
        SAY_WITH(&page->html, R_FURTHER_HOST, WITH_COUNT("sources", N_SOURCES, count - shown),
                 WITH_COUNT("events", N_EVENTS, left_events));
        HTML(&page->html, "</td></tr>\n");
    }
    HTML(&page->html, "</tbody>\n");
    return shown;
}

void page_sources(Page *page)
{
    const Survey *survey = page->survey;
    const SurveySource *sources = survey->sources;
    uint64_t rows = survey->sources_further.rows, events = survey->sources_further.events;
    page_section(page, PAGE_SOURCES);
    if (survey->sources_count == 0 || survey->axis.count == 0) {
        PARAGRAPH(&page->html, T_NONE);
        page_section_end(page);
        return;
    }
    PARAGRAPH(&page->html, R_INTRO);
    page_strip_legend(page);
    head(page);
    size_t shown = 0;
    for (size_t i = 0; i < survey->sources_count;) {
        size_t end = i + 1;
        while (end < survey->sources_count && sources[end].host == sources[i].host)
            end++;
        if (shown < REPORT_SOURCES_MAX) {
            shown += host_rows(page, i, end, REPORT_SOURCES_MAX - shown);
            i = end;
        }
        for (; i < end; i++) {
            rows++;
            events += sources[i].events;
        }
    }
    HTML(&page->html, "</table></div>\n");
    page_left_out(page, TXT_R_FURTHER, "sources", TXT_N_SOURCES, rows, events);
    page_section_end(page);
}
