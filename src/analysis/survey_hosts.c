/* Hosts: names that are one host.
 *
 * ASCII case and a final dot do not matter. "fs01" and "fs01.court.example" are one host if no
 * other full name begins with "fs01."; else all of these stay apart and are called ambiguous.
 * Addresses and "localhost" are only themselves. */
#include <stdlib.h>

#include "analysis/survey_inside.h"
#include "base/hash.h"

typedef struct Spelling {
    Label name;
    uint64_t events;
} Spelling;

typedef struct Entry {
    Label lower;
    Label full; /* without the final dot */
    Tally tally;
    Spelling spellings[SURVEY_SPELLINGS_MAX];
    uint32_t spelling_count, spellings_further;
    uint32_t host;
} Entry;

struct HostNames {
    Top entries;
    uint64_t all_events;
    IdMap map; /* after finish: lower → entry */
    bool any;
    Entry at; /* being put together */
};

static uint64_t weight(const Entry *entry)
{
    return entry->tally.n[N_EVENTS] + entry->tally.n[N_HOST_RECOVERED];
}

/* The name that is none stays in any case. */
static int better(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (!x->lower.len != !y->lower.len)
        return x->lower.len ? 1 : -1;
    int order = down_u64(weight(x), weight(y));
    return order ? order : label_compare(&x->lower, &y->lower);
}

static bool begin(Build *build, Err *err)
{
    struct HostNames *names = calloc(1, sizeof *names);
    if (!names)
        return survey_no_memory(err);
    build->names = names;
    names->entries = top_of(sizeof(Entry), SURVEY_HOST_NAMES_MAX, better);
    return id_map_init(&names->map) || survey_no_memory(err);
}

void host_names_destroy(struct HostNames *names)
{
    if (!names)
        return;
    top_done(&names->entries);
    id_map_done(&names->map);
    free(names);
}

/* Into a list of the most frequent ones. */
static void add_spelling(Spelling *list, uint32_t *count, uint32_t *further,
                         const Spelling *spelling)
{
    uint32_t i = *count;
    if (i == 1 && list[0].events == 0 &&
        text_equal_nocase(label_text(&list[0].name), label_text(&spelling->name)))
        i = *count = 0; /* how an item's host is noted, not how a record spells it */
    else if (i && spelling->events == 0)
        return;
    if (i == SURVEY_SPELLINGS_MAX) {
        (*further)++;
        if (list[i - 1].events >= spelling->events)
            return;
        i--;
    } else {
        (*count)++;
    }
    for (; i > 0 && list[i - 1].events < spelling->events; i--)
        list[i] = list[i - 1];
    list[i] = *spelling;
}

static bool flush(struct HostNames *names, Err *err)
{
    Entry *at = &names->at;
    if (!names->any)
        return true;
    Text full = label_text(&at->lower);
    while (full.len > 1 && full.ptr[full.len - 1] == '.')
        full.len--;
    at->full = label_of(full);
    names->all_events += weight(at);
    return top_offer(&names->entries, at) || survey_no_memory(err);
}

static bool take(Build *build, Span key, const Tally *tally, Err *err)
{
    struct HostNames *names = build->names;
    Reader reader = reader_of(key, 0);
    Label lower = tally_take_label(&reader);
    Spelling spelling = {.name = tally_take_label(&reader),
                         .events = tally->n[N_EVENTS] + tally->n[N_HOST_RECOVERED]};
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    if (!names->any || !label_equal(&lower, &names->at.lower)) {
        if (!flush(names, err))
            return false;
        names->any = true;
        names->at = (Entry){.lower = lower};
        tally_clear(&names->at.tally);
    }
    tally_add(&names->at.tally, tally);
    add_spelling(names->at.spellings, &names->at.spelling_count, &names->at.spellings_further,
                 &spelling);
    return true;
}

/* ---- names to hosts ---- */

static bool stands_alone(Text name)
{
    bool digits = name.len != 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == ':')
            return true;
        digits = digits && ((name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == '.');
    }
    return digits || text_starts(name, TEXT("localhost"));
}

