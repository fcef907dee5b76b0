#include "detect/sigma/problem.h"

#include <stdarg.h>
#include <stdio.h>

bool problem_set(Problem *problem, uint32_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem->no_memory = false;
    problem->line = line;
    if (vsnprintf(problem->text, sizeof problem->text, format, args) < 0)
        problem->text[0] = '\0';
    va_end(args);
    return false;
}

bool problem_no_memory(Problem *problem)
{
    problem_set(problem, 0, "not enough memory");
    problem->no_memory = true;
    return false;
}
