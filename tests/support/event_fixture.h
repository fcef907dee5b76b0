/* event_fixture.h: a small schema and an owner that keeps what a sink hands over, for the tests
 * of src/event. */
#ifndef EVENT_FIXTURE_H
#define EVENT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "event/batch.h"
#include "event/schema.h"
#include "event/sink.h"

/* The file `name` with `content`, in the folder that the test may write to. */
void fixture_write_file(const char *name, const char *content);

/* That folder. */
const char *fixture_folder(void);

/* The schema of event_fixture.c's tables; ends the test with a message if it does not load. */
Schema *fixture_schema(void);

#define FIXTURE_BATCHES_MAX 64

typedef struct Fixture {
    SinkOwner owner;                   /* ready for sink_create */
    Span batches[FIXTURE_BATCHES_MAX]; /* own copies */
    size_t batch_count;
    size_t defect_count, note_count;
    char last_text[600]; /* of a defect or note */
    uint64_t last_offset, last_size;
    uint64_t progress;
    size_t refuse_after; /* batches; then the owner says no. SIZE_MAX: never */
} Fixture;

void fixture_init(Fixture *fixture);
void fixture_done(Fixture *fixture);

/* The batch number `i`, checked by batch_open. */
Batch fixture_batch(const Fixture *fixture, size_t i);

/* One logon of the Security log: fields in their usual order. Twin key included. */
void fixture_add_logon(Sink *sink, uint64_t record_id, const char *user, const char *address);

#endif
