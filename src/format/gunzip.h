/* gunzip.h: gzip (RFC 1952) by zlib. libarchive's reader checks neither sums nor lengths. Private
 * to src/format.
 *
 * Several parts may follow each other; they are one file. A sum or length that does not fit is a
 * defect, and reading goes on with the next part; damage within one ends it all, as nobody can say
 * where the next begins. */
#ifndef FORMAT_GUNZIP_H
#define FORMAT_GUNZIP_H

#include "base/err.h"
#include "base/span.h"
#include "event/sink.h"
#include "format/input.h"

typedef struct Gunzip Gunzip;

/* As unpack.h. */
Gunzip *gunzip_open(const Input *in, Sink *sink, Err *err);
void gunzip_close(Gunzip *gunzip);
bool gunzip_next(Gunzip *gunzip, Span *ret, Err *err);
uint64_t gunzip_at(const Gunzip *gunzip);

#endif
