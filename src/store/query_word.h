/* query_word.h: the words of a query: blanks between them, quotes, escapes, wildcards. */
#ifndef STORE_QUERY_WORD_H
#define STORE_QUERY_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "store/query_pattern.h"

typedef struct Words {
    Text text;  /* the query: UTF-8 */
    size_t pos; /* next byte */
    /* Of the last word. */
    Buf chars;       /* uint32_t: folded characters and wildcards (query_pattern.h) */
    Buf literal;     /* its text, wildcards as they are written */
    size_t at;       /* where it began */
    bool bare;       /* neither quotes nor escapes */
    bool wild;       /* holds a wildcard */
    bool ends_colon; /* a colon ended it, and was taken */
    const char *hint;
} Words;

typedef enum WordUse {
    WORD_TERM,  /* a colon ends it */
    WORD_VALUE, /* a colon belongs to it */
    WORD_BOUND, /* of a range: so do parentheses; ] and } end it */
} WordUse;

void words_init(Words *words, Text query);
void words_done(Words *words);

/* "character 12: …", with the byte's offset. Always false. */
__attribute__((format(printf, 4, 5))) bool words_error(const Words *words, size_t at, Err *err,
                                                       const char *format, ...);

/* The next byte that is no blank; -1 at the end. */
int words_peek(Words *words);

/* Is the next word this one, in capitals, bare and whole? Takes it if so. */
bool words_take(Words *words, const char *keyword);
/* Likewise one byte. */
bool words_take_byte(Words *words, char byte);

/* Read a word, which begins here. false: nothing stands here, quotes that do not end, too long. */
bool words_read(Words *words, WordUse use, Err *err);

static inline size_t words_char_count(const Words *words)
{
    return words->chars.len / sizeof(uint32_t);
}

#endif
