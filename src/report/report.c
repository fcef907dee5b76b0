#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "report/assets.h"
#include "report/page.h"

const char *const REPORT_LANGUAGE[] = {"en", "fr"};

const char *const REPORT_FILE[] = {"report.en.html", "report.fr.html"};

/* ---- the head of the page ---- */

/* 'sha256-…' of a style or script that stands in the page: nothing else may run or style it. */
static void source_hash(Html *html, const char *bytes, size_t len)
{
    Sha256 hash;
    Sha256Stream *stream = sha256_create();
    Buf base64;
    buf_init(&base64, 256);
    bool ok = stream && sha256_update(stream, span_of(bytes, len)) && sha256_final(stream, &hash);
    sha256_destroy(stream);
    if (ok)
        json_base64(&base64, span_of(hash.bytes, sizeof hash.bytes));
    if (!ok || base64.failed || base64.len < 2) {
        html->out.failed = true;
    } else {
        HTML(html, "'sha256-");
        buf_add(&html->out, base64.ptr + 1, base64.len - 2); /* without its quotation marks */
        HTML(html, "'");
    }
    buf_done(&base64);
}

static void write_head(Page *page)
{
    Html *html = &page->html;
    HTML(html, "<!DOCTYPE html>\n<html lang=\"");
    SAY_PLAINLY(html, LANGUAGE);
    HTML(html, "\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "base-uri 'none'; form-action 'none'; style-src ");
    source_hash(html, REPORT_STYLE, REPORT_STYLE_LEN);
    HTML(html, "; script-src ");
    source_hash(html, REPORT_SCRIPT, REPORT_SCRIPT_LEN);
    HTML(html, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    SAY_PLAINLY(html, TITLE);
    HTML(html, "</title>\n<style>");
    html_literal(html, REPORT_STYLE, REPORT_STYLE_LEN);
    HTML(html, "</style>\n</head>\n");
}

/* Words that the script shows. */
static void write_script_texts(Html *html)
{
    HTML(html, "<body data-filter=\"");
    SAY_PLAINLY(html, FILTER);
    HTML(html, "\" data-shown=\"");
    html_escape(html, catalogue_text(html->catalogue, TXT_FILTER_COUNT, 0));
    HTML(html, "\" data-sort=\"");
    SAY_PLAINLY(html, SORT);
    HTML(html, "\">\n");
}

static void write_title(Page *page)
{
    Html *html = &page->html;
    char digest[64];
    sha256_hex(&page->report->content, digest);
    HTML(html, "<header>\n<p class=\"brand\">");
    SAY(html, BRAND);
    HTML(html, "</p>\n<h1>");
    SAY(html, TITLE);
    HTML(html, "</h1>\n<p class=\"subtitle\">");
    SAY(html, SUBTITLE);
    HTML(html, "</p>\n<p class=\"digest\">");
    SAY_WITH(html, DIGEST_LINE, WITH_CODE("digest", text_of(digest, sizeof digest)));
    HTML(html, "</p>\n</header>\n");
}

bool report_write(const Report *report, const Catalogue *catalogue, HtmlWrite write, void *ctx,
                  Err *err)
{
    Page page = {.survey = report->survey, .report = report};
    Html *html = &page.html;
    html_init(html, catalogue, write, ctx);
    page.cited = calloc(report->survey->item_count + 1, 1);
    if (!page.cited) {
        html->out.failed = true;
        return html_finish(html, err);
    }
    write_head(&page);
    write_script_texts(html);
    HTML(html, "<a class=\"skip\" href=\"#summary\">");
    SAY(html, SKIP);
    HTML(html, "</a>\n");
    write_title(&page);
    page_contents(&page);
    HTML(html, "<main>\n");
    page_sections(&page);
    HTML(html, "</main>\n<script>");
    html_literal(html, REPORT_SCRIPT, REPORT_SCRIPT_LEN);
    HTML(html, "</script>\n</body>\n</html>\n");
    free(page.cited);
    return html_finish(html, err);
}

/* ---- files ---- */

typedef struct HashedFile {
    int fd;
    const char *path;
    Sha256Stream *hash;
} HashedFile;

static bool write_piece(void *ctx, Span bytes, Err *err)
{
    HashedFile *file = ctx;
    if (!sha256_update(file->hash, bytes))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "the hash of the report failed");
    while (bytes.len) {
        ssize_t n = write(file->fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "%s", quote_z(file->path).str);
        bytes = span_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return true;
}

/* Readable by whoever may read the folder: the case decides who that is. */
static bool write_whole(const Report *report, const Catalogue *catalogue, const char *path,
                        Sha256 *ret, Err *err)
{
    CLEANUP(sha256_destroyp) Sha256Stream *hash = sha256_create();
    (void)unlink(path); /* left by a run that was killed, or somebody else's */
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    if (!hash)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the report");
    HashedFile file = {.fd = fd, .path = path, .hash = hash};
    if (!report_write(report, catalogue, write_piece, &file, err))
        return false;
    if (!sha256_final(hash, ret))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "the hash of the report failed");
    if (fsync(fd) != 0)
        return err_errno(err, errno, "%s", quote_z(path).str);
    return true;
}

static bool part_of(const char *path, char **ret, Err *err)
{
    if (asprintf(ret, "%s.part", path) >= 0)
        return true;
    *ret = NULL;
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the report");
}

bool report_write_part(const Report *report, const Catalogue *catalogue, const char *path,
                       Sha256 *ret, Err *err)
{
    CLEANUP(freep) char *part = NULL;
    if (!part_of(path, &part, err))
        return false;
    bool ok = write_whole(report, catalogue, part, ret, err);
    if (!ok)
        (void)unlink(part);
    return ok;
}

bool report_name_part(const char *path, Err *err)
{
    CLEANUP(freep) char *part = NULL;
    return part_of(path, &part, err) &&
           (rename(part, path) == 0 || err_errno(err, errno, "%s", quote_z(path).str));
}
