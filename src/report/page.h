/* page.h: what the sections of the report share. Nobody else includes it. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/html.h"
#include "report/report.h"

/* In the order of the page; those up to PAGE_METHOD are numbered from 1. */
typedef enum PageSection {
    PAGE_SUMMARY,
    PAGE_FINDINGS,
    PAGE_DETECTIONS,
    PAGE_EXAMINED,
    PAGE_TIMELINE,
    PAGE_SOURCES,
    PAGE_HOSTS,
    PAGE_ACCOUNTS,
    PAGE_RECORDED,
    PAGE_LOGS,
    PAGE_CLOCKS,
    PAGE_COPIES,
    PAGE_CUSTODY,
    PAGE_METHOD,
    PAGE_ITEMS,
    PAGE_DEFECTS,
    PAGE_RUN,
    PAGE_SIGNATURE,
    PAGE_SECTION_COUNT
} PageSection;

typedef struct Page {
    Html html;
    const Survey *survey;
    const Report *report;
    uint8_t *cited; /* by item: 1 if the page refers to it */
} Page;

static inline uint64_t page_number(PageSection section)
{
    return (uint64_t)section + 1;
}

void page_contents(Page *page);
void page_sections(Page *page); /* all of them, in their order */

/* Heading and frame of a section; page_section_end closes it. */
void page_section(Page *page, PageSection section);
void page_section_end(Page *page);
void page_subheading(Page *page, TextId heading);

/* A numbered paragraph of one sentence. */
#define PARAGRAPH(html, id) (html_paragraph(html), SAY(html, id), html_paragraph_end(html))
#define PARAGRAPH_WITH(html, id, ...)                                                              \
    (html_paragraph(html), SAY_WITH(html, id, __VA_ARGS__), html_paragraph_end(html))

/* "This table leaves out …": nothing if nothing is left out. */
void page_left_out(Page *page, TextId text, const char *name, TextId count, uint64_t rows,
                   uint64_t events);
void page_rows_cut(Page *page, uint64_t rows);
/* Is this row beyond REPORT_ROWS_MAX? Then it counts among the further ones. */
static inline bool page_is_further(size_t row, uint64_t events, Further *further)
{
    if (row < REPORT_ROWS_MAX)
        return false;
    further->rows++;
    further->events += events;
    return true;
}

/* Names that may be missing. */
Text page_host(const Page *page, uint32_t host); /* short; empty: unnamed */
void page_say_host(Page *page, uint32_t host);
void page_cell_host(Page *page, uint32_t host);
void page_cell_label(Page *page, const Label *label, TextId when_empty);
void page_cell_words(Page *page, const char *family, const Label *word, TextId when_empty);

/* A reference to an item, to a record in it, or the whole citation with its permanent id. */
void page_item_link(Page *page, uint32_t item);
void page_citation(Page *page, const Citation *citation);
void page_cell_citation(Page *page, const EventRef *event, uint64_t record_id);

/* Pictures. */
void page_plot(Page *page);
void page_detection_plot(Page *page);
void page_level_mark(Page *page, RuleLevel level); /* its colour and its word */
TextId page_level_text(RuleLevel level);
void page_strip(Page *page, const SurveySource *source);
void page_strip_legend(Page *page);

/* Sections. */
void page_summary(Page *page);
void page_findings(Page *page);
void page_detections(Page *page);
void page_detection_rules(Page *page); /* part of it: the rules and their events */
void page_rules_run(Page *page);       /* part of it: what ran and what did not */
void page_examined(Page *page);
void page_timeline(Page *page);
void page_sources(Page *page);
void page_hosts(Page *page);
void page_accounts(Page *page);
void page_recorded(Page *page);
void page_logs(Page *page);
void page_clocks(Page *page);
void page_copies(Page *page);
void page_custody(Page *page);
void page_method(Page *page);
void page_items(Page *page);
void page_defects(Page *page);
void page_run(Page *page);
void page_signature(Page *page);

#endif
