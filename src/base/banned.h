/* banned.h: functions that may not be called anywhere in Constat. The build puts this file in front
   of every source (`-include`); no source includes it.

   A poisoned name is a compile error wherever it appears after this file: as a call, a pointer or a
   macro. The headers that declare these names must therefore come first. If a library's header uses
   one of them, include that header here as well, above the pragmas, and say which library.

   Instead of          use
   strcpy, strcat      Buf or Text of base/; memcpy with a checked length
   sprintf             snprintf with its result checked, or Buf
   strtok, sscanf      Reader or Text
   atoi, atol, atof    strtoll and relatives with errno and end checked, or the converters of base/
   gets                fgets, getline
   strncpy, strncat    as strcpy; they may leave the copy without its end
   alloca              an arena; a length from evidence must not move the stack */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Some are macros (of _FORTIFY_SOURCE, of alloca.h), and poisoning a macro is a warning. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef stpcpy
#undef stpncpy
#undef strtok
#undef strtok_r
#undef sprintf
#undef vsprintf
#undef sscanf
#undef vsscanf
#undef gets
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef alloca
#undef strdupa
#undef strndupa

#pragma GCC poison strcpy strcat strncpy strncat stpcpy stpncpy
#pragma GCC poison strtok strtok_r
#pragma GCC poison sprintf vsprintf sscanf vsscanf gets
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison alloca strdupa strndupa

#endif
