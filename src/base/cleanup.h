/* cleanup.h: scope-bound release. `CLEANUP(arena_destroyp) Arena *a = …` runs arena_destroyp(&a)
 * when `a` leaves its scope. Use it, or one forward `goto fail`, never both in one function. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void freep(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

/* Closes a descriptor kept in an int; -1 means none. */
static inline void fd_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void file_closep(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* read from: nothing can be lost */
}

static inline void dir_closep(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

#endif
