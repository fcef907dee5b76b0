#include "survey_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "case_fixture.h"
#include "event_fixture.h"

Looked look(const char *folder, unsigned workers)
{
    Err err = {0};
    SurveyOptions options = {.workers = workers, .folder = fixture_folder()};
    Looked looked = {.store = made_open(folder, STORE_READ)};
    looked.survey = survey_make(looked.store, &options, &err);
    if (!looked.survey) {
        fprintf(stderr, "survey: %s\n", err.text);
        abort();
    }
    return looked;
}

void look_done(Looked *looked)
{
    survey_destroy(looked->survey);
    store_close(looked->store);
}

static void label(Buf *out, const Label *label)
{
    BUF_LITERAL(out, " \"");
    buf_add_text(out, label_text(label));
    BUF_LITERAL(out, "\"");
}

static void time(Buf *out, Time t)
{
    char text[TIME_TEXT_ROOM];
    buf_add_char(out, ' ');
    size_t len = time_format(t, 3, text);
    if (len)
        buf_add(out, text, len);
    else
        buf_add_char(out, '-');
}

static void ref(Buf *out, const EventRef *at)
{
    buf_printf(out, " @%u:%" PRIu64 ":%u", at->item, at->offset, at->sub);
}

static void extent(Buf *out, const Extent *extent)
{
    time(out, extent->first);
    time(out, extent->last);
    if (extent_is_empty(extent))
        return;
    ref(out, &extent->first_at);
    ref(out, &extent->last_at);
}

static void further(Buf *out, const char *name, const Further *further)
{
    if (further->rows || further->events)
        buf_printf(out, "%s: further %" PRIu64 " with %" PRIu64 "\n", name, further->rows,
                   further->events);
}

static void totals(const Survey *survey, Buf *out)
{
    const SurveyTotals *t = &survey->totals;
    buf_printf(out,
               "totals: events %" PRIu64 " twins %" PRIu64 " recovered %" PRIu64
               " fragments %" PRIu64 " timeless %" PRIu64 " bytes %" PRIu64 " damages %" PRIu64
               " notes %" PRIu64 "\n",
               t->events, t->twins, t->recovered, t->fragments, t->timeless, t->bytes, t->damages,
               t->notes);
    buf_printf(out,
               "totals: series %" PRIu64 " gaps %" PRIu64 " missing %" PRIu64 " cleared %" PRIu64
               " silences %" PRIu64 " unexplained stops %" PRIu64 "\ntotals:",
               t->series, t->gaps, t->missing, t->gaps_cleared, t->silences, t->stops_unexplained);
    for (unsigned i = 0; i < TIME_QUALITY_COUNT; i++)
        buf_printf(out, " q%u=%" PRIu64, i, t->quality[i]);
    for (unsigned i = 0; i < ITEM_STATE_COUNT; i++)
        buf_printf(out, " s%u=%" PRIu64, i, t->items_by_state[i]);
    for (unsigned i = 0; i < MARK_KIND_COUNT; i++)
        buf_printf(out, " m%u=%" PRIu64, i, t->marks[i]);
    extent(out, &t->extent);
    const SurveyAxis *axis = &survey->axis;
    BUF_LITERAL(out, "\naxis:");
    time(out, axis->begin);
    buf_printf(out, " step %" PRIi64 "h count %u before %" PRIu64 " after %" PRIu64 ":",
               axis->step_ns / (3600 * NANOSECONDS_PER_SECOND), axis->count, axis->before,
               axis->after);
    for (uint32_t i = 0; i < axis->count; i++)
        buf_printf(out, " %" PRIu64, axis->events[i]);
    buf_add_char(out, '\n');
}

static void items(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->item_count; i++) {
        const SurveyItem *item = &survey->items[i];
        BUF_LITERAL(out, "item: ");
        buf_add_text(out, item->stored->path);
        buf_printf(out,
                   " in %d events %" PRIu64 " twins %" PRIu64 " recovered %" PRIu64
                   " fragments %" PRIu64 " timeless %" PRIu64 " damages %" PRIu64 " notes %" PRIu64,
                   item->container == SURVEY_NONE ? -1 : (int)item->container, item->events,
                   item->twins, item->recovered, item->fragments, item->timeless, item->damages,
                   item->notes);
        time(out, item->first);
        time(out, item->last);
        buf_add_char(out, '\n');
    }
}

