#include "detect/sigma/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NESTING_MAX 100
#define SLICE_STEPS (8u * 1024 * 1024) /* start places times length, between looks at the clock */
#define NS_PER_MS   INT64_C(1000000)

struct Regex {
    pcre2_code *code;
    bool jit;
};

struct RegexScratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    int64_t allowance_ns;
};

static uint32_t options_of(unsigned flags)
{
    uint32_t options =
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    if (flags & REGEX_IGNORE_CASE)
        options |= PCRE2_CASELESS;
    if (flags & REGEX_MULTILINE)
        options |= PCRE2_MULTILINE;
    if (flags & REGEX_DOT_ALL)
        options |= PCRE2_DOTALL;
    return options;
}

static pcre2_code *compile(Text pattern, unsigned flags, int *ret_code, size_t *ret_at)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) {
        *ret_code = PCRE2_ERROR_NOMEMORY;
        return NULL;
    }
    pcre2_set_parens_nest_limit(context, NESTING_MAX);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.ptr ? pattern.ptr : ""), pattern.len,
                                     options_of(flags), ret_code, ret_at, context);
    pcre2_compile_context_free(context);
    return code;
}

/* The expression between the anchors that startswith and endswith ask for. */
static pcre2_code *compile_anchored(Text pattern, unsigned flags, int *ret_code, size_t *ret_at)
{
    if (!(flags & (REGEX_AT_START | REGEX_AT_END)))
        return compile(pattern, flags, ret_code, ret_at);
    const char *before = flags & REGEX_AT_START ? "\\A(?:" : "(?:";
    const char *after = flags & REGEX_AT_END ? ")\\z" : ")";
    char *text = malloc(pattern.len + 16);
    if (!text) {
        *ret_code = PCRE2_ERROR_NOMEMORY;
        return NULL;
    }
    size_t first = strlen(before), last = strlen(after);
    memcpy(text, before, first);
    if (pattern.len)
        memcpy(text + first, pattern.ptr, pattern.len);
    memcpy(text + first + pattern.len, after, last);
    pcre2_code *code = compile(text_of(text, first + pattern.len + last), flags, ret_code, ret_at);
    if (!code)
        *ret_at -= *ret_at < first ? *ret_at : first;
    free(text);
    return code;
}

Regex *regex_compile(Text pattern, unsigned flags, char ret_why[128])
{
    int code = 0;
    size_t at = 0;
    ret_why[0] = '\0';
    if (pattern.len > REGEX_BYTES_MAX) {
        (void)snprintf(ret_why, 128, "longer than %d bytes", REGEX_BYTES_MAX);
        return NULL;
    }
    /* An expression must be whole before anything is put around it. */
    pcre2_code *plain = compile(pattern, flags, &code, &at);
    pcre2_code *made = plain && (flags & (REGEX_AT_START | REGEX_AT_END))
                           ? compile_anchored(pattern, flags, &code, &at)
                           : plain;
    if (made != plain)
        pcre2_code_free(plain);
    if (!made) {
        /* error numbers of patterns are above 100; those of the machine are others */
        PCRE2_UCHAR text[96];
        if (code > 100 && code != 121 && pcre2_get_error_message(code, text, sizeof text) > 0)
            (void)snprintf(ret_why, 128, "%s, at byte %zu", (const char *)text, at + 1);
        return NULL;
    }
    Regex *regex = calloc(1, sizeof *regex);
    if (!regex) {
        pcre2_code_free(made);
        return NULL;
    }
    regex->code = made;
    /* Where the machine has no compiler for it, the interpreter does the same, slower. */
    regex->jit = pcre2_jit_compile(made, PCRE2_JIT_COMPLETE) == 0;
    return regex;
}

void regex_destroy(Regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    free(regex);
}

RegexScratch *regex_scratch_create(void)
{
    RegexScratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        return NULL;
    scratch->data = pcre2_match_data_create(1, NULL);
    scratch->context = pcre2_match_context_create(NULL);
    scratch->stack = pcre2_jit_stack_create(32 * 1024, REGEX_STACK, NULL);
    uint32_t has_jit = 0;
    (void)pcre2_config(PCRE2_CONFIG_JIT, &has_jit);
    if (!scratch->data || !scratch->context || (has_jit && !scratch->stack)) {
        regex_scratch_destroy(scratch);
        return NULL;
    }
    pcre2_set_match_limit(scratch->context, REGEX_STEPS);
    pcre2_set_depth_limit(scratch->context, REGEX_STEPS);
    pcre2_set_heap_limit(scratch->context, 16 * 1024); /* KiB, of the interpreter */
    if (scratch->stack)
        pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
    regex_scratch_begin(scratch);
    return scratch;
}

void regex_scratch_destroy(RegexScratch *scratch)
{
    if (!scratch)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    pcre2_jit_stack_free(scratch->stack);
    free(scratch);
}

void regex_scratch_begin(RegexScratch *scratch)
{
    scratch->allowance_ns = REGEX_ALL_MS * NS_PER_MS;
}

void regex_scratch_allow(RegexScratch *scratch, uint64_t bytes)
{
    if (bytes < UINT32_MAX)
        scratch->allowance_ns += (int64_t)bytes * REGEX_ALL_NS_BYTE;
}

static int64_t processor_time(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 * NS_PER_MS + t.tv_nsec;
}

static Truth truth_of(int result)
{
    if (result >= 0)
        return TRUTH_TRUE;
    return result == PCRE2_ERROR_NOMATCH ? TRUTH_FALSE : TRUTH_UNDECIDED;
}

/* A match that begins in [from, last]. */
static Truth search_from(const Regex *regex, RegexScratch *scratch, Text value, size_t from,
                         size_t last)
{
    pcre2_set_offset_limit(scratch->context, last);
    return truth_of(pcre2_match(regex->code, (PCRE2_SPTR)(value.ptr ? value.ptr : ""), value.len,
                                from, 0, scratch->data, scratch->context));
}

static bool starts_character(Text value, size_t at)
{
    return at >= value.len || ((unsigned char)value.ptr[at] & 0xC0) != 0x80;
}

/* A long value, in slices of start places, so that time can be looked at between them. */
static Truth search_timed(const Regex *regex, RegexScratch *scratch, Text value)
{
    if (scratch->allowance_ns <= 0)
        return TRUTH_UNDECIDED;
    int64_t begin = processor_time(), used = 0;
    size_t slice = SLICE_STEPS / value.len + 1;
    Truth truth = TRUTH_FALSE;
    for (size_t from = 0; truth == TRUTH_FALSE && from <= value.len;) {
        size_t end = from + slice < value.len ? from + slice : value.len + 1;
        while (end < value.len && !starts_character(value, end))
            end++;
        truth = search_from(regex, scratch, value, from, end - 1);
        from = end;
        used = processor_time() - begin;
        if (truth == TRUTH_FALSE && from <= value.len &&
            (used > REGEX_ONE_MS * NS_PER_MS || used > scratch->allowance_ns))
            truth = TRUTH_UNDECIDED;
    }
    scratch->allowance_ns -= used;
    return truth;
}

Truth regex_search(const Regex *regex, RegexScratch *scratch, Text value)
{
    if (value.len > REGEX_FREE_BYTES)
        return search_timed(regex, scratch, value);
    return search_from(regex, scratch, value, 0, value.len);
}
