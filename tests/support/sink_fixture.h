/* sink_fixture.h: a sink over the fixture's schema, and looks into the batches it gives, for the
 * tests of src/event. */
#ifndef SINK_FIXTURE_H
#define SINK_FIXTURE_H

#include "event_fixture.h"

typedef struct State {
    Schema *schema;
    Fixture fixture;
    Sink *sink;
} State;

/* For cmocka_unit_test_setup_teardown. */
int set_up(void **state);
int tear_down(void **state);

/* A logon of the Security log. */
extern const EventKind LOGON;

void add(Sink *sink, const char *name, const char *text);
void commit(Sink *sink, const EventKind *kind); /* the event has a twin key, and no record id */
Batch flush(State *s);                          /* the last batch */

void assert_text(Text t, const char *expected);

/* The value as text; "(absent)" when it is. */
void assert_value(const Batch *batch, bool present, Value value, const char *expected);
void assert_ecs(const Batch *batch, uint32_t row, const char *name, const char *expected);
void assert_role(const Batch *batch, uint32_t row, Role role, const char *expected);
void assert_action(const Batch *batch, uint32_t row, const char *action, const char *outcome);

#endif
