#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK     (64 * 1024 - 64) /* first block; later ones double up to ARENA_BLOCK_MAX */
#define ARENA_BLOCK_MAX (4 * 1024 * 1024)

typedef struct Block {
    struct Block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
} Block;

struct Arena {
    Block *first;
    Block *current;
    size_t limit;
    size_t reserved; /* bytes taken from the system */
    size_t used;
};

Arena *arena_create(size_t limit_bytes)
{
    Arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->limit = limit_bytes;
    return arena;
}

void arena_destroy(Arena *arena)
{
    if (!arena)
        return;
    for (Block *block = arena->first, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void arena_clear(Arena *arena)
{
    for (Block *block = arena->first; block; block = block->next)
        block->used = 0;
    arena->current = arena->first;
    arena->used = 0;
}

/* A block with room for `size`: the next kept one if it is large enough, else a new one. */
static Block *arena_next_block(Arena *arena, size_t size)
{
    Block *after = arena->current ? arena->current->next : NULL;
    if (after && after->cap >= size)
        return after;
    size_t cap = arena->current ? arena->current->cap * 2 : ARENA_BLOCK;
    if (cap > ARENA_BLOCK_MAX)
        cap = ARENA_BLOCK_MAX;
    if (cap < size)
        cap = size;
    size_t total;
    if (!add_size(sizeof(Block), cap, &total) || total > arena->limit - arena->reserved) {
        if (sizeof(Block) + size < size || sizeof(Block) + size > arena->limit - arena->reserved)
            return NULL;
        cap = size;
        total = sizeof(Block) + size;
    }
    Block *block = malloc(total);
    if (!block)
        return NULL;
    *block = (Block){.next = after, .cap = cap};
    arena->reserved += total;
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    return block;
}

void *arena_alloc(Arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    Block *block = arena->current;
    if (!block || block->cap - block->used < size) {
        block = arena_next_block(arena, size);
        if (!block)
            return NULL;
        arena->current = block;
    }
    void *out = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return memset(out, 0, size);
}

void *arena_alloc_array(Arena *arena, size_t count, size_t size)
{
    size_t total;
    return mul_size(count, size, &total) ? arena_alloc(arena, total) : NULL;
}

bool arena_copy_text(Arena *arena, Text t, Text *ret)
{
    char *copy = arena_copy_z(arena, t);
    if (!copy)
        return false;
    *ret = text_of(copy, t.len);
    return true;
}

char *arena_copy_z(Arena *arena, Text t)
{
    char *copy = t.len < SIZE_MAX ? arena_alloc(arena, t.len + 1) : NULL;
    if (copy && t.len)
        memcpy(copy, t.ptr, t.len);
    return copy;
}

size_t arena_used(const Arena *arena)
{
    return arena->used;
}
