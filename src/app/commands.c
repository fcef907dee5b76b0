#include "app/command.h"

#include <string.h>

#define COMMAND(name) extern const Command name##_command;
#include "app/commands.def"
#undef COMMAND

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
