/* plan.h: a template compiled into a flat list of steps, so that a record costs little more than
 * reading its values.
 *
 * A plan covers the ordinary shapes of templates and values. Where it meets something else — an
 * array outside a positional Data, a name used twice, literal XML as a value — it says so and the
 * record takes the general way (dom.h), whose output is the same by definition. */
#ifndef FORMAT_EVTX_PLAN_H
#define FORMAT_EVTX_PLAN_H

#include "base/buf.h"
#include "event/sink.h"
#include "format/evtx/binxml.h"

/* Room that plan_json is going to ask for, about. */
size_t plan_json_room(Binxml *bx, const Instance *instance);

/* {"Event":…} of a template instance, appended to `out` without line end. false: take the general
 * way; `out` is then as before. */
bool plan_json(Binxml *bx, const Instance *instance, Buf *out, unsigned *faults);

/* Native fields of a template instance into the sink (not committed). false: take the general way;
 * the sink's pending values have then been dropped. */
bool plan_fields(Binxml *bx, const Instance *instance, Sink *sink, unsigned *faults);

/* The instance that a value of type BinXML consists of; false when it is anything else (literal
 * XML, several instances, damage). */
bool plan_nested(Binxml *bx, const ValueRef *value, Instance *ret);

#endif
