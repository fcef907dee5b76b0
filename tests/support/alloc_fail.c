#include "alloc_fail.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#endif

/* What malloc and relatives were before they were replaced here. */
#if defined(WITH_SANITIZER)
#define REAL(function) __interceptor_##function
#else
#define REAL(function) __libc_##function
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);

static size_t countdown; /* 0: not counting */
static bool refused;

void alloc_fail_at(size_t number)
{
    countdown = number;
    refused = false;
}

bool alloc_fail_over(void)
{
    countdown = 0;
    return refused;
}

static bool refuse(void)
{
    if (countdown == 0)
        return false;
    if (countdown > 1) {
        countdown--;
        return false;
    }
    refused = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
    return refuse() ? NULL : REAL(realloc)(old, size);
}
