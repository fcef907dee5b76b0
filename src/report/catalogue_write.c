/* Numbers, sizes, spans and times as a language writes them. */
#include "report/catalogue.h"

#include "base/digits.h"

/* `text` with {name} replaced by `value`; other placeholders are for the caller's next step. */
typedef struct Filling {
    const char *name;
    Text value;
} Filling;

static void fill(Buf *out, Text text, const Filling *fillings, size_t count)
{
    Text literal, name;
    while (catalogue_part(&text, &literal, &name)) {
        buf_add_text(out, literal);
        for (size_t i = 0; i < count; i++)
            if (text_equal(name, text_from_z(fillings[i].name)))
                buf_add_text(out, fillings[i].value);
    }
}

#define ROOM(size)                                                                                 \
    (Buf)                                                                                          \
    {                                                                                              \
        .ptr = (char[size]){0}, .cap = (size), .limit = (size)                                     \
    }

void catalogue_number(const Catalogue *catalogue, Buf *out, uint64_t n)
{
    char digits[DIGITS_U64_ROOM];
    size_t len = (size_t)(digits_put_u64(digits, n) - digits);
    Text group = catalogue_text(catalogue, TXT_NUMBER_GROUP, 0);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_add_text(out, group);
        buf_add_char(out, digits[i]);
    }
}

/* One digit behind the decimal sign, below ten. */
static void write_tenths(const Catalogue *catalogue, Buf *out, uint64_t tenths)
{
    if (tenths >= 100) {
        catalogue_number(catalogue, out, (tenths + 5) / 10);
        return;
    }
    catalogue_number(catalogue, out, tenths / 10);
    if (tenths % 10 == 0)
        return;
    buf_add_text(out, catalogue_text(catalogue, TXT_NUMBER_DECIMAL, 0));
    buf_add_char(out, (char)('0' + tenths % 10));
}

void catalogue_size(const Catalogue *catalogue, Buf *out, uint64_t bytes)
{
    Buf number = ROOM(64);
    if (bytes < 1000) {
        catalogue_number(catalogue, &number, bytes);
        Filling filling = {"count", buf_text(&number)};
        fill(out, catalogue_text(catalogue, TXT_SIZE_BYTES, bytes), &filling, 1);
        return;
    }
    uint64_t unit = 1000;
    unsigned step = 0;
    while (step < TXT_SIZE_6 - TXT_SIZE_1 && bytes / unit >= 1000) {
        unit *= 1000;
        step++;
    }
    uint64_t tenths = bytes / unit * 10 + bytes % unit / (unit / 10);
    write_tenths(catalogue, &number, tenths);
    Filling filling = {"number", buf_text(&number)};
    fill(out, catalogue_text(catalogue, (TextId)(TXT_SIZE_1 + step), 0), &filling, 1);
}

void catalogue_span(const Catalogue *catalogue, Buf *out, int64_t ns)
{
    static const struct {
        TextId id;
        uint64_t seconds;
    } UNITS[] = {{TXT_SPAN_DAYS, 86400},
                 {TXT_SPAN_HOURS, 3600},
                 {TXT_SPAN_MINUTES, 60},
                 {TXT_SPAN_SECONDS, 1}};
    uint64_t left = (ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns) / (uint64_t)NANOSECONDS_PER_SECOND;
    unsigned written = 0;
    if (left && left % (7 * UNITS[0].seconds) == 0) {
        Buf number = ROOM(64);
        catalogue_number(catalogue, &number, left / (7 * UNITS[0].seconds));
        Filling filling = {"count", buf_text(&number)};
        fill(out, catalogue_text(catalogue, TXT_SPAN_WEEKS, left / (7 * UNITS[0].seconds)),
             &filling, 1);
        return;
    }
    for (unsigned i = 0; i < sizeof UNITS / sizeof UNITS[0] && written < 2; i++) {
        uint64_t count = left / UNITS[i].seconds;
        bool last = UNITS[i].seconds == 1 && written == 0;
        left %= UNITS[i].seconds;
        if (count == 0 && !last) {
            written += written != 0; /* the next smaller unit would not be beside it */
            continue;
        }
        Buf number = ROOM(64);
        catalogue_number(catalogue, &number, count);
        Filling filling = {"count", buf_text(&number)};
        if (written)
            buf_add_char(out, ' ');
        fill(out, catalogue_text(catalogue, UNITS[i].id, count), &filling, 1);
        written++;
    }
}

static void write_date(const Catalogue *catalogue, Buf *out, const CivilTime *civil)
{
    Buf day = ROOM(8), year = ROOM(16);
    buf_add_u64(&day, civil->day);
    buf_printf(&year, "%d", (int)civil->year);
    Filling fillings[] = {
        {"day", civil->day == 1 ? catalogue_text(catalogue, TXT_DAY_FIRST, 0) : buf_text(&day)},
        {"month", catalogue_text(catalogue, (TextId)(TXT_MONTH_1 + civil->month - 1), 0)},
        {"year", buf_text(&year)}};
    fill(out, catalogue_text(catalogue, TXT_DATE, 0), fillings, 3);
}

void catalogue_time(const Catalogue *catalogue, Buf *out, Time time)
{
    if (time == TIME_NONE) {
        buf_add_text(out, catalogue_text(catalogue, TXT_TIME_NONE, 0));
        return;
    }
    CivilTime civil = time_to_civil(time);
    Buf date = ROOM(128);
    char hour[2], minute[2], second[2];
    write_date(catalogue, &date, &civil);
    digits_put_2(hour, civil.hour);
    digits_put_2(minute, civil.minute);
    digits_put_2(second, civil.second);
    Filling fillings[] = {{"date", buf_text(&date)},
                          {"hour", text_of(hour, 2)},
                          {"minute", text_of(minute, 2)},
                          {"second", text_of(second, 2)}};
    fill(out, catalogue_text(catalogue, TXT_TIME, 0), fillings, 4);
}
