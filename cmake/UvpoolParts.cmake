# The optional parts of the tree: tests, samples, benchmarks.
#
# UVPOOL_BUILD_<PART> is AUTO, ON or OFF. AUTO, the default where uvpool is the
# top-level project, builds a part if the packages that it needs are found. ON
# makes a missing package an error. Inside another project the default is OFF.
#
#   uvpool_package(<target> HEADER <file> LIBRARY <name> INSTALL <package>)
#     says how a package is recognised and what Debian calls it. Nothing is
#     searched before a part asks.
#   uvpool_part(<PART> [NEEDS <target>|<alternative>...])
#     decides, and sets uvpool_<part> to ON or OFF.
#   uvpool_summary()
#     prints what was decided.
#
# Found packages are imported targets of the names given. They are searched by
# header and library: no two systems ship the same CMake or pkg-config files for
# them, and this needs neither.

function(uvpool_package target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;LIBRARY;INSTALL" "")
  set_property(GLOBAL PROPERTY uvpool_header_of_${target} ${arg_HEADER})
  set_property(GLOBAL PROPERTY uvpool_library_of_${target} ${arg_LIBRARY})
  set_property(GLOBAL PROPERTY uvpool_install_of_${target} ${arg_INSTALL})
endfunction()

# Makes the imported target if its header and library are there.
function(uvpool_find_package target)
  if(TARGET ${target})
    return()
  endif()
  get_property(header GLOBAL PROPERTY uvpool_header_of_${target})
  get_property(library GLOBAL PROPERTY uvpool_library_of_${target})
  find_path(UVPOOL_${library}_INCLUDE_DIR ${header})
  find_library(UVPOOL_${library}_LIBRARY ${library})
  mark_as_advanced(UVPOOL_${library}_INCLUDE_DIR UVPOOL_${library}_LIBRARY)
  if(UVPOOL_${library}_INCLUDE_DIR AND UVPOOL_${library}_LIBRARY)
    add_library(${target} UNKNOWN IMPORTED)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION "${UVPOOL_${library}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${UVPOOL_${library}_INCLUDE_DIR}")
  endif()
endfunction()

# Looks for one need, "a" or "a|b". Sets `missing` in the caller to "" or to
# what has to be installed.
function(uvpool_find_need need)
  string(REPLACE "|" ";" alternatives "${need}")
  set(packages "")
  foreach(target IN LISTS alternatives)
    uvpool_find_package(${target})
    if(TARGET ${target})
      set(missing "" PARENT_SCOPE)
      return()
    endif()
    get_property(package GLOBAL PROPERTY uvpool_install_of_${target})
    list(APPEND packages ${package})
  endforeach()
  list(JOIN packages " or " packages)
  set(missing "${packages}" PARENT_SCOPE)
endfunction()

function(uvpool_part part)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "NEEDS")
  string(TOLOWER ${part} name)
  set(option UVPOOL_BUILD_${part})
  set(default OFF)
  if(PROJECT_IS_TOP_LEVEL)
    set(default AUTO)
  endif()
  set(${option} ${default} CACHE STRING "Build the ${name}: AUTO, ON or OFF")
  set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)

  set(all_missing "")
  if(${option})
    foreach(need IN LISTS arg_NEEDS)
      uvpool_find_need(${need})
      list(APPEND all_missing ${missing})
    endforeach()
  endif()
  list(JOIN all_missing ", " all_missing)

  set(decision ON)
  if(NOT ${option})
    set(decision OFF)
    set(why "off (${option})")
  elseif(all_missing STREQUAL "")
    set(why "on")
  elseif(${option} STREQUAL "AUTO")
    set(decision OFF)
    set(why "off: install ${all_missing}, or run cmake/install-deps ${name}")
  else()
    message(FATAL_ERROR
      "${option} is ${${option}}, but a package that the ${name} need is not "
      "found. Install ${all_missing} (names on Debian and Ubuntu), or run\n"
      "  ${PROJECT_SOURCE_DIR}/cmake/install-deps ${name}\n"
      "or leave them out with -D${option}=OFF.")
  endif()
  set(uvpool_${name} ${decision} PARENT_SCOPE)
  set_property(GLOBAL APPEND PROPERTY uvpool_summary "${name}: ${why}")
endfunction()

function(uvpool_summary)
  message(STATUS "uvpool ${PROJECT_VERSION}: shared and static library, "
    "parker ${UVPOOL_PARKER}, libuv ${LibUV_VERSION}")
  if(UVPOOL_SANITIZER)
    message(STATUS "  sanitizers: ${UVPOOL_SANITIZER}")
  endif()
  get_property(lines GLOBAL PROPERTY uvpool_summary)
  foreach(line IN LISTS lines)
    message(STATUS "  ${line}")
  endforeach()
endfunction()
