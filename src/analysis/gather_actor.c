/* Who: the accounts that did what live events tell. */
#include "analysis/gather_inside.h"
#include "base/hash.h"

static const Text NULL_SID = {"S-1-0-0", 7};

static uint32_t role_value(const Gather *gather, uint32_t row, uint32_t cell)
{
    return cell == NO_NUMBER ? NO_NUMBER : batch_cell(gather->batch, row, cell);
}

static bool actor_is(const Actor *a, const Actor *b)
{
    return a->user == b->user && a->sid == b->sid && a->domain == b->domain && a->host == b->host;
}

static uint32_t find_actor(Gather *gather, const Actor *wanted)
{
    uint32_t words[] = {wanted->user, wanted->domain, wanted->sid, wanted->host};
    uint64_t hash = hash64(words, sizeof words, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&gather->actors.map, hash);
         (found = id_map_next(&gather->actors.map, hash, &cursor)) != ID_NONE;)
        if (actor_is(found_at(&gather->actors, found, sizeof(Actor)), wanted))
            return found;
    found = found_add(&gather->actors, hash, sizeof(Actor));
    if (found == NO_NUMBER)
        return NO_NUMBER;
    Actor *actor = found_at(&gather->actors, found, sizeof *actor);
    *actor = *wanted;
    actor->extent = (RowExtent){.first = TIME_NONE, .last = TIME_NONE};
    return found;
}

bool actor_count(Gather *gather, View *view, const Cell *cell, uint32_t row, Time time)
{
    Actor wanted = {.host = cell->host,
                    .user = role_value(gather, row, view->user),
                    .domain = role_value(gather, row, view->domain),
                    .sid = role_value(gather, row, view->sid)};
    if (wanted.user == NO_NUMBER && wanted.sid == NO_NUMBER)
        return true;
    Actor *actor = NULL;
    if (view->last_actor != NO_NUMBER)
        actor = found_at(&gather->actors, view->last_actor, sizeof *actor);
    if (!actor || !actor_is(actor, &wanted)) {
        view->last_actor = find_actor(gather, &wanted);
        if (view->last_actor == NO_NUMBER)
            return false;
        actor = found_at(&gather->actors, view->last_actor, sizeof *actor);
    }
    actor->events++;
    actor->logons += view->use == USE_LOGON;
    actor->failed += view->use == USE_FAILED;
    row_extent_add(&actor->extent, time, row);
    return true;
}

/* DOMAIN\name, where the record has both in one. */
static void split_domain(Label *user, Label *domain)
{
    size_t at = text_find(label_text(user), '\\');
    if (domain->len || at == user->len || at == 0)
        return;
    Text whole = label_text(user);
    Label name = label_of(text_of(whole.ptr + at + 1, whole.len - at - 1));
    *domain = label_of(text_of(whole.ptr, at));
    *user = name;
}

/* Some records name an account by its SID alone, in the place of the name. */
static void sort_out(Label *user, Label *domain, Label *sid)
{
    if (text_equal(label_text(sid), NULL_SID))
        sid->len = 0;
    if (text_starts(label_text(user), TEXT("S-1-"))) {
        if (sid->len == 0)
            *sid = *user;
        user->len = 0;
    }
    split_domain(user, domain);
}

static bool project(Gather *gather, const Actor *actor)
{
    Label host = host_label(gather, actor->host), user = value_label(gather, actor->user),
          domain = value_label(gather, actor->domain), sid = value_label(gather, actor->sid);
    sort_out(&user, &domain, &sid);
    if (user.len == 0 && sid.len == 0)
        return true;
    Label lower_user = label_lower(label_text(&user)),
          lower_domain = label_lower(label_text(&domain));
    TallyKey key;
    Tally tally;
    tally_clear(&tally);
    tally.n[N_EVENTS] = actor->events;
    tally.n[N_ACCOUNT_LOGONS] = actor->logons;
    tally.n[N_ACCOUNT_FAILED] = actor->failed;
    tally.extent = row_extent(gather, &actor->extent);
    tally_key_begin(&key, TALLY_ACCOUNT);
    tally_key_label(&key, &host);
    tally_key_label(&key, &sid);
    tally_key_label(&key, &lower_domain);
    tally_key_label(&key, &lower_user);
    tally_key_label(&key, &domain);
    tally_key_label(&key, &user);
    return tally_table_add(gather->table, &key, &tally, gather->out);
}

bool actors_project(Gather *gather)
{
    for (uint32_t i = 0; i < gather->actors.count; i++)
        if (!project(gather, found_at(&gather->actors, i, sizeof(Actor))))
            return false;
    return true;
}
