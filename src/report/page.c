#include "report/page.h"

#include <assert.h>
#include <stdio.h>

#define SHORT_NAME 24 /* bytes that are not broken over two lines */

/* Anchors are the same in every language: links to a paragraph of the French report are found in
 * the English one. */
static const struct {
    const char *anchor;
    TextId heading;
    void (*write)(Page *page);
} SECTIONS[] = {
    [PAGE_SUMMARY] = {"summary", TXT_H_SUMMARY, page_summary},
    [PAGE_FINDINGS] = {"findings", TXT_H_FINDINGS, page_findings},
    [PAGE_DETECTIONS] = {"detections", TXT_H_DETECTIONS, page_detections},
    [PAGE_EXAMINED] = {"examined", TXT_H_EXAMINED, page_examined},
    [PAGE_TIMELINE] = {"time", TXT_H_TIMELINE, page_timeline},
    [PAGE_SOURCES] = {"sources", TXT_H_SOURCES, page_sources},
    [PAGE_HOSTS] = {"hosts", TXT_H_HOSTS, page_hosts},
    [PAGE_ACCOUNTS] = {"accounts", TXT_H_ACCOUNTS, page_accounts},
    [PAGE_RECORDED] = {"recorded", TXT_H_RECORDED, page_recorded},
    [PAGE_LOGS] = {"logs", TXT_H_LOGS, page_logs},
    [PAGE_CLOCKS] = {"clocks", TXT_H_CLOCKS, page_clocks},
    [PAGE_COPIES] = {"copies", TXT_H_COPIES, page_copies},
    [PAGE_CUSTODY] = {"custody", TXT_H_CUSTODY, page_custody},
    [PAGE_METHOD] = {"method", TXT_H_METHOD, page_method},
    [PAGE_ITEMS] = {"items", TXT_H_ITEMS, page_items},
    [PAGE_DEFECTS] = {"defects", TXT_H_DEFECTS, page_defects},
    [PAGE_RUN] = {"run", TXT_H_RUN, page_run},
    [PAGE_SIGNATURE] = {"signature", TXT_H_SIGNATURE, page_signature},
};
static_assert(sizeof SECTIONS / sizeof SECTIONS[0] == PAGE_SECTION_COUNT, "one row each");

static void say_heading(Page *page, PageSection section)
{
    if (section <= PAGE_METHOD) {
        html_digits(&page->html, page_number(section));
        HTML(&page->html, ". ");
    }
    html_say(&page->html, SAY_MARKUP, SECTIONS[section].heading, NULL);
}

void page_section(Page *page, PageSection section)
{
    Html *html = &page->html;
    Text anchor = text_from_z(SECTIONS[section].anchor);
    HTML(html, "<section id=\"");
    html_escape(html, anchor);
    HTML(html, "\" aria-labelledby=\"");
    html_escape(html, anchor);
    HTML(html, "-h\">\n<h2 id=\"");
    html_escape(html, anchor);
    HTML(html, "-h\">");
    say_heading(page, section);
    HTML(html, "</h2>\n");
}

void page_section_end(Page *page)
{
    HTML(&page->html, "</section>\n");
}

void page_subheading(Page *page, TextId heading)
{
    HTML(&page->html, "<h3>");
    html_say(&page->html, SAY_MARKUP, heading, NULL);
    HTML(&page->html, "</h3>\n");
}

void page_contents(Page *page)
{
    Html *html = &page->html;
    HTML(html, "<nav aria-labelledby=\"contents-h\">\n<h2 id=\"contents-h\">");
    SAY(html, CONTENTS);
    HTML(html, "</h2>\n<ol>\n");
    for (unsigned section = 0; section < PAGE_SECTION_COUNT; section++) {
        HTML(html, "<li><a href=\"#");
        html_escape(html, text_from_z(SECTIONS[section].anchor));
        HTML(html, "\">");
        say_heading(page, (PageSection)section);
        HTML(html, "</a></li>\n");
    }
    HTML(html, "</ol>\n</nav>\n");
}

void page_sections(Page *page)
{
    for (unsigned section = 0; section < PAGE_SECTION_COUNT; section++)
        SECTIONS[section].write(page);
}

/* ---- what is left out ---- */

