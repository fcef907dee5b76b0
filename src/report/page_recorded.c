/* What was recorded: channels and actions. */
#include "report/page.h"

static void channels(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_CHANNEL, COLUMN_WIDE},  {TXT_COL_SOURCE, COLUMN_TEXT},
        {TXT_COL_EVENTS, COLUMN_NUMBER}, {TXT_COL_HOSTS, COLUMN_NUMBER},
        {TXT_COL_FIRST, COLUMN_TEXT},    {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    Further further = survey->channels_further;
    html_table(html, &(TableHead){.caption = TXT_CH_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->channels_count; i++) {
        const SurveyChannel *channel = &survey->channels[i];
        if (page_is_further(i, channel->events, &further))
            continue;
        html_row(html);
        page_cell_label(page, &channel->channel, TXT_UNNAMED_CHANNEL);
        page_cell_label(page, &channel->source, TXT_UNNAMED_SOURCE);
        html_cell_number(html, channel->events);
        html_cell_number(html, channel->hosts);
        html_cell_time(html, channel->extent.first);
        html_cell_time(html, channel->extent.last);
        html_row_end(html);
    }
    html_table_end(html);
    page_left_out(page, TXT_L_FURTHER, "names", TXT_N_NAMES, further.rows, further.events);
}

static void actions(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_ACTION, COLUMN_WIDE},    {TXT_COL_EVENTS, COLUMN_NUMBER},
        {TXT_COL_SUCCESS, COLUMN_NUMBER}, {TXT_COL_FAILURE, COLUMN_NUMBER},
        {TXT_COL_UNKNOWN, COLUMN_NUMBER}, {TXT_COL_FIRST, COLUMN_TEXT},
        {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    Further further = survey->actions_further;
    html_table(html, &(TableHead){.caption = TXT_AC_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->actions_count; i++) {
        const SurveyAction *action = &survey->actions[i];
        if (page_is_further(i, action->events, &further))
            continue;
        html_row(html);
        page_cell_words(page, "action.", &action->action, TXT_UNNAMED_ACTION);
        html_cell_number(html, action->events);
        html_cell_number(html, action->success);
        html_cell_number(html, action->failure);
        html_cell_number(html, action->events - action->success - action->failure);
        html_cell_time(html, action->extent.first);
        html_cell_time(html, action->extent.last);
        html_row_end(html);
    }
    html_table_end(html);
    page_left_out(page, TXT_L_FURTHER, "names", TXT_N_NAMES, further.rows, further.events);
}

void page_recorded(Page *page)
{
    page_section(page, PAGE_RECORDED);
    PARAGRAPH(&page->html, CH_INTRO);
    if (page->survey->channels_count)
        channels(page);
    PARAGRAPH(&page->html, AC_INTRO);
    if (page->survey->actions_count)
        actions(page);
    page_section_end(page);
}
