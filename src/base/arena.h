/* arena.h: memory that lives and dies together.
 *
 * Allocation is a pointer step; nothing is freed singly. The limit is part of creation: past it
 * allocation gives NULL, which callers treat as any failed allocation. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"

typedef struct Arena Arena;

Arena *arena_create(size_t limit_bytes); /* NULL: no memory */
void arena_destroy(Arena *arena);        /* NULL is fine */
static inline void arena_destroyp(Arena **arena)
{
    arena_destroy(*arena);
}

/* Forget everything allocated, keep the memory for reuse. */
void arena_clear(Arena *arena);

/* `size` bytes, zeroed, aligned for any type; NULL when memory or the limit is exhausted. */
void *arena_alloc(Arena *arena, size_t size);
/* count * size with overflow check. */
void *arena_alloc_array(Arena *arena, size_t count, size_t size);
#define ARENA_NEW(arena, Type, count) ((Type *)arena_alloc_array((arena), (count), sizeof(Type)))

/* A copy owned by the arena; a NULL ptr with len 0 on failure of a non-empty text. */
bool arena_copy_text(Arena *arena, Text t, Text *ret);
/* NUL-terminated copy; NULL on failure. */
char *arena_copy_z(Arena *arena, Text t);

size_t arena_used(const Arena *arena);

#endif
