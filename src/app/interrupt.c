#include "app/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t seen;
static Engine *volatile watched;

static void on_signal(int number)
{
    (void)number;
    seen = 1;
    if (watched)
        engine_interrupt(watched);
}

void interrupt_watch(Engine *engine)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
    watched = engine;
    /* No SA_RESTART: a write to a reader that has stopped must be left. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        struct sigaction before;
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(SIGNALS[i], &action, NULL); /* nohup keeps its meaning */
    }
}

bool interrupted(void)
{
    return seen != 0;
}

bool interrupt_error(Err *err)
{
    return err_set(err, ERR_INTERRUPTED, ERR_NO_OFFSET, "interrupted");
}
