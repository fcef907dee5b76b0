/* field_set.h: the native fields that the table rows of a kind ask for, each with a number. Found
 * by name; ASCII case does not matter. */
#ifndef EVENT_FIELD_SET_H
#define EVENT_FIELD_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

typedef struct FieldName {
    Text name;
    uint32_t fold; /* names_fold */
} FieldName;

typedef struct FieldSet {
    FieldName *list;
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t count, mask;
} FieldSet;

/* A set in the caller's memory, to be filled. `most`: how many names may be added at most; `room`
 * grows to what that needs. false: no memory. */
typedef struct FieldSetRoom {
    FieldName *list;
    uint32_t *slots;
    size_t list_cap, slot_cap;
} FieldSetRoom;
bool field_set_begin(FieldSet *set, FieldSetRoom *room, size_t most);
void field_set_room_done(FieldSetRoom *room);

/* The number of a name, given if it is new. The text must live as long as the set. */
uint32_t field_set_add(FieldSet *set, Text name, uint32_t fold);

/* The same set in memory of `arena`, just as large as it must be. */
bool field_set_keep(const FieldSet *set, Arena *arena, FieldSet *ret);

/* ID_NONE when the set has no such name. */
uint32_t field_set_find(const FieldSet *set, Text name, uint32_t fold);

#endif
