#include "app/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const Option OPTIONS[OPTION_COUNT] = {
#define OPTION(id, letter, name, argument, commands, help)                                         \
    [OPTION_##id] = {letter, name, argument, commands, help},
#include "app/options.def"
#undef OPTION
};

/* ---- near words ---- */

#define WORD_MAX 24

/* Insertions, deletions, changes and swaps of neighbours that lead from one to the other. */
static size_t word_distance(Text a, Text b)
{
    size_t cost[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= a.len; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= b.len; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        for (size_t j = 1; j <= b.len; j++) {
            bool same = ascii_lower(a.ptr[i - 1]) == ascii_lower(b.ptr[j - 1]);
            size_t best = cost[i - 1][j - 1] + !same;
            if (cost[i - 1][j] + 1 < best)
                best = cost[i - 1][j] + 1;
            if (cost[i][j - 1] + 1 < best)
                best = cost[i][j - 1] + 1;
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
                cost[i - 2][j - 2] + 1 < best)
                best = cost[i - 2][j - 2] + 1;
            cost[i][j] = best;
        }
    }
    return cost[a.len][b.len];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    Text mistyped = text_from_z(word);
    const char *best = NULL;
    size_t best_distance = mistyped.len < 5 ? 2 : 3; /* less than this */
    for (size_t i = 0; i < count; i++) {
        Text candidate = text_from_z(words[i]);
        if (mistyped.len > WORD_MAX || candidate.len > WORD_MAX || candidate.len == 0)
            continue;
        size_t distance = word_distance(mistyped, candidate);
        if (mistyped.len >= 3 && text_starts(candidate, mistyped))
            distance = 1; /* cut short */
        if (distance < best_distance) {
            best_distance = distance;
            best = words[i];
        }
    }
    return best;
}

/* ---- parsing ---- */

typedef struct Parser {
    unsigned command;
    Arguments *to;
    char *const *rest; /* words still unread */
    size_t left;
} Parser;

/* The nearest of the options that the command takes is suggested. */
static bool unknown_option(const Parser *p, const char *name, Err *err)
{
    const char *names[OPTION_COUNT];
    size_t count = 0;
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (OPTIONS[id].commands & p->command)
            names[count++] = OPTIONS[id].name;
    const char *near = nearest_word(name, names, count);
    if (near)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown option --%s; did you mean --%s?",
                       quote_z(name).str, near);
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown option --%s", quote_z(name).str);
}

static bool check_taken(const Parser *p, OptionId id, Err *err)
{
    const Option *option = &OPTIONS[id];
    if (option->commands == FOR_LATER)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s is not in this version of Constat",
                       option->name);
    if (!(option->commands & p->command))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "this command has no option --%s",
                       option->name);
    return true;
}

static void take(Parser *p, OptionId id, const char *value)
{
    if (id == OPTION_FILE || id == OPTION_DIR)
        p->to->operands[p->to->operand_count++] = value;
    else if (id == OPTION_JSON) /* of several shapes the last one counts */
        p->to->given[p->to->given_count++] = (Given){.id = OPTION_FORMAT, .value = "json"};
    else
        p->to->given[p->to->given_count++] = (Given){.id = id, .value = value};
}

static const char *next_word(Parser *p)
{
    if (p->left == 0)
        return NULL;
    p->left--;
    return *p->rest++;
}

static bool take_with_value(Parser *p, OptionId id, const char *value, Err *err)
{
    if (!OPTIONS[id].argument) {
        take(p, id, NULL);
        return true;
    }
    if (!value)
        value = next_word(p);
    if (!value)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s needs %s", OPTIONS[id].name,
                       OPTIONS[id].argument);
    take(p, id, value);
    return true;
}

/* --name, --name=value, --name value */
static bool parse_long(Parser *p, const char *word, Err *err)
{
    Text rest = text_from_z(word + 2);
    bool joined = memchr(rest.ptr, '=', rest.len) != NULL;
    Text name = text_cut(&rest, '=');
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if (!text_equal(name, text_from_z(OPTIONS[id].name)))
            continue;
        if (!check_taken(p, id, err))
            return false;
        if (joined && !OPTIONS[id].argument)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s takes no value", OPTIONS[id].name);
        return take_with_value(p, id, joined ? rest.ptr : NULL, err);
    }
    char *copy = strndup(name.ptr, name.len);
    if (!copy)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the command line");
    (void)unknown_option(p, copy, err);
    free(copy);
    return false;
}

/* -qv, -o FILE, -oFILE */
static bool parse_letters(Parser *p, const char *word, Err *err)
{
    for (const char *letter = word + 1; *letter; letter++) {
        OptionId id = 0;
        while (id < OPTION_COUNT && OPTIONS[id].letter != *letter)
            id++;
        if (id == OPTION_COUNT)
            return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown option %s; --help lists them",
                           quote_z(word).str);
        if (!check_taken(p, id, err))
            return false;
        const char *joined = letter[1] ? letter + 1 : NULL;
        if (!take_with_value(p, id, joined, err))
            return false;
        if (OPTIONS[id].argument)
            return true;
    }
    return true;
}

bool arguments_parse(unsigned command, int argc, char *const *argv, Arguments *ret, Err *err)
{
    size_t count = argc > 0 ? (size_t)argc : 0;
    *ret = (Arguments){.given = calloc(count + 1, sizeof *ret->given),
                       .operands = calloc(count + 1, sizeof *ret->operands)};
    if (!ret->given || !ret->operands)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the command line");
    Parser p = {.command = command, .to = ret, .rest = argv, .left = count};
    bool options = true;
    for (const char *word; (word = next_word(&p));) {
        bool ok = true;
        if (!options || word[0] != '-' || word[1] == '\0')
            ret->operands[ret->operand_count++] = word;
        else if (word[1] != '-')
            ok = parse_letters(&p, word, err);
        else if (word[2] == '\0')
            options = false;
        else
            ok = parse_long(&p, word, err);
        if (!ok)
            return false;
    }
    return true;
}

void arguments_done(Arguments *arguments)
{
    free(arguments->given);
    free(arguments->operands);
    *arguments = (Arguments){0};
}

static void write_word(Buf *out, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:,@%+";
    buf_add_char(out, ' ');
    if (*word && word[strspn(word, PLAIN)] == '\0') {
        buf_add_text(out, text_from_z(word));
        return;
    }
    buf_add_char(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            BUF_LITERAL(out, "'\\''");
        else
            buf_add_char(out, *word);
    }
    buf_add_char(out, '\'');
}

void arguments_write(const Arguments *arguments, const char *command, Buf *out)
{
    buf_printf(out, "constat %s", command);
    for (size_t i = 0; i < arguments->given_count; i++) {
        const Given *given = &arguments->given[i];
        buf_printf(out, " --%s", OPTIONS[given->id].name);
        if (given->value)
            write_word(out, given->value);
    }
    for (size_t i = 0; i < arguments->operand_count; i++)
        write_word(out, arguments->operands[i]);
}

bool arguments_has(const Arguments *arguments, OptionId id)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (arguments->given[i].id == id)
            return true;
    return false;
}

const char *arguments_value(const Arguments *arguments, OptionId id)
{
    for (size_t i = arguments->given_count; i-- > 0;)
        if (arguments->given[i].id == id)
            return arguments->given[i].value;
    return NULL;
}