void page_left_out(Page *page, TextId text, const char *name, TextId count, uint64_t rows,
                   uint64_t events)
{
    if (rows == 0)
        return;
    HTML(&page->html, "<p class=\"left-out\">");
    const Arg args[] = {{.kind = ARG_COUNT, .name = name, .number = rows, .words = count},
                        WITH_COUNT("events", N_EVENTS, events),
                        {.kind = ARG_END}};
    html_say(&page->html, SAY_MARKUP, text, args);
    HTML(&page->html, "</p>\n");
}

void page_rows_cut(Page *page, uint64_t rows)
{
    if (rows == 0)
        return;
    HTML(&page->html, "<p class=\"left-out\">");
    SAY_WITH(&page->html, L_CUT, WITH_NUMBER("count", rows));
    HTML(&page->html, "</p>\n");
}

/* ---- names ---- */

Text page_host(const Page *page, uint32_t host)
{
    const Survey *survey = page->survey;
    return host < survey->hosts_count ? survey_host_short(&survey->hosts[host]) : (Text){.len = 0};
}

void page_say_host(Page *page, uint32_t host)
{
    Text name = page_host(page, host);
    if (name.len)
        html_evidence(&page->html, name);
    else
        SAY(&page->html, UNNAMED_HOST);
}

void page_cell_host(Page *page, uint32_t host)
{
    if (page_host(page, host).len <= SHORT_NAME)
        HTML(&page->html, "<th scope=\"row\" class=\"k\">");
    else
        HTML(&page->html, "<th scope=\"row\">");
    page_say_host(page, host);
    HTML(&page->html, "</th>");
}

void page_cell_label(Page *page, const Label *label, TextId when_empty)
{
    html_cell(&page->html);
    if (label->len)
        html_evidence(&page->html, label_text(label));
    else
        html_say(&page->html, SAY_MARKUP, when_empty, NULL);
    html_cell_end(&page->html);
}

/* A word of a vocabulary: as the catalogue has it, else as it is. */
void page_cell_words(Page *page, const char *family, const Label *word, TextId when_empty)
{
    Text known;
    char key[2 * LABEL_MAX];
    int n = snprintf(key, sizeof key, "%s%.*s", family, (int)word->len, word->bytes);
    bool found = word->len && n > 0 && n < (int)sizeof key &&
                 catalogue_find(page->html.catalogue, text_of(key, (size_t)n), 1, &known);
    if (!found) {
        page_cell_label(page, word, when_empty);
        return;
    }
    html_cell(&page->html);
    html_say_text(&page->html, SAY_MARKUP, known, NULL);
    html_cell_end(&page->html);
}

/* ---- citations ---- */

static void link_open(Page *page, uint32_t item)
{
    page->cited[item] = 1;
    HTML(&page->html, "<a href=\"#i");
    html_digits(&page->html, (uint64_t)item + 1);
    HTML(&page->html, "\">");
}

void page_item_link(Page *page, uint32_t item)
{
    link_open(page, item);
    html_digits(&page->html, (uint64_t)item + 1);
    HTML(&page->html, "</a>");
}

/* <item id>-<offset>[-<sub>] */
static void permanent_id(Page *page, const Citation *citation)
{
    char text[ITEM_ID_TEXT + 2 * 21];
    item_id_text(&page->survey->items[citation->event.item].stored->id, text);
    Buf out = {.ptr = text, .len = ITEM_ID_TEXT, .cap = sizeof text, .limit = sizeof text};
    if (!citation->whole_item) {
        buf_add_char(&out, '-');
        buf_add_u64(&out, citation->event.offset);
    }
    if (!citation->whole_item && citation->event.sub) {
        buf_add_char(&out, '-');
        buf_add_u64(&out, citation->event.sub);
    }
    html_code(&page->html, buf_text(&out));
}

void page_citation(Page *page, const Citation *citation)
{
    Html *html = &page->html;
    if (citation->event.item >= page->survey->item_count)
        return;
    HTML(html, "<span class=\"cite\">");
    link_open(page, citation->event.item);
    if (citation->record_id == RECORD_ID_NONE)
        SAY_WITH(html, C_EVENT, WITH_RECORD("item", (uint64_t)citation->event.item + 1));
    else
        SAY_WITH(html, C_RECORD, WITH_RECORD("item", (uint64_t)citation->event.item + 1),
                 WITH_RECORD("record", citation->record_id));
    HTML(html, "</a> ");
    permanent_id(page, citation);
    HTML(html, "</span>");
}

void page_cell_citation(Page *page, const EventRef *event, uint64_t record_id)
{
    html_cell(&page->html);
    page_citation(page, &(Citation){.event = *event, .record_id = record_id});
    html_cell_end(&page->html);
}
