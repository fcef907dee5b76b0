#include "analysis/habit.h"

#include <stdbool.h>

#define DAY_HOURS  24
#define WEEK_HOURS 168

static const uint32_t WEEK_DAYS[2] = {5, 2};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static unsigned day_kind(int64_t hour)
{
    int64_t day = floor_div(hour, DAY_HOURS) + 3; /* 1970-01-01 was a Thursday */
    return day - 7 * floor_div(day, 7) >= 5;
}

static unsigned hour_of_day(int64_t hour)
{
    return (unsigned)(hour - DAY_HOURS * floor_div(hour, DAY_HOURS));
}

/* How often each kind of hour occurs in [begin, end). */
static HourCounts hours_between(int64_t begin, int64_t end)
{
    HourCounts counts = {{{0}}};
    if (begin >= end)
        return counts;
    int64_t weeks = (end - begin) / WEEK_HOURS;
    for (unsigned kind = 0; kind < 2; kind++)
        for (unsigned h = 0; h < DAY_HOURS; h++)
            counts.n[kind][h] = (uint32_t)weeks * WEEK_DAYS[kind];
    for (int64_t hour = begin + weeks * WEEK_HOURS; hour < end; hour++)
        counts.n[day_kind(hour)][hour_of_day(hour)]++;
    return counts;
}

void habit_add(Habit *habit, int64_t hour)
{
    if (habit->first > habit->last)
        habit->first = hour;
    habit->last = hour;
    habit->active.n[day_kind(hour)][hour_of_day(hour)]++;
}

static bool is_usual(uint32_t active, uint32_t days)
{
    return days >= HABIT_DAYS_MIN && (uint64_t)active * 100 >= (uint64_t)days * HABIT_SHARE_PERCENT;
}

uint32_t habit_usual_hours(const Habit *habit, int64_t begin, int64_t end)
{
    HourCounts stretch = hours_between(begin, end);
    HourCounts all = hours_between(habit->first, habit->last + 1);
    HourCounts inside = hours_between(begin > habit->first ? begin : habit->first,
                                      end < habit->last + 1 ? end : habit->last + 1);
    uint32_t usual = 0;
    for (unsigned kind = 0; kind < 2; kind++)
        for (unsigned h = 0; h < DAY_HOURS; h++)
            if (is_usual(habit->active.n[kind][h], all.n[kind][h] - inside.n[kind][h]))
                usual += stretch.n[kind][h];
    return usual;
}

uint32_t habit_week_hours(const Habit *habit)
{
    HourCounts all = hours_between(habit->first, habit->last + 1);
    uint32_t usual = 0;
    for (unsigned kind = 0; kind < 2; kind++)
        for (unsigned h = 0; h < DAY_HOURS; h++)
            if (is_usual(habit->active.n[kind][h], all.n[kind][h]))
                usual += WEEK_DAYS[kind];
    return usual;
}
