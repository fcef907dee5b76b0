#include "app/settings.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/console.h"
#include "base/cleanup.h"

static bool bad_value(Err *err, OptionId id, const char *value, const char *expected)
{
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s: \"%s\" is not %s", OPTIONS[id].name,
                   quote_z(value).str, expected);
}

static bool read_time(const Arguments *arguments, OptionId id, Time *ret, Err *err)
{
    const char *value = arguments_value(arguments, id);
    if (!value || time_parse(text_from_z(value), ret, NULL))
        return true;
    return bad_value(err, id, value, "a time, as 2026-03-04 or 2026-03-04T09:12:00Z");
}

static bool read_window(const Arguments *arguments, Settings *ret, Err *err)
{
    if (!read_time(arguments, OPTION_FROM, &ret->from, err) ||
        !read_time(arguments, OPTION_TO, &ret->to, err))
        return false;
    if (ret->from < ret->to)
        return true;
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--from must be before --to");
}

static bool read_workers(const Arguments *arguments, unsigned *ret, Err *err)
{
    const char *value = arguments_value(arguments, OPTION_WORKERS);
    uint64_t n;
    if (!value)
        return true;
    if (!text_to_u64(text_from_z(value), &n) || n < 1 || n > WORKERS_MAX)
        return bad_value(err, OPTION_WORKERS, value, "a number from 1 to 256");
    *ret = (unsigned)n;
    return true;
}

/* [GLOB=]ZONE. Zone names hold no '=', so the last one divides. */
static bool read_zone(const char *value, ZoneRule *rule, Err *err)
{
    const char *sign = strrchr(value, '=');
    if (sign && !(rule->pattern = strndup(value, (size_t)(sign - value))))
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the options");
    if (!zone_load(text_from_z(sign ? sign + 1 : value), NULL, &rule->zone, err))
        return err_wrap(err, "--timezone");
    return true;
}

static bool read_zones(const Arguments *arguments, Settings *settings, Err *err)
{
    settings->zones = calloc(arguments->given_count + 1, sizeof *settings->zones);
    if (!settings->zones)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the options");
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (arguments->given[i].id != OPTION_TIMEZONE)
            continue;
        ZoneRule *rule = &settings->zones[settings->zone_count++];
        if (!read_zone(arguments->given[i].value, rule, err))
            return false;
    }
    return true;
}

/* GLOB=NAME. Globs may hold '=', names do not. */
static bool read_hosts(const Arguments *arguments, Settings *settings, Err *err)
{
    settings->hosts = calloc(arguments->given_count + 1, sizeof *settings->hosts);
    if (!settings->hosts)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the options");
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (arguments->given[i].id != OPTION_HOST)
            continue;
        const char *value = arguments->given[i].value, *sign = strrchr(value, '=');
        if (!sign || sign == value || !sign[1])
            return bad_value(err, OPTION_HOST, value, "GLOB=NAME");
        HostGiven *host = &settings->hosts[settings->host_count++];
        *host = (HostGiven){.pattern = strndup(value, (size_t)(sign - value)), .name = sign + 1};
        if (!host->pattern)
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the options");
    }
    return true;
}

/* Every line is a password, as it stands: blanks count. A byte order mark of an editor does not. */
static bool add_passwords(Settings *settings, const char *path, Err *err)
{
    CLEANUP(file_closep) FILE *file = fopen(path, "re");
    if (!file)
        return err_errno(err, errno, "--password-file: %s", quote_z(path).str);
    CLEANUP(freep) char *line = NULL;
    size_t room = 0;
    ssize_t len;
    bool first = true;
    while ((len = getline(&line, &room, file)) >= 0) {
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            line[--len] = '\0';
        const char *word = first && strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;
        first = false;
        if (!*word)
            continue;
        size_t count = settings->password_count + 1;
        char **grown = realloc(settings->passwords, count * sizeof *grown);
        if (grown)
            settings->passwords = grown;
        char *copy = grown ? strdup(word) : NULL;
        if (!copy)
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for passwords");
        settings->passwords[settings->password_count++] = copy;
    }
    if (line)
        explicit_bzero(line, room);
    if (ferror(file))
        return err_errno(err, errno, "--password-file: %s", quote_z(path).str);
    return true;
}

static bool read_passwords(const Arguments *arguments, Settings *settings, Err *err)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (arguments->given[i].id == OPTION_PASSWORD_FILE &&
            !add_passwords(settings, arguments->given[i].value, err))
            return false;
    settings->engine.format.passwords = (const char *const *)settings->passwords;
    settings->engine.format.password_count = settings->password_count;
    return true;
}

