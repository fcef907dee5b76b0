# One static library per folder of src/, and the rule of who may use whom.
#
# Each library sees the project's headers only through its own folder of links,
# <build>/include/<folder>/, which holds the folder itself and those declared before it. An #include
# that points the other way finds no file. Headers are written from the root: "event/batch.h".

set(CONSTAT_FOLDERS "")    # folders declared so far, lowest first
set(CONSTAT_LIBRARIES "")  # their libraries, highest first: the order of the link line

# scripts/check-includes refuses what the links cannot: "../" leads around them.
file(GLOB_RECURSE CONSTAT_SOURCES CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/src/*.c ${CMAKE_SOURCE_DIR}/src/*.h ${CMAKE_SOURCE_DIR}/src/*.def)
add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/includes.checked
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-includes ${CMAKE_SOURCE_DIR}/src
    COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/includes.checked
    DEPENDS ${CONSTAT_SOURCES} ${CMAKE_SOURCE_DIR}/scripts/check-includes
    COMMENT "Checking includes"
    VERBATIM)
add_custom_target(constat_includes ALL DEPENDS ${CMAKE_BINARY_DIR}/includes.checked)

# The only project include directory of `target`: links to the folders that `name` may use.
function(constat_uses target name)
    target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/include/${name})
    add_dependencies(${target} constat_includes)
endfunction()

# Make <build>/include/<name>/ hold a link to each of the folders in ARGN that exists, and no other.
function(constat_links name)
    set(dir ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${dir})
    file(GLOB stale LIST_DIRECTORIES true ${dir}/*)
    foreach(link IN LISTS stale)
        file(REMOVE ${link})
    endforeach()
    foreach(folder IN LISTS ARGN)
        if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/${folder})
            file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${folder} ${dir}/${folder} SYMBOLIC)
        endif()
    endforeach()
endfunction()

# Files for one instruction set of x86-64 say so at the end of their name. They are called only where
# the machine has it (base/cpu.h), and are empty elsewhere.
function(constat_vector_sources)
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
        return()
    endif()
    foreach(source IN LISTS ARGN)
        if(source MATCHES "_avx2\\.c$")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -mavx2)
        endif()
    endforeach()
endfunction()

# Declare src/<name>: links for what it may use and, if it has sources, the library constat_<name>.
function(constat_folder name)
    list(APPEND CONSTAT_FOLDERS ${name})
    set(CONSTAT_FOLDERS ${CONSTAT_FOLDERS} PARENT_SCOPE)
    constat_links(${name} ${CONSTAT_FOLDERS})

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/app/main.c)  # the program's own; tests link the rest
    if(NOT sources)
        return()
    endif()
    add_library(constat_${name} STATIC ${sources})
    constat_vector_sources(${sources})
    constat_uses(constat_${name} ${name})
    target_compile_definitions(constat_${name} PRIVATE CONSTAT_VERSION="${PROJECT_VERSION}")
    target_link_libraries(constat_${name} PUBLIC ${CONSTAT_LIBRARIES} constat_deps)
    list(PREPEND CONSTAT_LIBRARIES constat_${name})
    set(CONSTAT_LIBRARIES ${CONSTAT_LIBRARIES} PARENT_SCOPE)
endfunction()
