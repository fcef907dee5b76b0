#include "report/timeline_fill.h"

#include <stdlib.h>

#define PATH_MAX_SIZE (256u * 1024 * 1024)

bool item_text_make(ItemText *text, const TimelineFormat *format, Text path, const Sha256 *sha256)
{
    if (text->path)
        return true;
    Buf buf;
    buf_init(&buf, PATH_MAX_SIZE);
    format->path(&buf, path);
    buf_add_char(&buf, '\0'); /* never empty, so never NULL */
    if (buf.failed) {
        buf_done(&buf);
        return false;
    }
    text->path = buf.ptr;
    text->path_len = buf.len - 1;
    text->sha256_len = sha256 ? sizeof text->sha256 : 0;
    if (sha256)
        sha256_hex(sha256, text->sha256);
    return true;
}

void item_text_done(ItemText *text)
{
    free(text->path);
    *text = (ItemText){0};
}

/* ,"twins":[{"item":…,"offset":…},…] */
void timeline_add_twin(Buf *out, const ItemText *item, uint64_t offset, uint32_t count)
{
    if (count)
        BUF_LITERAL(out, ",{\"item\":");
    else
        BUF_LITERAL(out, ",\"twins\":[{\"item\":");
    buf_add(out, item->path, item->path_len);
    BUF_LITERAL(out, ",\"offset\":");
    buf_add_u64(out, offset);
    buf_add_char(out, '}');
}

void timeline_end_twins(Buf *out, uint32_t count)
{
    if (count)
        buf_add_char(out, ']');
}

void timeline_fill(Buf *out, const TimelineFormat *format, Text line, const ItemText *item,
                   Text twins)
{
    for (Gap gap = GAP_ITEM; gap < GAP_END; gap++) {
        if (!(format->gaps & 1u << gap))
            continue;
        buf_add_text(out, text_cut(&line, (char)gap));
        if (gap == GAP_ITEM)
            buf_add(out, item->path, item->path_len);
        else if (gap == GAP_SHA256)
            format->sha256(out, text_of(item->sha256, item->sha256_len));
        else
            buf_add_text(out, twins);
    }
    buf_add_text(out, line);
}
