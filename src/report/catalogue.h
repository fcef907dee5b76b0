/* catalogue.h: the texts of reports in one language, from knowledge/report.LANG.tsv, and how that
 * language writes numbers, sizes, spans and dates.
 *
 * Texts that the program asks for by name stand in texts.def with the placeholders that they must
 * have; a catalogue that lacks one, or has others, does not load, so that no report can have a
 * hole. Texts of vocabularies (actions, formats, findings) are found by their keys. docs/report.md
 * tells how to write a catalogue. */
#ifndef REPORT_CATALOGUE_H
#define REPORT_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/time.h"

typedef enum TextId {
#define TEXT_ROW(id, key, placeholders) TXT_##id,
#include "report/texts.def"
#undef TEXT_ROW
    TXT_COUNT
} TextId;

typedef struct Catalogue Catalogue;

/* `language`: "en" or "fr". `folders`: searched in order for report.LANG.tsv. NULL with err: there
 * is none, or it is not as texts.def demands. */
Catalogue *catalogue_load(const char *const *folders, size_t folder_count, const char *language,
                          Err *err);
void catalogue_destroy(Catalogue *catalogue); /* NULL is fine */
static inline void catalogue_destroyp(Catalogue **catalogue)
{
    catalogue_destroy(*catalogue);
}

/* The text for an amount of `n`. Texts without forms do not care. */
Text catalogue_text(const Catalogue *catalogue, TextId id, uint64_t n);

/* A text of a vocabulary. false: there is none of that key. */
bool catalogue_find(const Catalogue *catalogue, Text key, uint64_t n, Text *ret);

/* ---- how the language writes ---- */

void catalogue_number(const Catalogue *catalogue, Buf *out, uint64_t n);
void catalogue_size(const Catalogue *catalogue, Buf *out, uint64_t bytes);
void catalogue_span(const Catalogue *catalogue, Buf *out, int64_t ns); /* two largest units */
void catalogue_time(const Catalogue *catalogue, Buf *out, Time time);  /* as in a sentence */

/* The next part of a text with {placeholders}: literal text, or a name. false: the end. */
bool catalogue_part(Text *rest, Text *ret_literal, Text *ret_name);

#endif
