/* options.h: the options of all commands, one row each (options.def). Parsing, `--help`, and the
 * tests of the manual page and of the completions read the same rows. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

typedef enum OptionId {
#define OPTION(id, letter, name, argument, commands, help) OPTION_##id,
#include "app/options.def"
#undef OPTION
    OPTION_COUNT
} OptionId;

/* Which commands take an option. */
typedef enum CommandSet {
    FOR_LATER = 0, /* of the contract, but nothing in this version understands it: refused */
    FOR_TIMELINE = 1 << 0,
    FOR_DUMP = 1 << 1,
    FOR_INVESTIGATE = 1 << 2,
    FOR_VERIFY = 1 << 3,
    FOR_KEYGEN = 1 << 4,
    FOR_SEARCH = 1 << 5,
    FOR_REPORT = 1 << 6,
    FOR_HUNT = 1 << 7,
    FOR_RULES = 1 << 8,
    FOR_SIGMA = FOR_HUNT | FOR_RULES | FOR_INVESTIGATE,
    FOR_EVIDENCE = FOR_TIMELINE | FOR_DUMP | FOR_INVESTIGATE | FOR_HUNT,
    FOR_ROWS = FOR_TIMELINE | FOR_DUMP | FOR_SEARCH | FOR_HUNT, /* rows on standard output */
    FOR_CASE = FOR_INVESTIGATE | FOR_TIMELINE | FOR_SEARCH | FOR_REPORT,
    FOR_EVENTS = FOR_EVIDENCE | FOR_SEARCH | FOR_REPORT, /* all that read events */
} CommandSet;

typedef struct Option {
    char letter; /* 0: none */
    const char *name;
    const char *argument; /* NULL: takes none */
    unsigned commands;
    const char *help; /* lines separated by \n */
} Option;

extern const Option OPTIONS[OPTION_COUNT];

/* What was given on a command line. Strings are those of argv. */
typedef struct Given {
    OptionId id;
    const char *value;
} Given;

typedef struct Arguments {
    Given *given; /* in their order; --json as --format json */
    size_t given_count;
    const char **operands; /* evidence: operands and the values of -d and -f, in their order */
    size_t operand_count;
} Arguments;

/* Sort out argv[0..argc) for a command. Options and operands may be mixed; "--" ends the options.
 * false with ERR_USAGE: unknown (a near one is suggested), not of this version, value missing. */
bool arguments_parse(unsigned command, int argc, char *const *argv, Arguments *ret, Err *err);
void arguments_done(Arguments *arguments);

/* The command line as a person could type it again, words quoted for a shell where needed. */
void arguments_write(const Arguments *arguments, const char *command, Buf *out);

bool arguments_has(const Arguments *arguments, OptionId id);
const char *arguments_value(const Arguments *arguments,
                            OptionId id); /* the last; NULL: not given */

/* The nearest of `count` words to a mistyped one; NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
