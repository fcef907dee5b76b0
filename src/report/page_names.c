/* Hosts and accounts. */
#include "report/page.h"

static void host_names(Page *page, const SurveyHost *host)
{
    Html *html = &page->html;
    html_cell(html);
    if (host->name.len == 0)
        SAY(html, CELL_NONE);
    for (uint32_t i = 0; host->name.len && i < host->spelling_count; i++) {
        if (i) {
            SAY(html, LIST_COMMA);
            HTML(html, " ");
        }
        html_evidence(html, label_text(&host->spellings[i]));
    }
    if (host->spellings_further) {
        HTML(html, " ");
        SAY_WITH(html, HO_MORE_NAMES, WITH_NUMBER("count", host->spellings_further));
    }
    if (host->ambiguous) {
        HTML(html, " <span class=\"mark\">");
        SAY(html, HO_AMBIGUOUS);
        HTML(html, "</span>");
    }
    html_cell_end(html);
}

void page_hosts(Page *page)
{
    static const Column COLUMNS[] = {
        {TXT_COL_HOST, COLUMN_TEXT},     {TXT_COL_NAMES, COLUMN_WIDE},
        {TXT_COL_ITEMS, COLUMN_NUMBER},  {TXT_COL_SOURCES, COLUMN_NUMBER},
        {TXT_COL_EVENTS, COLUMN_NUMBER}, {TXT_COL_RECOVERED, COLUMN_NUMBER},
        {TXT_COL_FIRST, COLUMN_TEXT},    {TXT_COL_LAST, COLUMN_TEXT}};
    Html *html = &page->html;
    const Survey *survey = page->survey;
    Further further = survey->hosts_further;
    page_section(page, PAGE_HOSTS);
    PARAGRAPH(html, HO_INTRO);
    html_table(html, &(TableHead){.caption = TXT_HO_CAPTION, COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < survey->hosts_count; i++) {
        const SurveyHost *host = &survey->hosts[i];
        if (page_is_further(i, host->events, &further))
            continue;
        html_row(html);
        page_cell_host(page, (uint32_t)i);
        host_names(page, host);
        html_cell_number(html, host->items);
        html_cell_number(html, host->sources);
        html_cell_number(html, host->events);
        html_cell_number(html, host->recovered);
        html_cell_time(html, host->extent.first);
        html_cell_time(html, host->extent.last);
        html_row_end(html);
    }
    html_table_end(html);
    page_left_out(page, TXT_HO_FURTHER, "names", TXT_N_NAMES, further.rows, further.events);
    page_section_end(page);
}

/* ---- accounts ---- */

/* DOMAIN\name; an identity of the system by what its SID stands for. */
static void account_name(Page *page, const SurveyAccount *account)
{
    Html *html = &page->html;
    Text known;
    char room[2 * LABEL_MAX + 8];
    Buf name = {.ptr = room, .cap = sizeof room, .limit = sizeof room};
    BUF_LITERAL(&name, "sid.");
    buf_add_text(&name, label_text(&account->sid));
    if (account->sid.len && catalogue_find(html->catalogue, buf_text(&name), 1, &known)) {
        html_say_text(html, SAY_MARKUP, known, NULL);
        return;
    }
    buf_clear(&name);
    buf_add_text(&name, label_text(&account->domain));
    if (account->domain.len)
        buf_add_char(&name, '\\');
    buf_add_text(&name, label_text(&account->name));
    if (account->name.len)
        html_evidence(html, buf_text(&name));
    else
        SAY(html, UNNAMED_ACCOUNT);
    if (account->further_names) {
        HTML(html, " <span class=\"mark\">");
        SAY_WITH(html, A_MORE_NAMES, WITH_NUMBER("count", account->further_names));
        HTML(html, "</span>");
    }
}

static void account_hosts(Page *page, const SurveyAccount *account)
{
    Html *html = &page->html;
    uint32_t shown =
        account->host_count < ACCOUNT_HOSTS_SHOWN ? account->host_count : ACCOUNT_HOSTS_SHOWN;
    html_cell(html);
    for (uint32_t i = 0; i < shown; i++) {
        if (i) {
            SAY(html, LIST_COMMA);
            HTML(html, " ");
        }
        page_say_host(page, account->hosts[i]);
    }
    if (shown < account->host_count) {
        HTML(html, " ");
        SAY_WITH(html, A_MORE_HOSTS, WITH_NUMBER("count", account->host_count - shown));
    }
    if (shown == 0)
        SAY(html, CELL_NONE);
    html_cell_end(html);
}

static void account_row(Page *page, const SurveyAccount *account)
{
    Html *html = &page->html;
    html_row(html);
    HTML(html, "<th scope=\"row\">");
    account_name(page, account);
    if (account->sid.len) {
        HTML(html, "<br>");
        html_code(html, label_text(&account->sid));
    }
    HTML(html, "</th>");
    html_cell_number(html, account->logons);
    html_cell_number(html, account->failed);
    html_cell_number(html, account->events);
    account_hosts(page, account);
    html_cell_time(html, account->extent.first);
    html_cell_time(html, account->extent.last);
    html_row_end(html);
}

static void account_class(Page *page, const SurveyAccount *accounts, size_t count)
{
    static const Column COLUMNS[] = {
        {TXT_COL_ACCOUNT, COLUMN_WIDE},  {TXT_COL_LOGONS, COLUMN_NUMBER},
        {TXT_COL_FAILED, COLUMN_NUMBER}, {TXT_COL_EVENTS, COLUMN_NUMBER},
        {TXT_COL_HOSTS, COLUMN_WIDE},    {TXT_COL_FIRST, COLUMN_TEXT},
        {TXT_COL_LAST, COLUMN_TEXT}};
    size_t shown = count < REPORT_ACCOUNTS_MAX ? count : REPORT_ACCOUNTS_MAX;
    if (accounts->class == ACCOUNT_TRIED)
        PARAGRAPH(&page->html, A_TRIED);
    html_table(&page->html,
               &(TableHead){.caption = (TextId)(TXT_A_CLASS_ORDINARY + accounts->class),
                            COLUMNS_OF(COLUMNS)});
    for (size_t i = 0; i < shown; i++)
        account_row(page, &accounts[i]);
    html_table_end(&page->html);
    if (shown < count) {
        HTML(&page->html, "<p class=\"left-out\">");
        SAY_WITH(&page->html, A_CUT, WITH_NUMBER("count", count - shown));
        HTML(&page->html, "</p>\n");
    }
}

void page_accounts(Page *page)
{
    const Survey *survey = page->survey;
    page_section(page, PAGE_ACCOUNTS);
    if (survey->accounts_count == 0)
        PARAGRAPH(&page->html, A_NONE);
    else
        PARAGRAPH(&page->html, A_INTRO);
    for (size_t i = 0; i < survey->accounts_count;) {
        size_t end = i + 1;
        while (end < survey->accounts_count &&
               survey->accounts[end].class == survey->accounts[i].class)
            end++;
        account_class(page, &survey->accounts[i], end - i);
        i = end;
    }
    page_left_out(page, TXT_A_FURTHER, "names", TXT_N_NAMES, survey->accounts_further.rows,
                  survey->accounts_further.events);
    page_section_end(page);
}
