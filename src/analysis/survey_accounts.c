/* Accounts: names, domains and SIDs that are one account.
 *
 * The SID decides where a record has one: all names with it are one account, which goes by the most
 * frequent of them. A name of a domain
 * without a SID belongs to the account of that name and domain if there is exactly one. Names
 * without either stay by themselves. */
#include <stdlib.h>
#include <string.h>

#include "analysis/survey_inside.h"

#define HOST_WORDS ((SURVEY_HOST_NAMES_MAX + 63) / 64)

typedef struct Entry {
    SurveyAccount account;
    Label lower_domain, lower_name;
    uint64_t spelling_events; /* of the spelling that the account has now */
    uint64_t hosts[HOST_WORDS];
    bool joined; /* is part of another entry */
} Entry;

typedef struct Accounts {
    Top top;
    uint64_t all_events;
    bool any;
    Entry at;
    Label domain, name; /* the spelling at hand … */
    uint64_t events;    /* … and its events so far */
} Accounts;

static bool is_tried(const SurveyAccount *account)
{
    return account->failed && account->events == account->failed;
}

static int identity(const Entry *x, const Entry *y)
{
    int order = label_compare(&x->account.sid, &y->account.sid);
    if (!order)
        order = label_compare(&x->lower_domain, &y->lower_domain);
    return order ? order : label_compare(&x->lower_name, &y->lower_name);
}

static int better(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    int order = is_tried(&x->account) - is_tried(&y->account);
    if (!order)
        order = down_u64(x->account.events, y->account.events);
    return order ? order : identity(x, y);
}

static bool begin(Build *build, Err *err)
{
    Accounts *accounts = calloc(1, sizeof *accounts);
    build->part = accounts;
    if (!accounts)
        return survey_no_memory(err);
    accounts->top = top_of(sizeof(Entry), SURVEY_ACCOUNTS_MAX, better);
    return true;
}

static void drop(Build *build)
{
    Accounts *accounts = build->part;
    if (accounts)
        top_done(&accounts->top);
    free(accounts);
}

/* The spelling at hand is counted: is it the most frequent one? */
static void end_spelling(Accounts *accounts)
{
    Entry *at = &accounts->at;
    if (accounts->name.len && accounts->events > at->spelling_events) {
        at->spelling_events = accounts->events;
        at->account.domain = accounts->domain;
        at->account.name = accounts->name;
    }
    accounts->events = 0;
}

static bool flush(Accounts *accounts, Err *err)
{
    if (!accounts->any)
        return true;
    end_spelling(accounts);
    accounts->all_events += accounts->at.account.events;
    accounts->at.account.further_names = accounts->at.lower_name.len != 0; /* all, until complete */
    return top_offer(&accounts->top, &accounts->at) || survey_no_memory(err);
}

static bool take(Build *build, Span key, const Tally *tally, Err *err)
{
    Accounts *accounts = build->part;
    Entry *at = &accounts->at;
    Reader reader = reader_of(key, 0);
    Label sid = tally_take_label(&reader), lower_domain = tally_take_label(&reader),
          lower_name = tally_take_label(&reader), domain = tally_take_label(&reader),
          name = tally_take_label(&reader);
    uint32_t host = tally_take_u32(&reader);
    if (reader.failed || reader_left(&reader))
        return survey_bad_row(err);
    bool same = accounts->any && label_equal(&at->account.sid, &sid) &&
                label_equal(&at->lower_domain, &lower_domain) &&
                label_equal(&at->lower_name, &lower_name);
    if (!same) {
        if (!flush(accounts, err))
            return false;
        accounts->any = true;
        *at = (Entry){.account = {.sid = sid, .extent = EXTENT_NONE},
                      .lower_domain = lower_domain,
                      .lower_name = lower_name};
    } else if (!label_equal(&accounts->domain, &domain) || !label_equal(&accounts->name, &name)) {
        end_spelling(accounts);
    }
    accounts->domain = domain;
    accounts->name = name;
    accounts->events += tally->n[N_EVENTS];
    at->account.events += tally->n[N_EVENTS];
    at->account.logons += tally->n[N_ACCOUNT_LOGONS];
    at->account.failed += tally->n[N_ACCOUNT_FAILED];
    extent_join(&at->account.extent, &tally->extent);
    if (host < SURVEY_HOST_NAMES_MAX)
        at->hosts[host / 64] |= UINT64_C(1) << (host % 64);
    return true;
}

/* ---- entries to accounts ---- */

static int by_identity(const void *a, const void *b)
{
    return identity(a, b);
}

static void join(Entry *to, Entry *from)
{
    to->account.events += from->account.events;
    to->account.logons += from->account.logons;
    to->account.failed += from->account.failed;
    extent_join(&to->account.extent, &from->account.extent);
    for (size_t i = 0; i < HOST_WORDS; i++)
        to->hosts[i] |= from->hosts[i];
    from->joined = true;
}

