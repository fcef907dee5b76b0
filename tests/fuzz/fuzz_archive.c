/* fuzz_archive: any bytes as a container. Members come in turn, defects have words and lie within
 * the item. */
#include <stdint.h>
#include <stdlib.h>

#include "archive_make.h"
#include "format/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const PASSWORDS[] = {"pw"};
    static const FormatOptions OPTIONS = {.passwords = PASSWORDS, .password_count = 1};
    static bool prepared;
    if (!prepared)
        archive_prepare();
    prepared = true;
    const Format *format = archive_identify(span_of(data, size));
    if (!format || !format->open)
        return 0;
    Opened opened = archive_open_all(format, span_of(data, size), "x.gz", &OPTIONS, 4u << 20);
    if (opened.bad)
        abort();
    opened_done(&opened);
    return 0;
}
