#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/complete.h"
#include "app/console.h"

/* Commands of the contract that this version does not have: a script that asks for one is told so.
 */
static const char *const LATER[] = {"result", "assess", "mark",     "diff",  "respond", "notify",
                                    "unseal", "risk",   "handover", "serve", "watch"};

/* A descriptor 0, 1 or 2 that is closed would be taken by the next file opened, and messages would
 * be written into it. Reading and writing on these fails, as it should. */
static void hold_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* Help that nobody could be given is a failure too. */
static ExitCode end_of_help(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DONE;
    console_fail("standard output: %s", strerror(errno));
    return EXIT_FAILED;
}

static bool is_word(const char *word, const char *first, const char *second)
{
    return strcmp(word, first) == 0 || strcmp(word, second) == 0;
}

static ExitCode unknown_command(const char *name)
{
    for (size_t i = 0; i < sizeof LATER / sizeof LATER[0]; i++) {
        if (strcmp(name, LATER[i]) == 0) {
            console_fail("%s is not in this version of Constat", name);
            return EXIT_FAILED;
        }
    }
    const char *names[COMMANDS_MAX] = {"help"};
    size_t count = 1;
    for (size_t i = 0; i < COMMAND_COUNT && count < COMMANDS_MAX; i++)
        names[count++] = COMMANDS[i]->name;
    const char *near = nearest_word(name, names, count);
    if (near)
        console_fail("unknown command %s; did you mean %s?", quote_z(name).str, near);
    else
        console_fail("unknown command %s; constat --help lists the commands", quote_z(name).str);
    return EXIT_FAILED;
}

static ExitCode run_help(int argc, char *const *argv)
{
    if (argc == 0) {
        help_overview();
        return end_of_help();
    }
    const char *format;
    const Command *command = command_find(argv[0], &format);
    if (!command)
        return unknown_command(argv[0]);
    help_command(command);
    return end_of_help();
}

static ExitCode run_command(const Command *command, const char *format, int argc, char *const *argv)
{
    Arguments arguments;
    Err err = {0};
    ExitCode code = EXIT_FAILED;
    if (!arguments_parse(command->set, argc, argv, &arguments, &err)) {
        console_fail("%s: %s", command->name, err.text);
    } else if (arguments_has(&arguments, OPTION_HELP)) {
        help_command(command);
        code = end_of_help();
    } else {
        if (format && !arguments_value(&arguments, OPTION_FORMAT))
            arguments.given[arguments.given_count++] =
                (Given){.id = OPTION_FORMAT, .value = format}; /* there is one place to spare */
        code = command->run(&arguments);
    }
    arguments_done(&arguments);
    return code;
}

int app_main(int argc, char **argv)
{
    hold_standard_descriptors();
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that leaves is an error with a name */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        console_fail("no command; constat --help lists the commands");
        return EXIT_FAILED;
    }
    const char *name = argv[1];
    if (is_word(name, "--help", "-h"))
        return (int)run_help(0, NULL);
    if (strcmp(name, "help") == 0)
        return (int)run_help(argc - 2, argv + 2);
    if (is_word(name, "--version", "-V")) {
        puts("constat " CONSTAT_VERSION);
        return (int)end_of_help();
    }
    if (strcmp(name, "__complete") == 0) {
        complete(argc - 2, argv + 2);
        return (int)end_of_help();
    }
    const char *format;
    const Command *command = command_find(name, &format);
    if (!command)
        return (int)unknown_command(name);
    return (int)run_command(command, format, argc - 2, argv + 2);
}
