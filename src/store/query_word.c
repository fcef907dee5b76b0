#include "store/query_word.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/fold.h"

#define WORD_BYTES_MAX (NEEDLE_CHARS_MAX * sizeof(uint32_t))

void words_init(Words *words, Text query)
{
    *words = (Words){.text = query};
    buf_init(&words->chars, WORD_BYTES_MAX);
    buf_init(&words->literal, WORD_BYTES_MAX);
}

void words_done(Words *words)
{
    buf_done(&words->chars);
    buf_done(&words->literal);
}

bool words_error(const Words *words, size_t at, Err *err, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t character = 1;
    for (size_t pos = 0; pos < at && pos < words->text.len; character++)
        (void)utf8_next(words->text, &pos);
    return err_set(err, ERR_USAGE, at, "character %zu: %s", character, n < 0 ? "" : text);
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int byte_at(const Words *words, size_t pos)
{
    return pos < words->text.len ? (unsigned char)words->text.ptr[pos] : -1;
}

int words_peek(Words *words)
{
    while (is_blank(byte_at(words, words->pos)))
        words->pos++;
    return byte_at(words, words->pos);
}

static bool ends_word(int c, WordUse use)
{
    if (use == WORD_BOUND)
        return c < 0 || is_blank(c) || c == ']' || c == '}';
    return c < 0 || is_blank(c) || c == '(' || c == ')' || (c == ':' && use == WORD_TERM);
}

bool words_take(Words *words, const char *keyword)
{
    Text word = text_from_z(keyword);
    (void)words_peek(words);
    Text rest = text_of(words->text.ptr + words->pos, words->text.len - words->pos);
    int after = byte_at(words, words->pos + word.len);
    if (!text_starts(rest, word) || !(ends_word(after, WORD_VALUE) || after == ']' || after == '}'))
        return false;
    words->pos += word.len;
    return true;
}

bool words_take_byte(Words *words, char byte)
{
    if (words_peek(words) != (unsigned char)byte)
        return false;
    words->pos++;
    return true;
}

/* ---- a word ---- */

static void add_code(Words *words, uint32_t code)
{
    buf_add(&words->chars, &code, sizeof code);
}

/* One character of the query, for itself. */
static void add_char(Words *words)
{
    size_t start = words->pos;
    add_code(words, fold_next(words->text, &words->pos));
    buf_add(&words->literal, words->text.ptr + start, words->pos - start);
}

/* A backslash stands for itself unless what follows has a meaning here, as in paths. */
static void add_backslash(Words *words, const char *escapable)
{
    int next = byte_at(words, words->pos + 1);
    if (next > 0 && strchr(escapable, next)) {
        if (next == '*' || next == '?')
            words->hint = "\\* and \\? are the characters themselves; for a backslash and then "
                          "anything write \\\\*";
        words->bare = false;
        words->pos++;
    }
    add_char(words);
}

static void add_piece(Words *words, const char *escapable)
{
    int c = byte_at(words, words->pos);
    if (c == '\\') {
        add_backslash(words, escapable);
    } else if (c == '*' || c == '?') {
        add_code(words, c == '*' ? PATTERN_MANY : PATTERN_ONE);
        buf_add_char(&words->literal, (char)c);
        words->wild = true;
        words->pos++;
    } else {
        add_char(words);
    }
}

static bool add_quoted(Words *words, Err *err)
{
    size_t at = words->pos++;
    words->bare = false;
    for (int c; (c = byte_at(words, words->pos)) != '"';) {
        if (c < 0)
            return words_error(
                words, at, err,
                "these quotes do not end (a backslash before quotes is written \\\\)");
        add_piece(words, "\\\"*?");
    }
    words->pos++;
    return true;
}

bool words_read(Words *words, WordUse use, Err *err)
{
    (void)words_peek(words);
    buf_clear(&words->chars);
    buf_clear(&words->literal);
    words->at = words->pos;
    words->bare = true;
    words->wild = words->ends_colon = false;
    for (int c; !ends_word(c = byte_at(words, words->pos), use);) {
        if (c != '"')
            add_piece(words, "\\\"*?():[]{}<> \t");
        else if (!add_quoted(words, err))
            return false;
    }
    if (words_char_count(words) == NEEDLE_CHARS_MAX && words->chars.failed)
        return words_error(words, words->at, err, "a word of more than %d characters",
                           NEEDLE_CHARS_MAX);
    if (words->chars.failed || words->literal.failed)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the query");
    int c = byte_at(words, words->pos);
    if (words->pos == words->at && !(c == ':' && use == WORD_TERM))
        return words_error(words, words->at, err, "a word was expected here");
    if (c == '(' && use != WORD_BOUND)
        return words_error(words, words->pos, err,
                           "( follows a word: leave a blank between them, or quote the whole");
    words->ends_colon = use == WORD_TERM && c == ':';
    words->pos += words->ends_colon;
    return true;
}
