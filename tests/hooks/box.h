/* box.h: a container for tests, whose content says what its worker shall send: members, and lies.
 *
 * "CONSTAT-BOX\n", then steps:  "= NAME SIZE\n" and SIZE bytes: a member;  "! VERB NUMBER\n": one
 * of the verbs in box.c. Boxes lie in boxes. */
#ifndef HOOKS_BOX_H
#define HOOKS_BOX_H

#include "base/buf.h"
#include "format/format.h"

#define BOX_MARK "CONSTAT-BOX\n"

extern const Format test_box_format;

/* Build one. `box` is begun with box_begin and freed with buf_done. */
void box_begin(Buf *box);
void box_member(Buf *box, const char *name, Span bytes);
void box_text(Buf *box, const char *name, const char *text);
void box_act(Buf *box, const char *verb, unsigned long long number);

#endif
