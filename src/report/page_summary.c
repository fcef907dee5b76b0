/* The summary: in words, what was found, what could not be read, what is missing. */
#include "report/page.h"

static uint64_t in_state(const Page *page, ItemState state)
{
    return page->survey->totals.items_by_state[state];
}

static void examined(Page *page)
{
    Html *html = &page->html;
    const Survey *survey = page->survey;
    const SurveyTotals *totals = &survey->totals;
    html_paragraph(html);
    if (survey->item_count == 0) {
        SAY(html, S_NOTHING);
        html_paragraph_end(html);
        return;
    }
    SAY_WITH(html, S_EXAMINED, WITH_COUNT("items", N_ITEMS, survey->item_count),
             WITH_SIZE("size", totals->bytes));
    HTML(html, " ");
    uint64_t members = 0;
    for (size_t i = 0; i < survey->item_count; i++)
        members += survey->items[i].container != SURVEY_NONE;
    if (members) {
        SAY_WITH(html, S_MEMBERS, WITH_NUMBER("count", members));
        HTML(html, " ");
    }
    if (totals->events == 0)
        SAY(html, S_NO_EVENTS);
    else if (extent_is_empty(&totals->extent))
        SAY_WITH(html, S_EVENTS_TIMELESS, WITH_COUNT("events", N_EVENTS, totals->events));
    else
        SAY_WITH(html, S_EVENTS, WITH_COUNT("events", N_EVENTS, totals->events),
                 WITH_TIME("first", totals->extent.first), WITH_TIME("last", totals->extent.last));
    html_paragraph_end(html);
}

static void hosts(Page *page)
{
    Html *html = &page->html;
    const Survey *survey = page->survey;
    uint64_t named = survey->hosts_further.rows, unnamed = 0;
    for (size_t i = 0; i < survey->hosts_count; i++) {
        if (survey->hosts[i].name.len)
            named++;
        else
            unnamed += survey->hosts[i].events;
    }
    if (named == 0 && unnamed == 0)
        return;
    html_paragraph(html);
    if (named)
        SAY_WITH(html, S_HOSTS, WITH_COUNT("hosts", N_HOSTS, named));
    if (named && unnamed)
        HTML(html, " ");
    if (unnamed)
        SAY_WITH(html, S_UNNAMED, WITH_COUNT("events", N_EVENTS, unnamed));
    html_paragraph_end(html);
}

static void unread(Page *page)
{
    Html *html = &page->html;
    uint64_t unreadable = in_state(page, ITEM_UNREADABLE), damaged = 0;
    uint64_t unfinished = in_state(page, ITEM_WAITING);
    for (size_t i = 0; i < page->survey->item_count; i++) {
        const SurveyItem *item = &page->survey->items[i];
        damaged += item->damages && item->stored->state != ITEM_UNREADABLE;
    }
    html_paragraph(html);
    if (unreadable || damaged)
        SAY_WITH(html, S_UNREADABLE, WITH_COUNT("unreadable", N_ITEMS, unreadable),
                 WITH_COUNT("damaged", N_ITEMS, damaged),
                 WITH_COUNT("places", N_PLACES, page->survey->totals.damages));
    else
        SAY(html, S_READABLE);
    if (in_state(page, ITEM_UNKNOWN)) {
        HTML(html, " ");
        SAY_WITH(html, S_UNKNOWN, WITH_COUNT("items", N_ITEMS, in_state(page, ITEM_UNKNOWN)));
    }
    if (unfinished) {
        HTML(html, " <strong>");
        SAY_WITH(html, S_UNFINISHED, WITH_COUNT("items", N_ITEMS, unfinished));
        HTML(html, "</strong>");
    }
    html_paragraph_end(html);
}

static void missing(Page *page)
{
    Html *html = &page->html;
    const SurveyTotals *totals = &page->survey->totals;
    html_paragraph(html);
    if (totals->marks[MARK_LOG_CLEAR])
        SAY_WITH(html, S_CLEARS, WITH_NUMBER("count", totals->marks[MARK_LOG_CLEAR]));
    else
        SAY(html, S_NO_CLEARS);
    HTML(html, " ");
    if (totals->gaps)
        SAY_WITH(html, S_MISSING, WITH_COUNT("places", N_PLACES, totals->gaps),
                 WITH_COUNT("numbers", N_NUMBERS, totals->missing),
                 WITH_NUMBER("cleared", totals->gaps_cleared));
    else if (totals->series == 0)
        SAY(html, S_NO_SERIES);
    else
        SAY_WITH(html, S_NO_MISSING, WITH_COUNT("series", N_SERIES, totals->series));
    HTML(html, " ");
    if (totals->silences)
        SAY_WITH(html, S_SILENCES, WITH_NUMBER("count", totals->silences));
    else
        SAY(html, S_NO_SILENCES);
    html_paragraph_end(html);
}

static void certainty(Page *page)
{
    Html *html = &page->html;
    const SurveyTotals *totals = &page->survey->totals;
    uint64_t doubtful = totals->events - totals->quality[TIME_EXACT];
    if (doubtful)
        PARAGRAPH_WITH(html, S_TIMES, WITH_COUNT("events", N_EVENTS, doubtful),
                       WITH_RECORD("section", page_number(PAGE_CLOCKS)));
    if (totals->recovered + totals->fragments)
        PARAGRAPH_WITH(html, S_RECOVERED,
                       WITH_COUNT("records", N_RECORDS, totals->recovered + totals->fragments));
}

static void detected(Page *page)
{
    Html *html = &page->html;
    const Detections *detections = page->report->detections;
    if (detections->state != DETECTIONS_PRESENT)
        PARAGRAPH(html, S_NO_RULES);
    else if (detections->count == 0)
        PARAGRAPH_WITH(html, S_NO_DETECTIONS, WITH_COUNT("rules", N_RULES, detections->evaluated),
                       WITH_RECORD("section", page_number(PAGE_DETECTIONS)));
    else
        PARAGRAPH_WITH(html, S_DETECTIONS, WITH_COUNT("rules", N_RULES, detections->matched_count),
                       WITH_COUNT("detections", N_DETECTIONS, detections->count),
                       WITH_NUMBER("critical", detections->by_level[RULE_CRITICAL]),
                       WITH_NUMBER("high", detections->by_level[RULE_HIGH]),
                       WITH_RECORD("section", page_number(PAGE_DETECTIONS)));
}

void page_summary(Page *page)
{
    Html *html = &page->html;
    uint64_t findings = page->report->findings->count;
    for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++)
        findings += page->report->findings->further[kind];
    page_section(page, PAGE_SUMMARY);
    examined(page);
    if (page->survey->item_count) {
        hosts(page);
        unread(page);
        missing(page);
        certainty(page);
    }
    if (findings)
        PARAGRAPH_WITH(html, S_FINDINGS, WITH_COUNT("findings", N_FINDINGS, findings),
                       WITH_RECORD("section", page_number(PAGE_FINDINGS)));
    if (page->survey->item_count)
        detected(page);
    PARAGRAPH(html, S_RESERVE);
    page_section_end(page);
}
