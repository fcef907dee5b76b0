/* Terms in a value. Words — runs of letters, digits, '-', '_', '.' — are looked up as hashes,
 * addresses and hosts; runs that may be IPv6 addresses too; texts are found by literals.h and then
 * asked for what stands before and behind them. */
#include "detect/indicator/scan.h"

#include <stdlib.h>

#include "detect/sigma/wildcard.h"
#include "event/grow.h"

bool term_scan_init(TermScan *scan, const IndicatorSet *set)
{
    *scan = (TermScan){.set = set};
    scan->stamps = calloc(set->term_count + 1, sizeof *scan->stamps);
    return literal_scratch_init(&scan->literals, set->literal_count) && scan->stamps;
}

void term_scan_done(TermScan *scan)
{
    literal_scratch_done(&scan->literals);
    free(scan->stamps);
    free(scan->found);
}

static void add_term(TermScan *scan, uint32_t term)
{
    if (term == UINT32_MAX || scan->set->terms[term].uses == 0 ||
        scan->stamps[term] == scan->serial)
        return;
    uint32_t *grown = grow_array(scan->found, &scan->cap, scan->count + 1, sizeof *grown);
    if (!grown) {
        scan->failed = true;
        return;
    }
    scan->found = grown;
    scan->stamps[term] = scan->serial;
    scan->found[scan->count++] = term;
}

/* ---- characters; text is folded ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* The character at `i`, or one that is part of nothing. */
static char at(Text t, size_t i)
{
    return i < t.len ? t.ptr[i] : '\0';
}

static char before(Text t, size_t i)
{
    return i ? t.ptr[i - 1] : '\0';
}

/* ---- words ---- */

/* SHA1=…, md5:… : what a hash says it is, or nothing. */
static Text key_before(Text value, size_t start)
{
    if (before(value, start) != '=' && before(value, start) != ':')
        return TEXT("");
    size_t end = start - 1, begin = end;
    while (begin > 0 && is_alnum(value.ptr[begin - 1]))
        begin--;
    return text_of(value.ptr + begin, end - begin);
}

static void look_up_hash(TermScan *scan, size_t start, Text word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!is_hex(word.ptr[i]))
            return;
    Text key = key_before(scan->value, start);
    bool imphash = text_equal(key, TEXT("imphash"));
    bool other = text_equal(key, TEXT("md5"));
    if (word.len == 64)
        add_term(scan, indicators_find_text(scan->set, INDICATOR_SHA256, word));
    if (word.len == 40)
        add_term(scan, indicators_find_text(scan->set, INDICATOR_SHA1, word));
    if (word.len == 32 && !imphash)
        add_term(scan, indicators_find_text(scan->set, INDICATOR_MD5, word));
    if (word.len == 32 && !other)
        add_term(scan, indicators_find_text(scan->set, INDICATOR_IMPHASH, word));
}

static void look_up_address(TermScan *scan, Text word)
{
    Ip ip;
    if (!ip_parse(word, &ip))
        return;
    unsigned last = IP_BITS;
    for (uint32_t i = 0; i < scan->set->prefix_count; i++) {
        unsigned bits = scan->set->prefixes[i];
        if (bits < last && bits < IP_BITS) { /* prefixes fall: clear what is behind this one */
            for (unsigned b = bits / 8; b < sizeof ip.bytes; b++)
                ip.bytes[b] &= b == bits / 8 ? (uint8_t)(0xFF00u >> bits % 8) : 0;
        }
        last = bits;
        add_term(scan, indicators_find_network(scan->set, &ip, bits));
    }
}

/* A host may stand here: not as the last part of a path, but as the server of one. */
static bool host_begins(Text value, size_t start)
{
    char c = before(value, start);
    if (c != '\\' && c != '/')
        return true;
    return start >= 2 && value.ptr[start - 2] == c && (start == 2 || value.ptr[start - 3] != c);
}

static void look_up_host(TermScan *scan, size_t start, Text word)
{
    if (!host_begins(scan->value, start))
        return;
    for (size_t i = 0; i < word.len; i++) {
        Text rest = text_of(word.ptr + i, word.len - i);
        if (i == 0 || word.ptr[i - 1] == '.')
            add_term(scan, indicators_find_text(scan->set, INDICATOR_DOMAIN, rest));
    }
}

static void look_up_word(TermScan *scan, size_t start, size_t end)
{
    const bool *any = scan->set->any;
    Text word = text_of(scan->value.ptr + start, end - start);
    while (word.len && word.ptr[word.len - 1] == '.')
        word.len--;
    if (word.len < 4)
        return;
    bool dotted = text_find(word, '.') < word.len;
    if (!dotted && (word.len == 32 || word.len == 40 || word.len == 64))
        look_up_hash(scan, start, word);
    if (dotted && is_digit(word.ptr[0]) && (any[INDICATOR_ADDRESS] || any[INDICATOR_NETWORK]))
        look_up_address(scan, word);
    if (dotted && any[INDICATOR_DOMAIN])
        look_up_host(scan, start, word);
}

