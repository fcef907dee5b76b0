/* query_parser.h: what query.c and query_term.c share: the parser at work. */
#ifndef STORE_QUERY_PARSER_H
#define STORE_QUERY_PARSER_H

#include "store/query.h"
#include "store/query_word.h"

typedef struct Parser {
    Query *query;
    Words words;
    uint32_t depth;
    Text field; /* of the group that is being read; empty: none */
    Err *err;
} Parser;

/* Functions that read a part of the query return its node; NO_NODE with err. */
#define NO_NODE UINT32_MAX

uint32_t parser_add(Parser *p, QueryNode node);
uint32_t parser_no_memory(Parser *p); /* NO_NODE, with err */

/* Is this word the next, in capitals? Takes nothing. */
bool parser_sees(Parser *p, const char *keyword);

uint32_t parser_group(Parser *p); /* behind "(" */
uint32_t parser_term(Parser *p);

#endif
