#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/span.h"
#include "base/time.h"

#define ZONE_FOLDER    "/usr/share/zoneinfo"
#define ZONE_FILE_MAX  (64 * 1024)
#define EAST_MAX       (26 * 3600) /* what RFC 8536 allows: -25:59:59 to +25:59:59 */
#define TZIF_HEAD_SIZE 44

/* Index of the change in force at `utc`; -1 before the first. */
static int64_t change_at(const Zone *zone, int64_t utc)
{
    uint32_t low = 0, high = zone->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low - 1;
}

static int32_t east_of(const Zone *zone, int64_t change)
{
    return change < 0 ? zone->first_east : zone->east[change];
}

int32_t zone_east_at(const Zone *zone, int64_t utc_seconds)
{
    return east_of(zone, change_at(zone, utc_seconds));
}

ZoneFit zone_to_utc(const Zone *zone, int64_t local, int64_t *ret)
{
    /* Every period that could hold the reading; rising, so the first fit is the earlier moment. */
    int64_t first = change_at(zone, local - EAST_MAX);
    int64_t last = change_at(zone, local + EAST_MAX);
    unsigned fits = 0;
    int64_t before = local - east_of(zone, first); /* by the distance before the gap, if in one */
    for (int64_t i = first; i <= last; i++) {
        int64_t utc = local - east_of(zone, i);
        bool begun = i < 0 || utc >= zone->at[i];
        bool ended = i + 1 < (int64_t)zone->count && utc >= zone->at[i + 1];
        if (begun && !ended && fits++ == 0)
            *ret = utc;
        if (begun)
            before = utc;
    }
    if (fits == 0)
        *ret = before;
    return fits == 0 ? ZONE_NEVER : fits == 1 ? ZONE_ONCE : ZONE_TWICE;
}

/* +hh, +hhmm, +hh:mm */
static bool parse_fixed(Text t, int32_t *ret)
{
    if (t.len < 3 || (t.ptr[0] != '+' && t.ptr[0] != '-'))
        return false;
    uint64_t hours, minutes = 0;
    Text rest = text_of(t.ptr + 3, t.len - 3);
    if (rest.len && rest.ptr[0] == ':')
        rest = text_of(rest.ptr + 1, rest.len - 1);
    if (!text_to_u64(text_of(t.ptr + 1, 2), &hours) || hours > 18)
        return false;
    if (t.len > 3 && (rest.len != 2 || !text_to_u64(rest, &minutes) || minutes > 59))
        return false;
    int32_t east = (int32_t)(hours * 3600 + minutes * 60);
    *ret = t.ptr[0] == '-' ? -east : east;
    return true;
}

static uint32_t take_u32be(Reader *r)
{
    return __builtin_bswap32(reader_u32le(r));
}

typedef struct TzifHead {
    uint8_t version;
    uint32_t utc_flags, standard_flags, leaps, changes, types, letters;
} TzifHead;

static bool read_head(Reader *r, TzifHead *ret)
{
    Span magic = reader_take(r, 4);
    *ret = (TzifHead){.version = reader_u8(r)};
    reader_skip(r, 15);
    ret->utc_flags = take_u32be(r);
    ret->standard_flags = take_u32be(r);
    ret->leaps = take_u32be(r);
    ret->changes = take_u32be(r);
    ret->types = take_u32be(r);
    ret->letters = take_u32be(r);
    return !r->failed && span_starts_with(magic, "TZif", 4);
}

/* Bytes of a block whose times are `width` wide. Counts are below ZONE_FILE_MAX: no overflow. */
static size_t block_size(const TzifHead *h, size_t width)
{
    return h->changes * (width + 1) + h->types * (size_t)6 + h->letters + h->leaps * (width + 4) +
           h->standard_flags + h->utc_flags;
}

static bool head_plausible(const TzifHead *h)
{
    return h->changes <= ZONE_CHANGES_MAX && h->types >= 1 && h->types <= 256 &&
           h->letters <= 4096 && h->leaps == 0 && h->standard_flags <= 256 && h->utc_flags <= 256;
}

