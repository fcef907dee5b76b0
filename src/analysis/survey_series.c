/* Record numbers: which are missing.
 *
 * Runs (run.h) of a host and channel come in the order of their lowest number. They are put into
 * *lanes*, whose numbers rise together with their times. A run continues the lane that ends just
 * before it; one that begins inside the last run of a lane, in number and in time, is another copy
 * of the same records. One that begins behind the end of a lane, and not earlier in time, continues
 * it after a gap. What fits no lane begins one: numbering began anew there, as when a log was
 * deleted and made again. So no gap is made up between records of different ages of a log, and none
 * is hidden by them. */
#include <stdlib.h>

#include "analysis/survey_inside.h"

#define LANES_MAX 16 /* of one host and channel; runs that fit none of so many are left out */
#define COPY_NS   (2 * NANOSECONDS_PER_SECOND) /* exports round times */
#define BACKWARDS_NS                                                                               \
    (INT64_C(86400) * NANOSECONDS_PER_SECOND) /* a clock may have been set back                    \
                                               */
#define GAPS_EACH   20                        /* more of them: the records are a selection … */
#define GAPS_SPARSE 5                         /* … and only the widest are listed */

typedef struct Lane {
    SurveySeries series;
    RunEnd last_low; /* of the run that reaches furthest; its end is series.high */
    Top gaps;
} Lane;

typedef struct SeriesPart {
    Top series, gaps;
    bool any;
    uint32_t host;
    Label channel;
    Lane lanes[LANES_MAX];
    size_t lane_count;
    uint64_t recovered, recovered_high; /* numbers of recovered records since the last live run */
} SeriesPart;

static int gap_place(const void *a, const void *b)
{
    const SurveyGap *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    if (!order)
        order = label_compare(&x->channel, &y->channel);
    if (!order)
        order = up_u64(x->sequence, y->sequence);
    return order ? order : up_u64(x->before.number, y->before.number);
}

static int wider(const void *a, const void *b)
{
    const SurveyGap *x = a, *y = b;
    int order = down_u64(x->missing, y->missing);
    return order ? order : gap_place(a, b);
}

static int series_place(const void *a, const void *b)
{
    const SurveySeries *x = a, *y = b;
    int order = up_u64(x->host, y->host);
    if (!order)
        order = label_compare(&x->channel, &y->channel);
    return order ? order : up_u64(x->sequence, y->sequence);
}

static int misses_more(const void *a, const void *b)
{
    const SurveySeries *x = a, *y = b;
    int order = down_u64(x->missing, y->missing);
    if (!order)
        order = down_u64(x->present, y->present);
    return order ? order : series_place(a, b);
}

static bool begin(Build *build, Err *err)
{
    SeriesPart *part = calloc(1, sizeof *part);
    build->part = part;
    if (!part)
        return survey_no_memory(err);
    part->series = top_of(sizeof(SurveySeries), SURVEY_SERIES_MAX, misses_more);
    part->gaps = top_of(sizeof(SurveyGap), SURVEY_GAPS_MAX, wider);
    for (size_t i = 0; i < LANES_MAX; i++)
        part->lanes[i].gaps = top_of(sizeof(SurveyGap), GAPS_EACH, wider);
    return true;
}

static void drop(Build *build)
{
    SeriesPart *part = build->part;
    if (!part)
        return;
    for (size_t i = 0; i < LANES_MAX; i++)
        top_done(&part->lanes[i].gaps);
    top_done(&part->series);
    top_done(&part->gaps);
    free(part);
}

/* ---- lanes ---- */

static bool not_before(Time later, Time earlier, int64_t tolerance)
{
    if (later == TIME_NONE || earlier == TIME_NONE || later >= earlier)
        return true;
    return (uint64_t)earlier - (uint64_t)later <= (uint64_t)tolerance;
}