/* Entries are sorted by SID. The most frequent spelling of all names is the account's. */
static void join_by_sid(Entry *entries, size_t count)
{
    Entry *first = NULL;
    for (size_t i = 0; i < count; i++) {
        Entry *entry = &entries[i];
        if (!first || !entry->account.sid.len ||
            !label_equal(&first->account.sid, &entry->account.sid)) {
            first = entry;
            continue;
        }
        if (entry->spelling_events > first->spelling_events) {
            first->spelling_events = entry->spelling_events;
            first->account.domain = entry->account.domain;
            first->account.name = entry->account.name;
        }
        first->account.further_names += entry->account.further_names;
        join(first, entry);
    }
}

/* The only account with a SID that goes by the names of `wanted`; NULL: none, or several. */
static Entry *only_account(Entry *entries, size_t count, const Entry *wanted)
{
    Entry *account = NULL, *head = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].account.sid.len)
            continue;
        if (!entries[i].joined)
            head = &entries[i]; /* those that are joined to it follow */
        if (!label_equal(&entries[i].lower_name, &wanted->lower_name) ||
            !label_equal(&entries[i].lower_domain, &wanted->lower_domain))
            continue;
        if (account && account != head)
            return NULL;
        account = head;
    }
    return account;
}

static void join_by_name(Entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Entry *entry = &entries[i];
        if (entry->account.sid.len || !entry->lower_domain.len || !entry->lower_name.len)
            continue;
        Entry *account = only_account(entries, count, entry);
        if (account)
            join(account, entry);
    }
}

static bool is_one_of(Text text, const char *const *list, size_t count,
                      bool (*is)(Text text, Text other))
{
    for (size_t i = 0; i < count; i++)
        if (is(text, text_from_z(list[i])))
            return true;
    return false;
}

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

/* [MS-DTYP] 2.4.2.4, and the domains under which Windows names such identities, in the languages in
 * which they have been met. */
static bool is_of_system(const SurveyAccount *account)
{
    static const char *const SIDS[] = {"S-1-5-7", "S-1-5-18", "S-1-5-19", "S-1-5-20"};
    static const char *const BEGINNINGS[] = {"S-1-5-80-", "S-1-5-82-", "S-1-5-83-",
                                             "S-1-5-90-", "S-1-5-96-", "S-1-5-32-"};
    static const char *const DOMAINS[] = {"NT AUTHORITY",    "AUTORITE NT", "NT-AUTORIT\xC3\x84T",
                                          "NT SERVICE",      "IIS APPPOOL", "Window Manager",
                                          "Font Driver Host"};
    Text sid = label_text(&account->sid);
    if (sid.len)
        return is_one_of(sid, SIDS, COUNT_OF(SIDS), text_equal) ||
               is_one_of(sid, BEGINNINGS, COUNT_OF(BEGINNINGS), text_starts);
    return is_one_of(label_text(&account->domain), DOMAINS, COUNT_OF(DOMAINS), text_equal_nocase);
}

static void complete(Entry *entry)
{
    SurveyAccount *account = &entry->account;
    account->further_names -= account->further_names != 0;
    account->class = is_of_system(account)                              ? ACCOUNT_SYSTEM
                     : text_ends(label_text(&account->name), TEXT("$")) ? ACCOUNT_MACHINE
                     : is_tried(account)                                ? ACCOUNT_TRIED
                                                                        : ACCOUNT_ORDINARY;
    for (uint32_t host = 0; host < SURVEY_HOST_NAMES_MAX; host++) {
        if (!(entry->hosts[host / 64] >> (host % 64) & 1))
            continue;
        if (account->host_count < ACCOUNT_HOSTS_SHOWN)
            account->hosts[account->host_count] = host;
        account->host_count++;
    }
}

static int account_order(const void *a, const void *b)
{
    const SurveyAccount *x = a, *y = b;
    int order = up_u64(x->class, y->class);
    if (!order)
        order = down_u64(x->events, y->events);
    if (!order)
        order = label_compare(&x->domain, &y->domain);
    if (!order)
        order = label_compare(&x->name, &y->name);
    return order ? order : label_compare(&x->sid, &y->sid);
}

static bool finish(Build *build, Err *err)
{
    Accounts *accounts = build->part;
    if (!flush(accounts, err))
        return false;
    top_sort(&accounts->top, by_identity);
    Entry *entries = top_at(&accounts->top, 0);
    size_t count = accounts->top.count;
    join_by_sid(entries, count);
    join_by_name(entries, count);
    Top kept = top_of(sizeof(SurveyAccount), SURVEY_ACCOUNTS_MAX, account_order);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        if (entries[i].joined)
            continue;
        complete(&entries[i]);
        ok = top_offer(&kept, &entries[i].account) || survey_no_memory(err);
    }
    Keep keep = {.top = &kept,
                 .order = account_order,
                 .all_events = accounts->all_events,
                 .events_at = offsetof(SurveyAccount, events),
                 SURVEY_KEEP(build->survey, accounts)};
    ok = ok && survey_keep(build, &keep, err);
    build->survey->accounts_further.rows = accounts->top.offered - count;
    top_done(&kept);
    return ok;
}

const Part ACCOUNTS_PART = {.begin = begin, .take = take, .finish = finish, .drop = drop};
