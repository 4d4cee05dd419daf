# How everything in this tree is compiled.
#
# UVPOOL_WARNINGS   OFF, ON or ERROR. Off by default: a new compiler's new
#                   warning must not break the build of someone who only wants
#                   to use the library. Presets for developers turn them on.
# UVPOOL_SANITIZER  a list for -fsanitize, as "address;undefined" or "thread".
#                   It reaches whatever links the library from this tree, and
#                   never the installed package.

# Who names no build type wants to use the library, hence a fast one.
get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(PROJECT_IS_TOP_LEVEL AND NOT multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(UVPOOL_WARNINGS OFF CACHE STRING "Compiler warnings: OFF, ON or ERROR")
set_property(CACHE UVPOOL_WARNINGS PROPERTY STRINGS OFF ON ERROR)
set(UVPOOL_SANITIZER "" CACHE STRING
  "Sanitizers to build with: \"address;undefined\" or \"thread\"")

if(UVPOOL_WARNINGS)
  add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wthread-safety>)
  endif()
endif()
if(UVPOOL_WARNINGS STREQUAL "ERROR")
  add_compile_options(-Werror)
endif()

add_library(uvpool_sanitizer INTERFACE)
if(UVPOOL_SANITIZER)
  list(JOIN UVPOOL_SANITIZER "," sanitizers)
  target_compile_options(uvpool_sanitizer INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(uvpool_sanitizer INTERFACE -fsanitize=${sanitizers})
endif()

# Is the library one that nobody would install? gcov's --coverage counts too.
set(uvpool_instrumented OFF)
if(UVPOOL_SANITIZER OR CMAKE_C_FLAGS MATCHES "--coverage|-fsanitize")
  set(uvpool_instrumented ON)
endif()

# The C of this tree: C11 without extensions. uv.h itself needs POSIX.1-2008 to
# be asked for then. A file that needs more of the system says so at its top.
function(uvpool_compile_as_c11 target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11
    C_STANDARD_REQUIRED ON
    C_EXTENSIONS OFF)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
endfunction()

# Sets how a library target made of the library's sources is linked.
function(uvpool_link_as_library target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target}
    PUBLIC LibUV::LibUV $<BUILD_INTERFACE:uvpool_sanitizer>
    PRIVATE Threads::Threads)
endfunction()

# The same for a target that compiles them, with the parker "futex" or "cond".
# The choice changes structures, so whoever includes the headers of src/ gets it.
function(uvpool_compile_as_library target parker)
  uvpool_compile_as_c11(${target})
  set_target_properties(${target} PROPERTIES C_VISIBILITY_PRESET hidden)
  if(parker STREQUAL "cond")
    target_compile_definitions(${target} PUBLIC UVPOOL_PARKER_COND)
  endif()
  uvpool_link_as_library(${target})
endfunction()
