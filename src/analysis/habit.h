/* habit.h: in which hours of the week a source usually has events, and so whether a stretch without
 * any stands out.
 *
 * Hours are those of the day in UTC, kept apart for Monday to Friday and for Saturday and Sunday.
 * An hour is *usual* for a source if, on the days of that kind within its period, it had events in
 * at least HABIT_SHARE_PERCENT of them, the stretch in question left out, and there are at least
 * HABIT_DAYS_MIN such days. A stretch is a silence if SILENCE_HOURS_MIN usual hours in it, or more,
 * have no event. So nights, weekends and sources without a rhythm are no silences, and for evidence
 * of a few days nothing is said. */
#ifndef ANALYSIS_HABIT_H
#define ANALYSIS_HABIT_H

#include <stdint.h>

#define HABIT_SHARE_PERCENT 80
#define HABIT_DAYS_MIN      5
#define SILENCE_HOURS_MIN   6

typedef struct HourCounts {
    uint32_t n[2][24]; /* Monday to Friday, Saturday and Sunday */
} HourCounts;

/* Hours are numbered since 1970-01-01 00:00 UTC. */
typedef struct Habit {
    HourCounts active;
    int64_t first, last; /* hours with events; first > last: none */
} Habit;

static inline void habit_clear(Habit *habit)
{
    *habit = (Habit){.first = 0, .last = -1};
}

void habit_add(Habit *habit, int64_t hour); /* rising, each once */

/* Usual hours among [begin, end), in none of which there was an event. */
uint32_t habit_usual_hours(const Habit *habit, int64_t begin, int64_t end);

/* Hours of the week that are usual, 0..168. */
uint32_t habit_week_hours(const Habit *habit);

#endif