static void hosts(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->hosts_count; i++) {
        const SurveyHost *host = &survey->hosts[i];
        BUF_LITERAL(out, "host:");
        label(out, &host->name);
        BUF_LITERAL(out, " short ");
        buf_add_text(out, survey_host_short(host));
        BUF_LITERAL(out, " as");
        for (uint32_t s = 0; s < host->spelling_count; s++)
            label(out, &host->spellings[s]);
        buf_printf(out, " and %u%s events %" PRIu64 " recovered %" PRIu64 " items %u sources %u",
                   host->spellings_further, host->ambiguous ? " ambiguous" : "", host->events,
                   host->recovered, host->items, host->sources);
        extent(out, &host->extent);
        buf_add_char(out, '\n');
    }
    further(out, "host", &survey->hosts_further);
}

static void stretch(Buf *out, const Stretch *stretch)
{
    time(out, stretch->from);
    time(out, stretch->to);
    ref(out, &stretch->from_at);
    ref(out, &stretch->to_at);
    buf_printf(out, "%s %u h, usual %u h", stretch->open ? " open" : "", stretch->hours,
               stretch->usual_hours);
}

static void sources(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->sources_count; i++) {
        const SurveySource *source = &survey->sources[i];
        buf_printf(out, "source: %u", source->host);
        label(out, &source->source);
        buf_printf(out, " events %" PRIu64 " active %u of %u h, habit %u h", source->events,
                   source->active_hours, source->span_hours, source->habit_hours);
        extent(out, &source->extent);
        if (source->longest.hours) {
            BUF_LITERAL(out, " longest");
            stretch(out, &source->longest);
        }
        BUF_LITERAL(out, " bins");
        for (uint32_t b = 0; b < survey->axis.count; b++)
            if (source->bins[b])
                buf_printf(out, " %u:%u", b, source->bins[b]);
        buf_add_char(out, '\n');
    }
    further(out, "source", &survey->sources_further);
    for (size_t i = 0; i < survey->silences_count; i++) {
        buf_printf(out, "silence: %u", survey->silences[i].host);
        label(out, &survey->silences[i].source);
        stretch(out, &survey->silences[i].stretch);
        buf_add_char(out, '\n');
    }
    further(out, "silence", &survey->silences_further);
}

static void accounts(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->accounts_count; i++) {
        const SurveyAccount *account = &survey->accounts[i];
        buf_printf(out, "account: class %u", account->class);
        label(out, &account->domain);
        label(out, &account->name);
        label(out, &account->sid);
        buf_printf(out,
                   " and %u events %" PRIu64 " logons %" PRIu64 " failed %" PRIu64 " hosts %u:",
                   account->further_names, account->events, account->logons, account->failed,
                   account->host_count);
        for (uint32_t h = 0; h < account->host_count && h < ACCOUNT_HOSTS_SHOWN; h++)
            buf_printf(out, " %u", account->hosts[h]);
        extent(out, &account->extent);
        buf_add_char(out, '\n');
    }
    further(out, "account", &survey->accounts_further);
}

static void lists(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->channels_count; i++) {
        const SurveyChannel *channel = &survey->channels[i];
        BUF_LITERAL(out, "channel:");
        label(out, &channel->source);
        label(out, &channel->channel);
        buf_printf(out, " events %" PRIu64 " hosts %u", channel->events, channel->hosts);
        extent(out, &channel->extent);
        buf_add_char(out, '\n');
    }
    further(out, "channel", &survey->channels_further);
    for (size_t i = 0; i < survey->actions_count; i++) {
        const SurveyAction *action = &survey->actions[i];
        BUF_LITERAL(out, "action:");
        label(out, &action->action);
        buf_printf(out, " events %" PRIu64 " success %" PRIu64 " failure %" PRIu64, action->events,
                   action->success, action->failure);
        extent(out, &action->extent);
        buf_add_char(out, '\n');
    }
    further(out, "action", &survey->actions_further);
    for (size_t i = 0; i < survey->qualities_count; i++) {
        const SurveyQuality *quality = &survey->qualities[i];
        buf_printf(out, "quality: %u", quality->quality);
        label(out, &quality->source);
        buf_printf(out, " events %" PRIu64 " hosts %u", quality->events, quality->hosts);
        extent(out, &quality->extent);
        buf_add_char(out, '\n');
    }
    further(out, "quality", &survey->qualities_further);
    for (size_t i = 0; i < survey->recovered_count; i++) {
        const SurveyRecovered *recovered = &survey->recovered[i];
        buf_printf(out, "recovered: %u", recovered->host);
        label(out, &recovered->source);
        buf_printf(out, " events %" PRIu64 " fragments %" PRIu64, recovered->events,
                   recovered->fragments);
        extent(out, &recovered->extent);
        buf_add_char(out, '\n');
    }
    further(out, "recovered", &survey->recovered_further);
}

