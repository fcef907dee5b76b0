# knowledge/evtx_csv_labels.tsv as a C table in the library of src/format. A wrong row stops the
# build with its line.
find_program(AWK NAMES awk REQUIRED)
set(labels ${CMAKE_SOURCE_DIR}/knowledge/evtx_csv_labels.tsv)
set(script ${CMAKE_SOURCE_DIR}/scripts/evtx_csv_labels.awk)
set(rows ${CMAKE_BINARY_DIR}/generated/evtx_csv_labels_rows.c)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
    OUTPUT ${rows}
    COMMAND ${AWK} -f ${script} -v out=${rows} ${labels}
    DEPENDS ${labels} ${script}
    COMMENT "Labels of CSV exports"
    VERBATIM)
target_sources(constat_format PRIVATE ${rows})
