/* Items: what was counted in each. The list itself comes from the store. */
#include "analysis/survey_inside.h"

static bool take(Build *build, Span key, const Tally *tally, Err *err)
{
    Survey *survey = build->survey;
    Reader reader = reader_of(key, 0);
    uint32_t rank = tally_take_u32(&reader);
    if (reader.failed || reader_left(&reader) || rank >= survey->item_count)
        return survey_bad_row(err);
    SurveyItem *item = &survey->items[rank];
    SurveyTotals *totals = &survey->totals;
    item->events = tally->n[N_EVENTS];
    item->twins = tally->n[N_ITEM_TWINS];
    item->recovered = tally->n[N_ITEM_RECOVERED];
    item->fragments = tally->n[N_ITEM_FRAGMENTS];
    item->timeless = tally->n[N_ITEM_TIMELESS];
    for (unsigned q = 0; q < TIME_QUALITY_COUNT; q++)
        item->quality[q] = tally->n[N_ITEM_QUALITY + q];
    item->first = tally->extent.first;
    item->last = tally->extent.last;
    totals->events += item->events;
    totals->twins += item->twins;
    totals->recovered += item->recovered;
    totals->fragments += item->fragments;
    totals->timeless += item->timeless;
    extent_join(&totals->extent, &tally->extent);
    return true;
}

const Part ITEMS_PART = {.take = take};