static void scan_words(TermScan *scan)
{
    Text value = scan->value;
    for (size_t i = 0; i < value.len;) {
        if (!is_word(value.ptr[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < value.len && is_word(value.ptr[i]))
            i++;
        look_up_word(scan, start, i);
    }
}

/* ---- IPv6 ---- */

static bool is_v6(char c)
{
    return is_hex(c) || c == ':' || c == '.';
}

static void look_up_v6(TermScan *scan, size_t start, size_t end)
{
    Text run = text_of(scan->value.ptr + start, end - start);
    size_t first = text_find(run, ':');
    if (first + 1 >= run.len ||
        text_find(text_of(run.ptr + first + 1, run.len - first - 1), ':') == run.len - first - 1)
        return;
    char last = before(scan->value, start), next = at(scan->value, end);
    if (is_word(last) || is_alnum(next) || next == '_' || next == '-')
        return;
    while (run.len && run.ptr[run.len - 1] == '.')
        run.len--;
    if (run.len > 2 && run.ptr[run.len - 1] == ':' && run.ptr[run.len - 2] != ':')
        run.len--;
    look_up_address(scan, run);
}

static void scan_v6(TermScan *scan)
{
    Text value = scan->value;
    for (size_t i = 0; i < value.len;) {
        if (!is_v6(value.ptr[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < value.len && is_v6(value.ptr[i]))
            i++;
        look_up_v6(scan, start, i);
    }
}

/* ---- texts ---- */

/* Does a name end before `end`? A dot or hyphen that ends a sentence is no part of it. */
static bool word_ends(Text value, size_t end)
{
    char c = at(value, end);
    return !is_word(c) || ((c == '.' || c == '-') && !is_word(at(value, end + 1)));
}

static bool path_ends(Text value, size_t end)
{
    return before(value, end) == '\\' || before(value, end) == '/' || word_ends(value, end);
}

static bool url_ends(Text value, size_t end, bool has_path)
{
    char c = at(value, end);
    if (c == '/' || c == '?' || c == '#')
        return !has_path || c != '/' ||
               !(is_alnum(at(value, end + 1)) || at(value, end + 1) == '%');
    return !is_alnum(c) && !memchr("-_~%+=&:@", c, 9) &&
           (c != '.' || !is_alnum(at(value, end + 1)));
}

static bool url_has_path(Text url)
{
    size_t scheme = text_find_text(url, TEXT("://"));
    size_t host = scheme == SIZE_MAX ? 0 : scheme + 3;
    return text_find(text_of(url.ptr + host, url.len - host), '/') < url.len - host;
}

static bool stands_at(const Term *term, Text value, size_t start)
{
    size_t end = start + term->value.len;
    char c = before(value, start), first = term->value.ptr[0];
    switch (term->type) {
    case INDICATOR_URL:
        return !is_word(c) && c != '@' && url_ends(value, end, url_has_path(term->value));
    case INDICATOR_PATH:
    case INDICATOR_REGISTRY:
        return (first == '\\' || first == '/' || !is_word(c)) && path_ends(value, end);
    case INDICATOR_MAIL:
        return !is_word(c) && c != '+' && word_ends(value, end);
    default:
        return !is_word(c) && word_ends(value, end);
    }
}

static bool is_break(char c)
{
    return (c >= 0 && c <= ' ') || memchr("\"'<>|,;()[]{}=", c, 14);
}

/* LIKE fits the whole value, or a word of it; a name also what follows the last separator. */
static bool fits_word(const Term *term, Text word)
{
    if (wildcard_fits(term->pattern.parts, term->pattern.count, word))
        return true;
    if (term->type != INDICATOR_NAME)
        return false;
    size_t cut = word.len;
    while (cut > 0 && word.ptr[cut - 1] != '\\' && word.ptr[cut - 1] != '/')
        cut--;
    return cut && wildcard_fits(term->pattern.parts, term->pattern.count,
                                text_of(word.ptr + cut, word.len - cut));
}

static bool is_like(const Term *term, Text value)
{
    if (fits_word(term, value))
        return true;
    for (size_t i = 0; i < value.len;) {
        size_t start = i;
        while (i < value.len && !is_break(value.ptr[i]))
            i++;
        if (i > start && fits_word(term, text_of(value.ptr + start, i - start)))
            return true;
        i++;
    }
    return false;
}

static bool is_there(const Term *term, Text value)
{
    if (term->use == TERM_CONTAINS)
        return true;
    if (term->use == TERM_LIKE)
        return is_like(term, value);
    for (size_t from = 0;;) {
        size_t found = text_find_text(text_of(value.ptr + from, value.len - from), term->value);
        if (found == SIZE_MAX)
            return false;
        if (stands_at(term, value, from + found))
            return true;
        from += found + 1;
    }
}

static void hit(void *ctx, uint32_t literal)
{
    TermScan *scan = ctx;
    uint32_t number = scan->set->literal_terms[literal];
    if (is_there(&scan->set->terms[number], scan->value))
        add_term(scan, number);
}

void term_scan_value(TermScan *scan, Text folded)
{
    const IndicatorSet *set = scan->set;
    scan->value = folded;
    scan->count = 0;
    if (++scan->serial == 0) {
        memset(scan->stamps, 0, set->term_count * sizeof *scan->stamps);
        scan->serial = 1;
    }
    if (folded.len < 2)
        return;
    scan_words(scan);
    if ((set->any[INDICATOR_ADDRESS] || set->any[INDICATOR_NETWORK]) &&
        text_find(folded, ':') < folded.len)
        scan_v6(scan);
    if (set->literals)
        literals_search(set->literals, &scan->literals, folded, hit, scan);
}
