#include "detect/sigma/read_context.h"

#include <stdarg.h>
#include <stdio.h>

bool context_note(ReadContext *context, uint32_t line, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        text[0] = '\0';
    RuleNote *note = ARENA_NEW(context->arena, RuleNote, 1);
    if (!note || !arena_copy_text(context->arena, text_from_z(text), &note->text))
        return problem_no_memory(context->problem);
    note->line = line;
    note->next = context->notes;
    context->notes = note;
    return true;
}
