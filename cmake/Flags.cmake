# Compiler and linker flags: the same list for gcc and clang, one row per build type.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

set(CONSTAT_BUILD_TYPES Release Debug Asan Fuzz)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "One of: ${CONSTAT_BUILD_TYPES}" FORCE)
endif()
if(NOT CMAKE_BUILD_TYPE IN_LIST CONSTAT_BUILD_TYPES)
    message(FATAL_ERROR "CMAKE_BUILD_TYPE is ${CMAKE_BUILD_TYPE}; expected one of: ${CONSTAT_BUILD_TYPES}")
endif()
set(CONSTAT_FUZZ OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Fuzz")
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "The fuzz build needs clang: cmake --preset fuzz")
    endif()
    set(CONSTAT_FUZZ ON)
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wcast-qual -Wcast-align -Wwrite-strings
    -Wimplicit-fallthrough)
if(CONSTAT_WERROR)
    add_compile_options(-Werror)
endif()

# Every source, tests included, sees the list of banned functions before its own first line.
add_compile_options("SHELL:-include \"${CMAKE_SOURCE_DIR}/src/base/banned.h\"")

# Control-flow protection exists on x86 only; on other machines the flag is an error.
check_c_compiler_flag(-fcf-protection CONSTAT_HAS_CF_PROTECTION)
set(harden "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection")
if(CONSTAT_HAS_CF_PROTECTION)
    string(APPEND harden " -fcf-protection")
endif()
set(sanitize "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer")

# No NDEBUG anywhere: assert guards against our own mistakes, and those matter most in a release.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g ${harden} -fPIE")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g3 -fPIE")
set(CMAKE_C_FLAGS_ASAN "-O1 -g ${sanitize} -fPIE")
set(CMAKE_C_FLAGS_FUZZ "-O1 -g -fsanitize=fuzzer-no-link ${sanitize} -fPIE")

# Keeps the builder's folder names out of the binary, so that two clones give the same bytes.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endif()

add_link_options(-pie -Wl,-z,relro,-z,now -Wl,--as-needed)
set(CMAKE_EXE_LINKER_FLAGS_ASAN "-fsanitize=address,undefined")
set(CMAKE_EXE_LINKER_FLAGS_FUZZ "-fsanitize=address,undefined")
