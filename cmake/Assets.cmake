# The style sheet and the script of the report, as bytes in the library of src/report.
function(constat_asset name file)
    set(out ${CMAKE_BINARY_DIR}/generated/${name}.c)
    set(script ${CMAKE_SOURCE_DIR}/scripts/asset.cmake)
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -D OUT=${out} -D NAME=${name} -D FILE=${file} -P ${script}
        DEPENDS ${file} ${script}
        COMMENT "Bytes of ${file}"
        VERBATIM)
    target_sources(constat_report PRIVATE ${out})
endfunction()

constat_asset(REPORT_STYLE ${CMAKE_SOURCE_DIR}/src/report/assets/report.css)
constat_asset(REPORT_SCRIPT ${CMAKE_SOURCE_DIR}/src/report/assets/report.js)
