#include "sink_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

const EventKind LOGON = {.product = {"windows", 7},
                         .channel = {"Security", 8},
                         .provider = {"Microsoft-Windows-Security-Auditing", 35},
                         .code = {"4624", 4}};

int set_up(void **state)
{
    static State s;
    s.schema = fixture_schema();
    fixture_init(&s.fixture);
    s.sink = sink_create(s.schema, &s.fixture.owner, SINK_WANTS_ALL);
    *state = &s;
    return s.sink ? 0 : -1;
}

int tear_down(void **state)
{
    State *s = *state;
    sink_destroy(s->sink);
    fixture_done(&s->fixture);
    schema_destroy(s->schema);
    return 0;
}

void add(Sink *sink, const char *name, const char *text)
{
    sink_add_text(sink, sink_name(sink, text_from_z(name)), text_from_z(text));
}

void commit(Sink *sink, const EventKind *kind)
{
    EventHead head = {.time = 1, .record_id = RECORD_ID_NONE, .twin = 1};
    assert_true(sink_commit(sink, &head, kind));
}

Batch flush(State *s)
{
    assert_true(sink_flush(s->sink, NULL));
    assert_true(s->fixture.batch_count > 0);
    return fixture_batch(&s->fixture, s->fixture.batch_count - 1);
}

void assert_text(Text t, const char *expected)
{
    if (!text_equal(t, text_from_z(expected)))
        fail_msg("found \"%s\", expected \"%s\"", quote(t.ptr, t.len).str, expected);
}

void assert_value(const Batch *batch, bool present, Value value, const char *expected)
{
    Buf buf;
    buf_init(&buf, 1 << 20);
    if (present)
        batch_write_text(&buf, batch, value);
    else
        BUF_LITERAL(&buf, "(absent)");
    assert_text(buf_text(&buf), expected);
    buf_done(&buf);
}

void assert_ecs(const Batch *batch, uint32_t row, const char *name, const char *expected)
{
    Value value = {0};
    bool present = batch_ecs(batch, row, text_from_z(name), &value);
    assert_value(batch, present, value, expected);
}

void assert_role(const Batch *batch, uint32_t row, Role role, const char *expected)
{
    Value value = {0};
    bool present = batch_role(batch, row, role, &value);
    assert_value(batch, present, value, expected);
}

void assert_action(const Batch *batch, uint32_t row, const char *action, const char *outcome)
{
    Layout layout = batch_layout(batch, batch_layout_of(batch, row));
    assert_text(batch_name(batch, layout.action), action);
    assert_text(batch_name(batch, layout.outcome), outcome);
}
