/* assets.h: the style sheet and the script of the report, compiled in from src/report/assets/. */
#ifndef REPORT_ASSETS_H
#define REPORT_ASSETS_H

#include <stddef.h>

extern const char REPORT_STYLE[], REPORT_SCRIPT[];
extern const size_t REPORT_STYLE_LEN, REPORT_SCRIPT_LEN;

#endif
