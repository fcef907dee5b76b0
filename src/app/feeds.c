#include "app/feeds.h"

static bool load(const Arguments *arguments, IndicatorSet *set, Err *err)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (arguments->given[i].id == OPTION_INDICATORS &&
            !indicators_add_file(set, arguments->given[i].value, err))
            return err_wrap(err, "--indicators");
    return true;
}

bool feeds_load(const Arguments *arguments, RuleLevel min_level, IndicatorSet **ret, Err *err)
{
    *ret = NULL;
    if (!arguments_has(arguments, OPTION_INDICATORS))
        return true;
    IndicatorSet *set = indicators_create(err);
    if (set && load(arguments, set, err) && indicators_finish(set, min_level, err)) {
        *ret = set;
        return true;
    }
    indicators_destroy(set);
    return false;
}

size_t feeds_tell(const IndicatorSet *set, Console *console)
{
    if (!set)
        return 0;
    for (size_t i = 0; i < indicators_note_count(set); i++) {
        IndicatorNote note = indicators_note(set, i);
        console_entry(console, note.file, note.in_lines ? "line" : "byte", note.at,
                      note.kind == INDICATOR_REFUSED ? DEFECT_DAMAGE : DEFECT_NOTE, note.text);
    }
    return indicators_counts(set).refused;
}

/* ---- YARA ---- */

static bool load_yara(const Arguments *arguments, YaraSet *set, Err *err)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (arguments->given[i].id == OPTION_YARA && !yara_add(set, arguments->given[i].value, err))
            return err_wrap(err, "--yara");
    return true;
}

bool feeds_load_yara(const Arguments *arguments, RuleLevel min_level, YaraSet **ret, Err *err)
{
    *ret = NULL;
    if (!arguments_has(arguments, OPTION_YARA))
        return true;
    YaraSet *set = yara_create(err);
    if (set && load_yara(arguments, set, err) && yara_finish(set, min_level, err)) {
        *ret = set;
        return true;
    }
    yara_destroy(set);
    return false;
}

size_t feeds_tell_yara(const YaraSet *set, Console *console)
{
    size_t count = set ? yara_note_count(set) : 0;
    for (size_t i = 0; i < count; i++) {
        YaraNote note = yara_note(set, i);
        console_rule(console, note.file, note.line, note.text);
    }
    return count;
}