/* What full names have in common with the short one. */
static Text short_name(const Entry *entry)
{
    Text full = label_text(&entry->full);
    size_t dot = text_find(full, '.');
    return stands_alone(full) || dot == 0 ? full : text_of(full.ptr, dot);
}

Text survey_host_short(const SurveyHost *host)
{
    Text name = label_text(&host->name);
    size_t dot = text_find(name, '.');
    return host->ambiguous || stands_alone(name) || dot == 0 ? name : text_of(name.ptr, dot);
}

static int by_short_name(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    int order = text_compare(short_name(x), short_name(y));
    if (!order)
        order = label_compare(&x->full, &y->full);
    return order ? order : label_compare(&x->lower, &y->lower);
}

/* The entry's host: its fullest name is that of the last entry, as full names sort behind short
 * ones. */
static void add_to_host(SurveyHost *host, Spelling *spellings, const Entry *entry)
{
    for (uint32_t i = 0; i < entry->spelling_count; i++)
        add_spelling(spellings, &host->spelling_count, &host->spellings_further,
                     &entry->spellings[i]);
    host->spellings_further += entry->spellings_further;
    if (host->name.len == 0 || entry->lower.len == entry->full.len) /* not one with a final dot */
        host->name = entry->spellings[0].name;
    host->events += entry->tally.n[N_EVENTS];
    host->recovered += entry->tally.n[N_HOST_RECOVERED];
    extent_join(&host->extent, &entry->tally.extent);
}

/* Entries [first, end) share a short name. */
static void make_hosts(Survey *survey, struct HostNames *names, size_t first, size_t end)
{
    const Entry *entries = top_at(&names->entries, 0);
    size_t full_names = 0;
    for (size_t i = first; i < end; i++) {
        bool same = i > first && label_equal(&entries[i].full, &entries[i - 1].full);
        full_names += !same && short_name(&entries[i]).len != entries[i].full.len;
    }
    bool apart = full_names > 1;
    Spelling spellings[SURVEY_SPELLINGS_MAX];
    for (size_t i = first; i < end; i++) {
        bool same = i > first && (!apart || label_equal(&entries[i].full, &entries[i - 1].full));
        SurveyHost *host = &survey->hosts[same ? survey->hosts_count - 1 : survey->hosts_count++];
        if (!same)
            *host = (SurveyHost){.ambiguous = apart, .extent = EXTENT_NONE};
        add_to_host(host, spellings, &entries[i]);
        for (uint32_t s = 0; s < host->spelling_count; s++)
            host->spellings[s] = spellings[s].name;
        ((Entry *)top_at(&names->entries, i))->host = (uint32_t)survey->hosts_count - 1;
    }
}

static bool finish(Build *build, Err *err)
{
    struct HostNames *names = build->names;
    Survey *survey = build->survey;
    if (!flush(names, err))
        return false;
    size_t count = names->entries.count;
    top_sort(&names->entries, by_short_name);
    const Entry *entries = top_at(&names->entries, 0);
    survey->hosts = ARENA_NEW(survey->arena, SurveyHost, count + 1);
    if (!survey->hosts)
        return survey_no_memory(err);
    for (size_t first = 0, i = 1; i <= count; i++) {
        if (i < count && text_equal(short_name(&entries[i]), short_name(&entries[first])))
            continue;
        make_hosts(survey, names, first, i);
        first = i;
    }
    uint64_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        kept += weight(&entries[i]);
        Text lower = label_text(&entries[i].lower);
        if (!id_map_add(&names->map, hash64(lower.ptr, lower.len, 0), (uint32_t)i))
            return survey_no_memory(err);
    }
    survey->hosts_further =
        (Further){.rows = names->entries.offered - count, .events = names->all_events - kept};
    return true;
}

uint32_t host_by_name(const Build *build, const Label *lower)
{
    const struct HostNames *names = build->names;
    uint64_t hash = hash64(lower->bytes, lower->len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&names->map, hash);
         (found = id_map_next(&names->map, hash, &cursor)) != ID_NONE;) {
        const Entry *entry = top_at(&names->entries, found);
        if (label_equal(&entry->lower, lower))
            return entry->host;
    }
    return HOST_BEYOND;
}

const Part HOSTS_PART = {.begin = begin, .take = take, .finish = finish};