static uint64_t distance(Time a, Time b)
{
    if (a == TIME_NONE || b == TIME_NONE)
        return 0;
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* Does the run begin where this lane ends? */
static bool follows(const Lane *lane, const Run *run)
{
    return run->low.number != 0 && lane->series.high.number == run->low.number - 1;
}

static bool is_copy(const Lane *lane, const Run *run)
{
    return run->low.number >= lane->last_low.number &&
           run->low.number <= lane->series.high.number &&
           not_before(run->low.time, lane->last_low.time, COPY_NS) &&
           not_before(lane->series.high.time, run->low.time, COPY_NS);
}

static bool comes_later(const Lane *lane, const Run *run)
{
    return run->low.number > lane->series.high.number &&
           not_before(run->low.time, lane->series.high.time, BACKWARDS_NS);
}

/* Of lanes that the test accepts, the one whose end is nearest in time. */
static Lane *nearest(SeriesPart *part, const Run *run,
                     bool (*accepts)(const Lane *lane, const Run *run))
{
    Lane *best = NULL;
    for (size_t i = 0; i < part->lane_count; i++) {
        Lane *lane = &part->lanes[i];
        if (accepts(lane, run) && (!best || distance(run->low.time, lane->series.high.time) <
                                                distance(run->low.time, best->series.high.time)))
            best = lane;
    }
    return best;
}

static void extend(Lane *lane, const Run *run)
{
    uint64_t high = lane->series.high.number;
    if (run->high.number <= high)
        return;
    uint64_t low = run->low.number > high ? run->low.number : high + 1;
    lane->series.present += run->high.number - low + 1;
    lane->series.high = run->high;
    lane->last_low = run->low;
}

static void open_lane(SeriesPart *part, const Run *run)
{
    Lane *lane = &part->lanes[part->lane_count++];
    lane->series = (SurveySeries){.host = part->host,
                                  .channel = part->channel,
                                  .sequence = (uint32_t)part->lane_count,
                                  .low = run->low,
                                  .high = run->high,
                                  .present = run->high.number - run->low.number + 1,
                                  .starts_clear = run->starts_clear};
    lane->last_low = run->low;
    lane->gaps.count = 0;
    lane->gaps.offered = 0;
}

/* ---- gaps ---- */

static int clear_order(const Clear *a, uint32_t host, uint64_t channel, Time time)
{
    int order = up_u64(a->host, host);
    if (!order)
        order = up_u64(a->channel, channel);
    return order ? order : up_time(a->time, time);
}

/* The first clear of this log at or after `from`, if it is not after `to`. */
static const Clear *find_clear(const Build *build, const SeriesPart *part, Time from, Time to)
{
    uint64_t channel = channel_hash(&part->channel);
    size_t low = 0, high = build->clear_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (clear_order(&build->clears[middle], part->host, channel, from) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const Clear *clear = &build->clears[low];
    bool found = low < build->clear_count && clear->host == part->host &&
                 clear->channel == channel && clear->time <= to;
    return found ? clear : NULL;
}

static bool add_gap(const Build *build, SeriesPart *part, Lane *lane, const Run *run, Err *err)
{
    SurveySeries *series = &lane->series;
    SurveyGap gap = {.host = part->host,
                     .channel = part->channel,
                     .sequence = series->sequence,
                     .before = series->high,
                     .after = run->low,
                     .missing = run->low.number - series->high.number - 1};
    uint64_t recovered = part->recovered;
    if (part->recovered_high >= run->low.number && recovered)
        recovered -= part->recovered_high - run->low.number + 1;
    gap.recovered = recovered < gap.missing ? recovered : gap.missing;
    if (run->starts_clear) {
        gap.cleared = true;
        gap.clear_at = run->low.at;
    } else if (gap.before.time != TIME_NONE && gap.after.time != TIME_NONE) {
        const Clear *clear = find_clear(build, part, gap.before.time, gap.after.time);
        gap.cleared = clear != NULL;
        if (clear)
            gap.clear_at = clear->at;
    }
    series->gaps++;
    series->missing += gap.missing;
    series->recovered += gap.recovered;
    series->cleared_gaps += gap.cleared;
    return top_offer(&lane->gaps, &gap) || survey_no_memory(err);
}

/* Recovered records fill no gap; how many of its numbers were recovered is told with it. */
static void add_recovered(SeriesPart *part, const Run *run)
{
    uint64_t low = run->low.number;
    for (size_t i = 0; i < part->lane_count; i++)
        if (low <= part->lanes[i].series.high.number)
            low = part->lanes[i].series.high.number + 1;
    if (part->recovered && low <= part->recovered_high)
        low = part->recovered_high + 1;
    if (low == 0 || low > run->high.number)
        return;
    part->recovered += run->high.number - low + 1;
    part->recovered_high = run->high.number;
}

static bool add_run(const Build *build, SeriesPart *part, const Run *run, Err *err)
{
    if (run->recovered) {
        add_recovered(part, run);
        return true;
    }
    Lane *lane = nearest(part, run, follows);
    if (!lane)
        lane = nearest(part, run, is_copy);
    if (!lane && (lane = nearest(part, run, comes_later)) && !add_gap(build, part, lane, run, err))
        return false;
    if (lane)
        extend(lane, run);
    else if (part->lane_count < LANES_MAX)
        open_lane(part, run);
    else
        build->survey->series_further.events += run->high.number - run->low.number + 1;
    part->recovered = 0;
    return true;
}

/* ---- one host and channel ---- */

static bool close_lane(Build *build, SeriesPart *part, Lane *lane, Err *err)
{
    SurveyTotals *totals = &build->survey->totals;
    SurveySeries *series = &lane->series;
    series->sparse = series->gaps > GAPS_EACH;
    totals->series++;
    totals->gaps += series->gaps;
    totals->missing += series->missing;
    totals->gaps_cleared += series->cleared_gaps;
    top_sort(&lane->gaps, wider);
    size_t listed = series->sparse ? GAPS_SPARSE : lane->gaps.count;
    for (size_t i = 0; i < listed; i++) {
        SurveyGap *gap = top_at(&lane->gaps, i);
        gap->sparse = series->sparse;
        if (!top_offer(&part->gaps, gap))
            return survey_no_memory(err);
    }
    return top_offer(&part->series, series) || survey_no_memory(err);
}

static bool flush(Build *build, SeriesPart *part, Err *err)
{
    for (size_t i = 0; i < part->lane_count; i++)
        if (!close_lane(build, part, &part->lanes[i], err))
            return false;
    part->lane_count = 0;
    part->recovered = 0;
    return true;
}

static bool take_single(Build *build, Span key, Span row, Err *err)
{
    SeriesPart *part = build->part;
    Reader reader = reader_of(key, 0);
    uint32_t host = tally_take_u32(&reader);
    Span rest = reader_take(&reader, reader_left(&reader));
    Label channel;
    Run run;
    if (reader.failed || !run_read(rest, row, &channel, &run))
        return survey_bad_row(err);
    if (host == HOST_BEYOND) {
        build->survey->series_further.events += run.high.number - run.low.number + 1;
        return true;
    }
    if (!part->any || part->host != host || !label_equal(&part->channel, &channel)) {
        if (!flush(build, part, err))
            return false;
        part->any = true;
        part->host = host;
        part->channel = channel;
    }
    return add_run(build, part, &run, err);
}

static bool finish(Build *build, Err *err)
{
    SeriesPart *part = build->part;
    Survey *survey = build->survey;
    if (!flush(build, part, err))
        return false;
    uint64_t left_out = survey->series_further.events;
    Keep series = {.top = &part->series,
                   .order = series_place,
                   .events_at = NO_EVENTS,
                   SURVEY_KEEP(survey, series)};
    Keep gaps = {
        .top = &part->gaps, .order = gap_place, .events_at = NO_EVENTS, SURVEY_KEEP(survey, gaps)};
    if (!survey_keep(build, &series, err) || !survey_keep(build, &gaps, err))
        return false;
    survey->series_further.events = left_out;
    survey->gaps_further.rows = survey->totals.gaps - survey->gaps_count;
    return true;
}

const Part SERIES_PART = {
    .begin = begin, .take_single = take_single, .finish = finish, .drop = drop};
