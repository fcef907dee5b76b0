/* sigma_fixture.h: rules from text and events from lines, for the tests of Sigma.
 *
 * An event is a line: fields separated by " ;; ", each NAME=text, or with a type NAME[type]=value:
 *   [u] unsigned  [i] signed  [x] hexadecimal  [f] double  [b] true or false  [null]=  [bin] digits
 *   [sid] hex digits of the bytes  [guid] 32 digits  [time] RFC 3339  [list] a|b|c, of texts
 * In texts \n, \t, \\, \s (a blank) and \xNN stand for what they say. @channel, @provider, @code
 * and
 * @product set what kind of record it is (windows, Application, Test and 1 without them); @code,
 * @channel and @provider also become its System fields. @at sets its time. */
#ifndef SIGMA_FIXTURE_H
#define SIGMA_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sigma/matcher.h"
#include "event/sink.h"

/* The tables of the repository. Ends the test if they do not load. */
LogSources *sigma_sources(void);

typedef struct SigmaRun {
    LogSources *sources;
    ValueLists *lists;
    RuleSet *set;
    Program *program;
    Matcher *matcher;
    Sink *sink;
    SinkOwner owner;
    uint8_t *batch; /* copy of the last batch */
    size_t batch_len;
    uint64_t events; /* committed */
} SigmaRun;

/* Rules of `yaml`, compiled. Ends the test when memory is missing; refused rules are in run->set.
 */
void sigma_open(SigmaRun *run, Text yaml, const ValueLists *lists);
void sigma_close(SigmaRun *run);

/* Add the event of a line. false: the line is not one. */
bool sigma_add_event(SigmaRun *run, Text line);

/* The events added since the last call, as one batch; valid until the next call. */
Batch sigma_batch(SigmaRun *run);

#endif