static bool read_block(Reader *r, const TzifHead *h, size_t width, Zone *zone)
{
    Span times = reader_take(r, h->changes * width);
    Span kinds = reader_take(r, h->changes);
    Span types = reader_take(r, h->types * (size_t)6);
    reader_skip(r, h->letters + h->standard_flags + (size_t)h->utc_flags);
    if (r->failed)
        return false;
    Reader first = reader_of(types, 0);
    zone->first_east = (int32_t)take_u32be(&first);
    Reader time = reader_of(times, 0);
    for (uint32_t i = 0; i < h->changes; i++) {
        uint64_t high = width == 8 ? take_u32be(&time) : 0;
        uint32_t low = take_u32be(&time);
        zone->at[i] = width == 8 ? (int64_t)(high << 32 | low) : (int32_t)low;
        if (kinds.ptr[i] >= h->types || (i > 0 && zone->at[i] <= zone->at[i - 1]))
            return false;
        Reader type = reader_of(types, 0);
        reader_skip(&type, kinds.ptr[i] * (size_t)6);
        zone->east[i] = (int32_t)take_u32be(&type);
        if (zone->east[i] <= -EAST_MAX || zone->east[i] >= EAST_MAX)
            return false;
    }
    zone->count = h->changes;
    return zone->first_east > -EAST_MAX && zone->first_east < EAST_MAX;
}

bool zone_from_tzif(Span file, Zone *ret, Err *err)
{
    Reader r = reader_of(file, 0);
    TzifHead head;
    Zone zone = {0};
    if (!read_head(&r, &head) || !head_plausible(&head))
        return err_set(err, ERR_FORMAT, 0, "not a time zone file that Constat can use");
    size_t width = 4;
    if (head.version >= '2') { /* the same again in 64 bits */
        reader_skip(&r, block_size(&head, 4));
        if (!read_head(&r, &head) || !head_plausible(&head))
            return err_set(err, ERR_FORMAT, r.pos, "the second time zone header is damaged");
        width = 8;
    }
    if (!read_block(&r, &head, width, &zone))
        return err_set(err, ERR_FORMAT, r.pos, "the time zone table is damaged");
    Text footer = text_trim(text_from_span(reader_take(&r, reader_left(&r))));
    if (width == 8 && footer.len) {
        int32_t year = 1970;
        if (zone.count && zone.at[zone.count - 1] > 0)
            year = civil_from_seconds(zone.at[zone.count - 1]).year;
        if (!zone_add_rule(&zone, footer, year, err))
            return false;
    }
    *ret = zone;
    return true;
}

static bool read_file(const char *path, Buf *buf, Err *err)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "%s", path);
    for (;;) {
        char *room = buf_reserve(buf, 4096);
        if (!room)
            return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s is too large for a zone", path);
        ssize_t n = read(fd, room, 4096);
        if (n < 0)
            return err_errno(err, errno, "%s", path);
        if (n == 0)
            return true;
        buf->len += (size_t)n;
    }
}

/* Letters, digits and _ + - / only: a name can never lead out of the folder. */
static bool is_zone_name(Text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool fine = (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '+' || c == '-' || (c == '/' && i > 0);
        if (!fine)
            return false;
    }
    return name.len > 0 && name.len < 64;
}

static bool load_named(Text name, const char *folder, Zone *ret, Err *err)
{
    if (!folder)
        folder = getenv("TZDIR");
    if (!folder || !*folder)
        folder = ZONE_FOLDER;
    Buf path, file;
    buf_init(&path, 4096);
    buf_init(&file, ZONE_FILE_MAX + 4096);
    buf_printf(&path, "%s/%.*s", folder, (int)name.len, name.ptr);
    buf_add_char(&path, '\0');
    bool ok = path.failed
                  ? err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "zone path")
                  : read_file(path.ptr, &file, err) && zone_from_tzif(buf_span(&file), ret, err);
    buf_done(&path);
    buf_done(&file);
    return ok;
}

bool zone_load(Text name, const char *folder, Zone *ret, Err *err)
{
    int32_t east = 0;
    if (text_equal_nocase(name, TEXT("UTC")) || text_equal_nocase(name, TEXT("Z")) ||
        parse_fixed(name, &east)) {
        *ret = (Zone){.first_east = east};
        return true;
    }
    if (!is_zone_name(name))
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "\"%s\" is not a time zone: UTC, +01:00, or a name as Europe/Luxembourg",
                       quote(name.ptr, name.len).str);
    if (!load_named(name, folder, ret, err))
        return err_wrap(err, "time zone \"%s\"", quote(name.ptr, name.len).str);
    return true;
}
