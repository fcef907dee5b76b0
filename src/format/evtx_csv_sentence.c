#include "format/evtx_csv_sentence.h"

#include "format/evtx_csv_blanks.h"

#define BLANKS_MAX 64u /* that one blank of a pattern stands for */
#define PIECES_MAX (2 * SENTENCE_FIELDS_MAX)

typedef enum PieceKind { PIECE_END, PIECE_TEXT, PIECE_FIELD } PieceKind;

typedef struct Piece {
    PieceKind kind;
    Text text; /* literal with "\n" as two characters, or the field's name */
    bool may_be_long;
} Piece;

/* Pieces of a pattern; ours, so it has no more. */
static size_t cut_pattern(Text pattern, Piece *pieces)
{
    size_t count = 0;
    while (pattern.len && count < PIECES_MAX) {
        bool field = pattern.ptr[0] == '{';
        size_t end = text_find(pattern, field ? '}' : '{');
        Piece *piece = &pieces[count++];
        *piece = (Piece){.kind = field ? PIECE_FIELD : PIECE_TEXT};
        piece->text = text_of(pattern.ptr + field, end - field);
        if (field && text_ends(piece->text, TEXT("*"))) {
            piece->text.len--;
            piece->may_be_long = true;
        }
        end += field;
        pattern = text_of(pattern.ptr + end, pattern.len - end);
    }
    return count;
}

/* Does a literal stand at message[at)? A blank is one or more of them, "\n" a line end with blanks
 * before it; both may be missing at the end of the message. */
static bool literal_at(Text literal, Text message, size_t at, size_t *ret_end)
{
    for (size_t i = 0; i < literal.len;) {
        if (literal.ptr[i] == ' ') {
            size_t end = blanks_skip(message, at, BLANKS_MAX);
            if (end == at && at < message.len)
                return false;
            at = end;
            i++;
        } else if (literal.ptr[i] == '\\' && i + 1 < literal.len && literal.ptr[i + 1] == 'n') {
            at = blanks_skip(message, at, BLANKS_MAX);
            i += 2;
            if (at >= message.len && i == literal.len)
                break;
            at += at < message.len && message.ptr[at] == '\r';
            if (at >= message.len || message.ptr[at] != '\n')
                return false;
            at++;
        } else {
            if (at >= message.len || message.ptr[at] != literal.ptr[i])
                return false;
            at++;
            i++;
        }
    }
    *ret_end = at;
    return true;
}

/* The first place from `from` on, or the last before `to`, where a literal stands. */
static bool find_first(Text literal, Text message, size_t from, size_t *ret_at, size_t *ret_end)
{
    for (size_t at = from; at <= message.len; at++)
        if (literal_at(literal, message, at, ret_end)) {
            *ret_at = at;
            return true;
        }
    return false;
}

static bool find_last(Text literal, Text message, size_t from, size_t to, size_t *ret_at,
                      size_t *ret_end)
{
    for (size_t at = to + 1; at-- > from;) {
        bool within = at > from && at < to && message.ptr[at] == '\n';
        if (within && message.ptr[at - 1] == '\r')
            continue; /* not between the two of a line end */
        if (literal_at(literal, message, at, ret_end) && *ret_end <= to) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

/* Blanks and line ends behind a message mean nothing. */
static Text trim_message(Text message)
{
    while (message.len &&
           (message.ptr[message.len - 1] == '\n' || message.ptr[message.len - 1] == '\r' ||
            message.ptr[message.len - 1] == ' '))
        message.len--;
    return message;
}

/* The values of the fields, in the order of pieces. The pieces behind the long field are looked
 * for from the end: its text may hold anything. */
static bool match(const Piece *pieces, size_t count, Text message, Text *values)
{
    size_t at = 0, i = 0, end = message.len, here, behind;
    for (; i < count && !pieces[i].may_be_long; i++) {
        if (pieces[i].kind == PIECE_TEXT) {
            if (!literal_at(pieces[i].text, message, at, &at))
                return false;
            continue;
        }
        if (i + 1 == count) {
            values[i] = text_of(message.ptr + at, message.len - at);
            return true;
        }
        if (!find_first(pieces[i + 1].text, message, at, &here, &behind))
            return false;
        values[i] = text_of(message.ptr + at, here - at);
        at = behind;
        i++;
    }
    if (i == count)
        return at == message.len;
    for (size_t k = count - 1; k > i; k -= 2) { /* a field, and the literal before it */
        if (k < i + 2 || pieces[k].kind != PIECE_FIELD ||
            !find_last(pieces[k - 1].text, message, at, end, &here, &behind))
            return false;
        values[k] = text_of(message.ptr + behind, end - behind);
        end = here;
    }
    values[i] = text_of(message.ptr + at, end - at);
    return true;
}

bool sentence_match(Text pattern, Text message, SentenceField ret[SENTENCE_FIELDS_MAX],
                    size_t *ret_count)
{
    Piece pieces[PIECES_MAX];
    Text values[PIECES_MAX];
    size_t count = cut_pattern(pattern, pieces), fields = 0;
    if (!match(pieces, count, trim_message(message), values))
        return false;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].kind == PIECE_FIELD && fields < SENTENCE_FIELDS_MAX)
            ret[fields++] = (SentenceField){.name = pieces[i].text, .value = values[i]};
    *ret_count = fields;
    return true;
}
