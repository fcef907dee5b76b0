# rules/ as one compressed file, rules.pack beside the program: src/detect/rule_pack.h has the
# reasons. Without rules it is an empty pack.
add_executable(pack_rules ${CMAKE_SOURCE_DIR}/cmake/pack_rules.c)
constat_uses(pack_rules detect)
target_link_libraries(pack_rules PRIVATE constat_detect)
set(rules_pack ${CMAKE_BINARY_DIR}/rules.pack)
file(GLOB_RECURSE rule_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/rules/*.yml)
add_custom_command(
    OUTPUT ${rules_pack}
    COMMAND pack_rules ${CMAKE_SOURCE_DIR}/rules ${rules_pack}
    DEPENDS pack_rules ${rule_files}
    COMMENT "Packing rules"
    VERBATIM)
add_custom_target(rules_pack ALL DEPENDS ${rules_pack})
