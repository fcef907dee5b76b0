# A file as C bytes: cmake -D OUT=FILE.c -D NAME=NAME -D FILE=FILE -P asset.cmake
# It becomes `const char NAME[]` and `const size_t NAME_LEN`, which report/assets.h declares.
file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "/* Made by scripts/asset.cmake. */
#include \"report/assets.h\"

const char ${NAME}[] = {
    ${bytes}
};
const size_t ${NAME}_LEN = sizeof ${NAME};
")