/* $TMPDIR, else beside the output (results and what leads to them are of like size), else /tmp. */
static bool find_temporary(Settings *settings, Err *err)
{
    settings->temporary = getenv("TMPDIR");
    if (settings->temporary && *settings->temporary)
        return true;
    settings->temporary = "/tmp";
    const char *slash = settings->output ? strrchr(settings->output, '/') : NULL;
    struct stat st;
    if (!settings->output || (stat(settings->output, &st) == 0 && !S_ISREG(st.st_mode)))
        return true;
    size_t len = slash ? (size_t)(slash - settings->output) : 0;
    settings->temporary_own =
        slash ? strndup(len ? settings->output : "/", len ? len : 1) : strdup(".");
    if (!settings->temporary_own)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the options");
    settings->temporary = settings->temporary_own;
    return true;
}

static bool choose_temporary(Settings *settings, Err *err)
{
    if (!find_temporary(settings, err))
        return false;
    settings->engine.spool = settings->temporary;
    return true;
}

static unsigned console_flags(const Arguments *arguments, bool color, bool progress)
{
    unsigned flags = color ? CONSOLE_COLOR : 0;
    flags |= arguments_has(arguments, OPTION_QUIET) ? CONSOLE_QUIET : 0;
    flags |= arguments_has(arguments, OPTION_VERBOSE) ? CONSOLE_VERBOSE : 0;
    return flags | (progress ? CONSOLE_PROGRESS : 0);
}

bool settings_read(const Arguments *arguments, Settings *ret, Err *err)
{
    const char *no_color = getenv("NO_COLOR");
    bool terminal = isatty(STDERR_FILENO) == 1;
    bool color = terminal && !arguments_has(arguments, OPTION_NO_COLOR) && !(no_color && *no_color);
    bool progress = terminal && !arguments_has(arguments, OPTION_QUIET);
    *ret = (Settings){
        .engine = {.format = {.recover = arguments_has(arguments, OPTION_RECOVER)},
                   .progress = progress,
                   .color = color},
        .from = TIME_NONE,
        .to = INT64_MAX,
        .output = arguments_value(arguments, OPTION_OUTPUT),
        .output_rule =
            arguments_has(arguments, OPTION_FORCE) ? OUTPUT_OVERWRITE : OUTPUT_KEEP_EXISTING,
        .console = console_flags(arguments, color, progress),
    };
    if (ret->output && strcmp(ret->output, "-") == 0)
        ret->output = NULL;
    return read_workers(arguments, &ret->engine.workers, err) && read_window(arguments, ret, err) &&
           read_zones(arguments, ret, err) && read_hosts(arguments, ret, err) &&
           read_passwords(arguments, ret, err) && choose_temporary(ret, err) &&
           settings_find_tables(ret, arguments_value(arguments, OPTION_KNOWLEDGE), err);
}

void settings_done(Settings *settings)
{
    for (size_t i = 0; i < settings->zone_count; i++)
        free(settings->zones[i].pattern);
    for (size_t i = 0; i < settings->table_count; i++)
        free(settings->tables[i]);
    for (size_t i = 0; i < settings->host_count; i++)
        free(settings->hosts[i].pattern);
    free(settings->hosts);
    for (size_t i = 0; i < settings->password_count; i++) {
        explicit_bzero(settings->passwords[i], strlen(settings->passwords[i]));
        free(settings->passwords[i]);
    }
    free(settings->passwords);
    free(settings->zones);
    free(settings->temporary_own);
    *settings = (Settings){0};
}

/* The whole path, or its end from any folder or archive on. */
static bool path_matches(const char *pattern, const char *path)
{
    for (;;) {
        if (fnmatch(pattern, path, 0) == 0)
            return true;
        const char *end = strpbrk(path, "/!");
        if (!end)
            return false;
        path = end + 1;
    }
}

const Zone *settings_zone(const Settings *settings, Text path)
{
    char *z = strndup(path.len ? path.ptr : "", path.len);
    const Zone *zone = NULL;
    for (size_t i = settings->zone_count; z && !zone && i-- > 0;)
        if (!settings->zones[i].pattern || path_matches(settings->zones[i].pattern, z))
            zone = &settings->zones[i].zone;
    free(z);
    return zone;
}

Text settings_host(const Settings *settings, Text path)
{
    char *z = strndup(path.len ? path.ptr : "", path.len);
    Text host = {0};
    for (size_t i = 0; z && !host.len && i < settings->host_count; i++)
        if (path_matches(settings->hosts[i].pattern, z))
            host = text_from_z(settings->hosts[i].name);
    free(z);
    return host;
}
