#include "app/command.h"

#include <stdio.h>
#include <string.h>

const Command *const COMMANDS[] = {
#define COMMAND(name) &name##_command,
#include "app/commands.def"
#undef COMMAND
};
const size_t COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0];

/* Names that years of notes and collectors' modules use. */
static const struct {
    const char *alias, *name, *format;
} ALIASES[] = {
    {"csv-timeline", "timeline", "csv"},
    {"json-timeline", "timeline", "jsonl"},
};

bool command_bad_format(const Command *command, const char *given, Err *err)
{
    char names[128] = "";
    size_t len = 0;
    for (size_t i = 0; command->format(i).name; i++) {
        int n = snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "",
                         command->format(i).name);
        if (n < 0 || (size_t)n >= sizeof names - len)
            break;
        len += (size_t)n;
    }
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--format: \"%s\" is not one of %s",
                   quote_z(given).str, names);
}

const Command *command_find(const char *name, const char **ret_format)
{
    const char *format = NULL;
    for (size_t i = 0; i < sizeof ALIASES / sizeof ALIASES[0]; i++) {
        if (strcmp(name, ALIASES[i].alias) == 0) {
            name = ALIASES[i].name;
            format = ALIASES[i].format;
        }
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, COMMANDS[i]->name) == 0) {
            *ret_format = format;
            return COMMANDS[i];
        }
    }
    return NULL;
}
