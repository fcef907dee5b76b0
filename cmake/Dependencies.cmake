# Libraries from the distribution: one row each, linked where used (--as-needed drops the rest).
# A new row here needs its package in scripts/deps and its name in NOTICE.
find_package(PkgConfig REQUIRED)

set(CONSTAT_PACKAGES
    libarchive     # zip, tar, 7z, gz, bz2, xz, zst
    libcrypto      # OpenSSL: SHA-256 and relatives
    libdeflate     # CRC-32
    libpcre2-8     # expressions in Sigma rules
    libseccomp     # the workers' sandbox
    libsodium      # keys, signatures, encryption of cases
    libxxhash      # fast identity of payloads
    libzstd        # segments, compressed evidence
    sqlite3        # the case
    yara           # rules over the bytes of items
    yaml-0.1       # Sigma rules
    expat          # XML exports of event logs
    zlib)          # gzip, with its checks

add_library(constat_deps INTERFACE)
target_link_libraries(constat_deps INTERFACE m) # numbers in Sigma rules
foreach(package IN LISTS CONSTAT_PACKAGES)
    pkg_check_modules(${package} IMPORTED_TARGET ${package})
    if(NOT ${package}_FOUND)
        list(APPEND missing ${package})
        continue()
    endif()
    target_link_libraries(constat_deps INTERFACE PkgConfig::${package})
endforeach()

find_path(UTHASH_INCLUDE_DIR uthash.h)
if(NOT UTHASH_INCLUDE_DIR)
    list(APPEND missing uthash.h)
endif()

if(CONSTAT_TESTS)
    pkg_check_modules(cmocka IMPORTED_TARGET cmocka)
    if(NOT cmocka_FOUND)
        list(APPEND missing "cmocka (or configure with -DCONSTAT_TESTS=OFF)")
    endif()
endif()

if(missing)
    list(JOIN missing ", " missing)
    message(FATAL_ERROR "Missing libraries: ${missing}. Run scripts/deps test, or see what it lists.")
endif()
