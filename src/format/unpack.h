/* unpack.h: what is in a compressed item, as a stream. Private to src/format. */
#ifndef FORMAT_UNPACK_H
#define FORMAT_UNPACK_H

#include "base/err.h"
#include "base/span.h"
#include "event/sink.h"
#include "format/input.h"

typedef enum Packing { PACKED_BZIP2, PACKED_COMPRESS, PACKED_GZIP, PACKED_XZ, PACKED_ZSTD } Packing;

typedef struct Unpack Unpack;

/* `in` and `sink` must outlive it; damage that does not end it goes to `sink`. */
Unpack *unpack_open(Packing packing, const Input *in, Sink *sink, Err *err);
void unpack_close(Unpack *unpack);
static inline void unpack_closep(Unpack **unpack)
{
    unpack_close(*unpack);
}

/* The next bytes, at least one, valid until the next call. false: the end; or, if err->code is set,
 * no more can be had, and err says why and where in the item. */
bool unpack_next(Unpack *unpack, Span *ret, Err *err);

/* Bytes of the item that are used up. */
uint64_t unpack_at(const Unpack *unpack);

/* After the end: tell of bytes of the item behind it that are not zero. */
void unpack_tell_rest(const Unpack *unpack);

#endif
