/* document.h: one YAML document to one Rule. */
#ifndef DETECT_SIGMA_DOCUMENT_H
#define DETECT_SIGMA_DOCUMENT_H

#include <stdbool.h>

#include "detect/sigma/read_context.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/yaml.h"

/* Fill *rule from a document. What describes it is filled as far as it can be read even when the
 * result is false, so that a refused rule can be named. */
bool document_read(ReadContext *context, const YamlNode *document, Rule *rule);

/* Steps shared by its parts: a text of a map (empty when absent), a list of texts (one text counts
 * as a list of one). */
bool document_text(ReadContext *context, const YamlNode *map, const char *key, Text *ret);
bool document_list(ReadContext *context, const YamlNode *map, const char *key, TextList *ret);

#endif
