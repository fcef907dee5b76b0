/* veil.h: hides what this program puts aside on disk (spooled members, sorted runs) from whoever
 * reads the disk later. XChaCha20 with a random key for each file that never leaves the memory of
 * this run; every byte can be hidden and shown by its place alone. Nothing is proven about the
 * bytes: they are only ours to read. */
#ifndef BASE_VEIL_H
#define BASE_VEIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Veil {
    uint8_t key[32];
} Veil;

/* Once, before the first use in a process and those that it forks: the fastest code for this
 * processor is chosen; without it, the slowest works (a tenth of the speed). veil_make does it. */
bool veil_prepare(void);

/* A new key. false: the system gives no randomness. */
bool veil_make(Veil *ret);

/* Hide, or show again: the same step. `offset`: of the first byte in the file. `out` may be
 * `bytes`, but must not overlap it otherwise. */
void veil_copy(const Veil *veil, uint64_t offset, void *out, const void *bytes, size_t len);
static inline void veil_apply(const Veil *veil, uint64_t offset, void *bytes, size_t len)
{
    veil_copy(veil, offset, bytes, bytes, len);
}

#endif
