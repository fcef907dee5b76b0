#include "app/complete.h"

#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "base/text.h"
#include "detect/sigma/rule.h"

static void offer(const char *typed, const char *prefix, const char *word, const char *what)
{
    Text whole = text_from_z(typed), start = text_from_z(prefix);
    if (!text_starts(whole, start) && !text_starts(start, whole))
        return;
    size_t n = whole.len < start.len ? whole.len : start.len;
    if (!text_starts(text_from_z(word), text_of(whole.ptr + n, whole.len - n)))
        return;
    int len = (int)strcspn(what, "\n");
    printf("%s%s\t%.*s\n", prefix, word, len, what);
}

static void offer_commands(const char *typed)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        offer(typed, "", COMMANDS[i]->name, COMMANDS[i]->summary);
    offer(typed, "", "help", "help on a command");
}

static void offer_options(const Command *command, const char *typed)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (OPTIONS[id].commands & command->set)
            offer(typed, "--", OPTIONS[id].name, OPTIONS[id].help);
}

/* The option that `word` names, whose value is the next word; OPTION_COUNT: none. */
static OptionId option_before(const Command *command, const char *word)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = &OPTIONS[id];
        bool is_long = word[0] == '-' && word[1] == '-' && strcmp(word + 2, option->name) == 0;
        bool is_letter = option->letter && word[0] == '-' && word[1] == option->letter && !word[2];
        if (option->argument && option->commands & command->set && (is_long || is_letter))
            return id;
    }
    return OPTION_COUNT;
}

/* What the value of an option is, by the word that --help has for it. Returns the last line. */
static const char *offer_value(const Command *command, OptionId id, const char *typed)
{
    const char *argument = OPTIONS[id].argument;
    if (id == OPTION_FORMAT) {
        for (size_t i = 0; command->format && command->format(i).name; i++)
            offer(typed, "", command->format(i).name, command->format(i).summary);
        return ":nothing";
    }
    if (id == OPTION_LANG) {
        offer(typed, "", "en", "English");
        offer(typed, "", "fr", "French");
        return ":nothing";
    }
    if (id == OPTION_MIN_LEVEL || id == OPTION_STATUS) {
        for (size_t i = 1; id == OPTION_MIN_LEVEL && i < RULE_LEVEL_COUNT; i++)
            offer(typed, "", RULE_LEVEL_TEXT[i].ptr, "rules of this level or above");
        for (size_t i = 1; id == OPTION_STATUS && i < RULE_STATUS_COUNT; i++)
            offer(typed, "", RULE_STATUS_TEXT[i].ptr, "rules of this status");
        return ":nothing";
    }
    if (id == OPTION_RULES)
        offer(typed, "", "builtin", "Constat's own rules");
    if (strstr(argument, "DIR"))
        return ":folders";
    return strstr(argument, "FILE") || strstr(argument, "EVIDENCE") || strstr(argument, "KEY")
               ? ":files"
               : ":nothing";
}

/* The first operand of `rules` says what to look at. */
static const char *offer_operand(const Command *command, int argc, const char *typed)
{
    if (command == &rules_command && argc == 2) {
        offer(typed, "", "check", "rules that do not run, and why");
        offer(typed, "", "list", "every rule");
        offer(typed, "", "coverage", "a layer for the ATT&CK Navigator");
        return ":nothing";
    }
    return command->no_files ? ":nothing" : command == &rules_command ? ":folders" : ":files";
}

void complete(int argc, char *const *argv)
{
    const char *typed = argc ? argv[argc - 1] : "";
    const char *last = ":nothing", *format;
    const Command *command = argc > 1 ? command_find(argv[0], &format) : NULL;
    if (argc <= 1 || (argc == 2 && strcmp(argv[0], "help") == 0)) {
        offer_commands(typed);
    } else if (command) {
        OptionId before = argc > 2 ? option_before(command, argv[argc - 2]) : OPTION_COUNT;
        if (before != OPTION_COUNT)
            last = offer_value(command, before, typed);
        else if (typed[0] == '-')
            offer_options(command, typed);
        else
            last = offer_operand(command, argc, typed);
    }
    puts(last);
}
