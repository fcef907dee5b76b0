#include "app/command.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define OPTION_COLUMN 28

static const char EXIT_CODES[] =
    "Exit codes\n"
    "  0   done (files of unknown formats and stale headers are notes)\n"
    "  1   done, but bytes that should have been readable were not, or a rule that was given was\n"
    "      refused; each is named\n"
    "  2   could not do it\n"
    "  3   interrupted\n";

void help_overview(void)
{
    puts(
        "Constat reads the evidence of an intrusion: every event, in order of time, each with the\n"
        "file and the byte it came from. Evidence is read only, by sandboxed processes.\n"
        "\n"
        "Usage: constat COMMAND [OPTION...] EVIDENCE...\n"
        "\n"
        "Commands");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-12s%s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    puts("  help        help on a command: constat help COMMAND\n"
         "\n"
         "Options\n"
         "  -h, --help    this text; after a command: help on it\n"
         "  --version     version of this program\n");
    fputs(EXIT_CODES, stdout);
}

static void print_option(const Option *option)
{
    char name[64];
    int n =
        snprintf(name, sizeof name, "%s%c%s--%s%s%s", option->letter ? "-" : " ",
                 option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
                 option->argument ? " " : "", option->argument ? option->argument : "");
    if (n > OPTION_COLUMN - 2)
        printf("  %s\n%*s", name, OPTION_COLUMN + 2, "");
    else
        printf("  %-*s", OPTION_COLUMN, name);
    Text rest = text_from_z(option->help);
    for (bool first = true; rest.len; first = false) {
        Text line = text_cut(&rest, '\n');
        printf("%*s%.*s\n", first ? 0 : OPTION_COLUMN + 2, "", (int)line.len, line.ptr);
    }
}

static void print_examples(const Command *command)
{
    Text rest = text_from_z(command->examples);
    while (rest.len) {
        Text line = text_cut(&rest, '\n');
        Text example = text_cut(&line, '\t');
        printf("  %.*s\n      %.*s\n", (int)example.len, example.ptr, (int)line.len, line.ptr);
    }
}

void help_command(const Command *command)
{
    printf("constat %s: %s\n\nUsage: constat %s %s\n\n%s\n", command->name, command->summary,
           command->name, command->usage, command->about);
    if (command->format) {
        puts("Formats");
        for (size_t i = 0; command->format(i).name; i++)
            printf("  %-12s%s\n", command->format(i).name, command->format(i).summary);
        putchar('\n');
    }
    puts("Options");
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if (OPTIONS[id].commands & command->set)
            print_option(&OPTIONS[id]);
    puts("\nExamples");
    print_examples(command);
    putchar('\n');
    fputs(EXIT_CODES, stdout);
}
