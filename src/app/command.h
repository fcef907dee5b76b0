/* command.h: one row per command. A command is one file with one row; the list is commands.def. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options.h"
#include "base/err.h"

/* Exit codes: the contract with scripts. */
typedef enum ExitCode {
    EXIT_DONE = 0,
    EXIT_DAMAGE = 1, /* done, but bytes that should have been readable were not; each is named */
    EXIT_FAILED = 2, /* could not do it */
    EXIT_INTERRUPTED = 3,
} ExitCode;

/* A format of --format, for --help and for the message about a wrong one. */
typedef struct FormatRow {
    const char *name, *summary; /* NULL: there are no more */
} FormatRow;

typedef struct Command {
    const char *name;
    const char *summary;               /* one line, for the list of commands */
    const char *usage;                 /* what follows "constat NAME" */
    const char *about;                 /* a paragraph: what it gives */
    FormatRow (*format)(size_t index); /* its formats; one without a name ends them. NULL: none */
    const char *examples;              /* lines "command\twhat it does" */
    unsigned set;                      /* its bit of CommandSet */
    bool no_files;                     /* its operands are none, for completion */
    ExitCode (*run)(const Arguments *arguments);
} Command;

#define COMMAND(name) extern const Command name##_command;
#include "app/commands.def"
#undef COMMAND

extern const Command *const COMMANDS[];
extern const size_t COMMAND_COUNT;
#define COMMANDS_MAX 64

/* The command of that name or alias; NULL when there is none. *ret_format: the format that the
 * alias stands for, or NULL. */
const Command *command_find(const char *name, const char **ret_format);

/* "--format: … is not one of …". Always false. */
bool command_bad_format(const Command *command, const char *given, Err *err);

/* Texts of --help to standard output. */
void help_overview(void);
void help_command(const Command *command);

#endif
