/* tracks_check.h: lines read by tracks (format/evtx_json_tracks.h) are as read token by token. */
#ifndef TRACKS_CHECK_H
#define TRACKS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Read the lines of `text`, twice over, with one memory of tracks, and each beside it without.
 * false: they differ, and *ret_line is the number of the line. *ret_by_tracks: how many lines of
 * the second time were read by tracks. */
bool tracks_agree(Text text, size_t *ret_line, size_t *ret_by_tracks);

#endif
