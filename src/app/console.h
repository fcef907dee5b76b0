/* console.h: what a command says to the person, on standard error.
 *
 * One line a message: `constat: PATH: byte 12345: text`. Nothing from evidence reaches the terminal
 * unescaped. Of each file at most CONSOLE_PER_ITEM notes and as many defects are shown unless
 * `verbose`, and how many more there were; everything is counted. */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "event/sink.h"
#include "evidence/item.h"

#define CONSOLE_PER_ITEM 20

typedef struct Console Console;

typedef enum ConsoleFlag {
    CONSOLE_QUIET = 1 << 0, /* damage only */
    CONSOLE_VERBOSE = 1 << 1,
    CONSOLE_COLOR = 1 << 2,
    CONSOLE_PROGRESS = 1 << 3, /* a progress line may be on the screen */
} ConsoleFlag;

Console *console_create(unsigned flags); /* NULL: no memory */
void console_destroy(Console *console);

/* The list that items will be of. It may grow. */
void console_set_items(Console *console, const ItemList *items);

/* `offset` may be ERR_NO_OFFSET. */
void console_defect(Console *console, const Item *item, DefectKind kind, uint64_t offset,
                    Text text);
/* About a path that is no item. As CollectNote: `ctx` is the console, `lost` counts as damage. */
void console_path(void *ctx, Text path, bool lost, const char *text);
/* A rule that was given and cannot run. `line` 0: no single one. All are shown. */
void console_rule(Console *console, Text file, uint32_t line, Text reason);
/* An entry of a feed of indicators that cannot be used. `unit` and `at` say where it stands. Of all
 * feeds as many are shown as of a file. */
void console_entry(Console *console, Text file, const char *unit, uint64_t at, DefectKind kind,
                   Text text);
/* About the run. */
__attribute__((format(printf, 2, 3))) void console_note(Console *console, const char *format, ...);

/* A line on the terminal that the next one replaces, and taking it away. Nothing elsewhere. */
__attribute__((format(printf, 2, 3))) void console_status(Console *console, const char *format,
                                                          ...);
void console_status_end(Console *console);

/* How many more messages there were than were shown, by file. */
void console_finish(Console *console);

/* Paths that were lost (console_path). */
uint64_t console_lost(const Console *console);

/* Why the program does not go on: for failures before and after everything else. */
__attribute__((format(printf, 1, 2))) void console_fail(const char *format, ...);

#endif
