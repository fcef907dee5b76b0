/* What was examined: items by state and by format; events over time. */
#include "report/page.h"

#include <stdlib.h>

#include "analysis/top.h"
#include "event/id_map.h"

#define FORMATS_MAX 64

static void states(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_STATE, COLUMN_TEXT},
                                     {TXT_COL_ITEMS, COLUMN_NUMBER},
                                     {TXT_COL_MEANING, COLUMN_WIDE}};
    Html *html = &page->html;
    html_table(html, &(TableHead){.caption = TXT_X_STATES, COLUMNS_OF(COLUMNS)});
    for (unsigned state = 0; state < ITEM_STATE_COUNT; state++) {
        uint64_t items = page->survey->totals.items_by_state[state];
        if (items == 0)
            continue;
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        html_say(html, SAY_MARKUP, (TextId)(TXT_STATE_WAITING + state), NULL);
        HTML(html, "</th>");
        html_cell_number(html, items);
        html_cell_say(html, (TextId)(TXT_STATE_MEANS_WAITING + state));
        html_row_end(html);
    }
    html_table_end(html);
}

/* ---- formats ---- */

typedef struct FormatCount {
    Text name;
    uint64_t items, bytes, events;
} FormatCount;

static int by_name(const void *a, const void *b)
{
    const SurveyItem *x = *(const SurveyItem *const *)a, *y = *(const SurveyItem *const *)b;
    int order = text_compare(x->stored->format, y->stored->format);
    return order ? order : (x < y ? -1 : x > y);
}

static int more_items(const void *a, const void *b)
{
    const FormatCount *x = a, *y = b;
    if (x->items != y->items)
        return x->items > y->items ? -1 : 1;
    return text_compare(x->name, y->name);
}

static bool count_formats(const Survey *survey, Top *top)
{
    const SurveyItem **items = malloc((survey->item_count + 1) * sizeof(SurveyItem *));
    if (!items)
        return false;
    for (size_t i = 0; i < survey->item_count; i++)
        items[i] = &survey->items[i];
    qsort(items, survey->item_count, sizeof(SurveyItem *), by_name);
    FormatCount count = {.items = 0};
    bool ok = true;
    for (size_t i = 0; i < survey->item_count && ok; i++) {
        if (count.items && !text_equal(items[i]->stored->format, count.name)) {
            ok = top_offer(top, &count);
            count = (FormatCount){.items = 0};
        }
        count.name = items[i]->stored->format;
        count.items++;
        count.bytes += items[i]->stored->size;
        count.events += items[i]->events;
    }
    ok = ok && (count.items == 0 || top_offer(top, &count));
    free(items);
    return ok;
}

static void formats(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_FORMAT, COLUMN_TEXT},
                                     {TXT_COL_ITEMS, COLUMN_NUMBER},
                                     {TXT_COL_SIZE, COLUMN_NUMBER},
                                     {TXT_COL_EVENTS, COLUMN_NUMBER}};
    Html *html = &page->html;
    Top top = top_of(sizeof(FormatCount), FORMATS_MAX, more_items);
    if (!count_formats(page->survey, &top))
        html->out.failed = true;
    top_sort(&top, more_items);
    html_table(html, &(TableHead){.caption = TXT_X_FORMATS, COLUMNS_OF(COLUMNS)});
    uint64_t shown = 0;
    for (size_t i = 0; i < top.count; i++) {
        const FormatCount *count = top_at(&top, i);
        Label name = label_of(count->name);
        shown += count->items;
        html_row(html);
        page_cell_words(page, "format.", &name, TXT_UNNAMED_FORMAT);
        html_cell_number(html, count->items);
        HTML(html, "<td class=\"n\">");
        html_size(html, count->bytes);
        html_cell_end(html);
        html_cell_number(html, count->events);
        html_row_end(html);
    }
    html_table_end(html);
    if (top.offered > top.count) {
        HTML(html, "<p class=\"left-out\">");
        SAY_WITH(html, X_FURTHER, WITH_COUNT("items", N_ITEMS, page->survey->item_count - shown),
                 WITH_NUMBER("formats", top.offered - top.count));
        HTML(html, "</p>\n");
    }
    top_done(&top);
}

void page_examined(Page *page)
{
    page_section(page, PAGE_EXAMINED);
    PARAGRAPH(&page->html, X_INTRO);
    if (page->survey->item_count) {
        states(page);
        formats(page);
    }
    page_section_end(page);
}

/* ---- events over time ---- */

static void figures(Page *page)
{
    static const Column COLUMNS[] = {{TXT_COL_FROM, COLUMN_TEXT}, {TXT_COL_EVENTS, COLUMN_NUMBER}};
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    HTML(html, "<details class=\"aside\"><summary>");
    SAY(html, T_TABLE);
    HTML(html, "</summary>\n<p>");
    SAY(html, T_EMPTY);
    HTML(html, "</p>\n");
    html_table(html,
               &(TableHead){.caption = TXT_H_TIMELINE, COLUMNS_OF(COLUMNS), .class = "narrow"});
    for (uint32_t bin = 0; bin < axis->count; bin++) {
        if (axis->events[bin] == 0)
            continue;
        html_row(html);
        HTML(html, "<th scope=\"row\">");
        html_time(html, axis->begin + axis->step_ns * bin);
        HTML(html, "</th>");
        html_cell_number(html, axis->events[bin]);
        html_row_end(html);
    }
    html_table_end(html);
    HTML(html, "</details>\n");
}

static uint32_t highest(const SurveyAxis *axis)
{
    uint32_t bin = 0;
    while (bin + 1 < axis->count && axis->events[bin] != axis->most)
        bin++;
    return bin;
}

void page_timeline(Page *page)
{
    Html *html = &page->html;
    const SurveyAxis *axis = &page->survey->axis;
    uint64_t timeless = page->survey->totals.timeless;
    page_section(page, PAGE_TIMELINE);
    if (axis->count == 0)
        PARAGRAPH(html, T_NONE);
    if (axis->count) {
        html_paragraph(html);
        SAY_WITH(html, T_INTRO, WITH_SPAN("step", axis->step_ns));
        HTML(html, " ");
        SAY_WITH(html, T_PEAK, WITH_TIME("time", axis->begin + axis->step_ns * highest(axis)),
                 WITH_COUNT("events", N_EVENTS, axis->most));
        html_paragraph_end(html);
        page_plot(page);
        if (axis->before + axis->after)
            PARAGRAPH_WITH(html, T_OUTSIDE, WITH_COUNT("before", N_EVENTS, axis->before),
                           WITH_COUNT("after", N_EVENTS, axis->after));
        figures(page);
    }
    if (axis->count && timeless)
        PARAGRAPH_WITH(html, T_TIMELESS, WITH_COUNT("events", N_EVENTS, timeless));
    page_section_end(page);
}
