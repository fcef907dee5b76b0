/* Findings, by kind: what is said, how sure it is, and what it rests on. */
#include "report/page.h"

#include <inttypes.h>
#include <stdio.h>

#define KEY_ROOM 128

/* The text of a finding: "finding.KIND.text", or, where a parameter is not known and there is such
 * a text, "finding.KIND.text.without-PARAMETER". */
static Text text_of_finding(const Page *page, const Finding *finding)
{
    Text name = FINDING_NAME[finding->kind], text = {.len = 0};
    const Param *count = finding_param(finding, TEXT("count"));
    uint64_t n = count ? count->number : 1;
    char key[KEY_ROOM];
    for (size_t i = 0; i < finding->param_count; i++) {
        const Param *param = &finding->params[i];
        bool known = param->type == PARAM_TEXT   ? param->text.len != 0
                     : param->type == PARAM_TIME ? param->time != TIME_NONE
                                                 : true;
        int len = known ? -1
                        : snprintf(key, sizeof key, "finding.%.*s.text.without-%s", (int)name.len,
                                   name.ptr, param->name);
        if (len > 0 && len < KEY_ROOM &&
            catalogue_find(page->html.catalogue, text_of(key, (size_t)len), n, &text))
            return text;
    }
    int len = snprintf(key, sizeof key, "finding.%.*s.text", (int)name.len, name.ptr);
    if (len <= 0 || len >= KEY_ROOM ||
        !catalogue_find(page->html.catalogue, text_of(key, (size_t)len), n, &text))
        text = name; /* a kind without words in this language: its name, and its evidence below */
    return text;
}

static Arg arg_of(const Param *param)
{
    Arg arg = {.name = param->name};
    switch (param->type) {
    case PARAM_TEXT:
        arg.kind = ARG_TEXT;
        arg.text = param->text;
        if (param->text.len == 0 && text_equal(text_from_z(param->name), TEXT("host"))) {
            arg.kind = ARG_WORDS;
            arg.words = TXT_SOME_HOST;
        }
        break;
    case PARAM_NUMBER:
        arg.kind = ARG_NUMBER;
        arg.number = param->number;
        break;
    case PARAM_RECORD:
        arg.kind = ARG_RECORD;
        arg.number = param->number;
        break;
    case PARAM_TIME:
        arg.kind = ARG_TIME;
        arg.time = param->time;
        break;
    case PARAM_DURATION:
        arg.kind = ARG_SPAN;
        arg.time = param->time;
        break;
    }
    return arg;
}

static void say(Page *page, const Finding *finding)
{
    Arg args[FINDING_PARAMS_MAX + 1];
    for (size_t i = 0; i < finding->param_count; i++)
        args[i] = arg_of(&finding->params[i]);
    args[finding->param_count] = (Arg){.kind = ARG_END};
    html_say_text(&page->html, SAY_MARKUP, text_of_finding(page, finding), args);
}

static void cite(Page *page, const Finding *finding)
{
    Html *html = &page->html;
    HTML(html, "<p class=\"evidence\">");
    SAY(html, F_EVIDENCE);
    for (size_t i = 0; i < finding->citation_count; i++) {
        if (i)
            SAY(html, LIST_COMMA);
        HTML(html, " ");
        page_citation(page, &finding->citations[i]);
    }
    if (finding->citations_further) {
        HTML(html, " ");
        SAY_WITH(html, C_MORE, WITH_NUMBER("count", finding->citations_further));
    }
    HTML(html, "</p>\n");
}

static void write_finding(Page *page, const Finding *finding)
{
    Html *html = &page->html;
    char id[17];
    int n = snprintf(id, sizeof id, "%016" PRIx64, finding->id);
    Text text = text_of(id, n == 16 ? 16 : 0);
    HTML(html, "<li id=\"f");
    html_escape(html, text);
    HTML(html, "\"><p>");
    say(page, finding);
    HTML(html, " <span class=\"mark\">");
    html_say(html, SAY_MARKUP, (TextId)(TXT_F_CONFIDENCE_0 + finding->confidence), NULL);
    HTML(html, "</span> ");
    html_code(html, text);
    HTML(html, "</p>\n");
    cite(page, finding);
    HTML(html, "</li>\n");
}

static void write_title(Page *page, FindingKind kind)
{
    Text name = FINDING_NAME[kind], title = name;
    char key[KEY_ROOM];
    int len = snprintf(key, sizeof key, "finding.%.*s.title", (int)name.len, name.ptr);
    if (len > 0 && len < KEY_ROOM)
        (void)catalogue_find(page->html.catalogue, text_of(key, (size_t)len), 1, &title);
    HTML(&page->html, "<h3>");
    html_say_text(&page->html, SAY_MARKUP, title, NULL);
    HTML(&page->html, "</h3>\n<ul class=\"findings\">\n");
}

static void write_kind(Page *page, const Finding *list, size_t count)
{
    uint64_t further = page->report->findings->further[list->kind];
    size_t shown = count < REPORT_FINDINGS_MAX ? count : REPORT_FINDINGS_MAX;
    write_title(page, list->kind);
    for (size_t i = 0; i < shown; i++)
        write_finding(page, &list[i]);
    HTML(&page->html, "</ul>\n");
    further += count - shown;
    if (further == 0)
        return;
    HTML(&page->html, "<p class=\"left-out\">");
    SAY_WITH(&page->html, F_FURTHER, WITH_NUMBER("count", further));
    HTML(&page->html, "</p>\n");
}

void page_findings(Page *page)
{
    Html *html = &page->html;
    const Findings *findings = page->report->findings;
    page_section(page, PAGE_FINDINGS);
    PARAGRAPH_WITH(html, F_INTRO, WITH_RECORD("section", page_number(PAGE_METHOD)));
    if (findings->count == 0)
        PARAGRAPH(html, F_NONE);
    for (size_t i = 0; i < findings->count;) {
        size_t end = i + 1;
        while (end < findings->count && findings->list[end].kind == findings->list[i].kind)
            end++;
        write_kind(page, &findings->list[i], end - i);
        i = end;
    }
    page_section_end(page);
}
