/* json.h: writing JSON into a Buf. Commas are the caller's: json_* write one value each. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/text.h"

/* A quoted string. Control characters as \n \r \t \b \f or \u00XX; lone surrogates (three-byte
 * form) as \udXXX; bytes that are not UTF-8 as U+FFFD — callers that must keep them use
 * json_name. Everything else verbatim. */
void json_text(Buf *buf, Text t);

/* A name that may not be UTF-8 (a file path): a string if it is, else {"bytes":"…base64"}. */
void json_name(Buf *buf, Text t);

void json_base64(Buf *buf, Span bytes); /* quoted */

/* Shortest decimal that reads back equal; null for NaN and infinities. */
void json_double(Buf *buf, double v);

/* Escape the inside of a string (no quotes): used by the fast paths for what is not plain. */
void json_escape(Buf *buf, Text t);

#endif
