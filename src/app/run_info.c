#include "app/run_info.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define COMMAND_BYTES (1024 * 1024)

/* The number changes nothing of what is found, but it is told. */
static unsigned workers_of(const Settings *settings)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (settings->engine.workers)
        return settings->engine.workers;
    return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (unsigned)processors;
}

void run_describe(const char *command, const Arguments *arguments, const Settings *settings,
                  RunDescription *ret)
{
    const struct passwd *person = getpwuid(geteuid());
    *ret = (RunDescription){.command = {0}};
    buf_init(&ret->command, COMMAND_BYTES);
    arguments_write(arguments, command, &ret->command);
    /* Without a name these stay empty. */
    (void)snprintf(ret->person, sizeof ret->person, "%s", person ? person->pw_name : "");
    (void)gethostname(ret->machine, sizeof ret->machine - 1);
    ret->info = (RunInfo){.command = buf_text(&ret->command),
                          .version = TEXT(CONSTAT_VERSION),
                          .workers = workers_of(settings),
                          .person = text_from_z(ret->person),
                          .machine = text_from_z(ret->machine)};
}

void run_description_done(RunDescription *description)
{
    buf_done(&description->command);
}