static void marks(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->marks_count; i++) {
        const SurveyMark *mark = &survey->marks[i];
        buf_printf(out, "mark: kind %u host %d class %u", mark->mark.kind,
                   mark->host == SURVEY_NONE ? -1 : (int)mark->host, mark->mark.class);
        time(out, mark->mark.time);
        ref(out, &mark->mark.at);
        label(out, &mark->mark.source);
        label(out, &mark->mark.channel);
        label(out, &mark->mark.code);
        label(out, &mark->mark.object);
        label(out, &mark->mark.domain);
        label(out, &mark->mark.user);
        buf_printf(out, " record %" PRIi64 " step %" PRIi64 "s%s%s\n",
                   (int64_t)mark->mark.record_id, mark->mark.step_ns / NANOSECONDS_PER_SECOND,
                   mark->at_shutdown ? " at shutdown" : "", mark->mark.failed ? " failed" : "");
    }
    further(out, "mark", &survey->marks_further);
}

static void run_end(Buf *out, const RunEnd *end)
{
    buf_printf(out, " %" PRIu64, end->number);
    time(out, end->time);
    ref(out, &end->at);
}

static void series(const Survey *survey, Buf *out)
{
    for (size_t i = 0; i < survey->series_count; i++) {
        const SurveySeries *s = &survey->series[i];
        buf_printf(out, "series: %u", s->host);
        label(out, &s->channel);
        buf_printf(out, " #%u", s->sequence);
        run_end(out, &s->low);
        run_end(out, &s->high);
        buf_printf(out,
                   " present %" PRIu64 " missing %" PRIu64 " gaps %" PRIu64 " recovered %" PRIu64
                   " cleared %" PRIu64 "%s%s\n",
                   s->present, s->missing, s->gaps, s->recovered, s->cleared_gaps,
                   s->starts_clear ? " starts with a clear" : "", s->sparse ? " sparse" : "");
    }
    further(out, "series", &survey->series_further);
    for (size_t i = 0; i < survey->gaps_count; i++) {
        const SurveyGap *gap = &survey->gaps[i];
        buf_printf(out, "gap: %u", gap->host);
        label(out, &gap->channel);
        buf_printf(out, " #%u", gap->sequence);
        run_end(out, &gap->before);
        run_end(out, &gap->after);
        buf_printf(out, " missing %" PRIu64 " recovered %" PRIu64, gap->missing, gap->recovered);
        if (gap->cleared) {
            BUF_LITERAL(out, " cleared");
            ref(out, &gap->clear_at);
        }
        buf_add_char(out, '\n');
    }
    further(out, "gap", &survey->gaps_further);
}

void survey_write_text(const Survey *survey, Buf *out)
{
    totals(survey, out);
    items(survey, out);
    hosts(survey, out);
    sources(survey, out);
    accounts(survey, out);
    lists(survey, out);
    marks(survey, out);
    series(survey, out);
    for (size_t i = 0; i < survey->defects_count; i++) {
        const SurveyDefect *defect = &survey->defects[i];
        buf_printf(out, "defect: %u %u %" PRIi64 " %" PRIu64 " ", defect->item, defect->kind,
                   (int64_t)defect->offset, defect->size);
        buf_add_text(out, defect->text);
        buf_add_char(out, '\n');
    }
    further(out, "defect", &survey->defects_further);
}

static void param(const Param *param, Buf *out)
{
    buf_printf(out, " %s%s=", param->use == PARAM_IDENTITY ? "*" : "", param->name);
    if (param->type == PARAM_TEXT) {
        buf_add_text(out, param->text);
    } else if (param->type == PARAM_NUMBER || param->type == PARAM_RECORD) {
        buf_add_u64(out, param->number);
    } else if (param->type == PARAM_DURATION) {
        buf_add_i64(out, param->time / NANOSECONDS_PER_SECOND);
    } else {
        time(out, param->time);
    }
}

void findings_write_text(const Findings *findings, Buf *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const Finding *finding = &findings->list[i];
        buf_printf(out, "finding: %016" PRIx64 " ", finding->id);
        buf_add_text(out, FINDING_NAME[finding->kind]);
        buf_printf(out, " confidence %u", finding->confidence);
        for (size_t p = 0; p < finding->param_count; p++)
            param(&finding->params[p], out);
        for (size_t c = 0; c < finding->citation_count; c++) {
            ref(out, &finding->citations[c].event);
            if (finding->citations[c].whole_item)
                BUF_LITERAL(out, "(item)");
        }
        buf_add_char(out, '\n');
    }
    for (unsigned kind = 0; kind < FINDING_KIND_COUNT; kind++)
        if (findings->further[kind])
            buf_printf(out, "finding: %" PRIu64 " more of %s\n", findings->further[kind],
                       FINDING_NAME[kind].ptr);
}
