# uvpool_add_test(<name> SOURCES <file>... LABELS <label>...
#                 [UNIT] [EACH_PARKER] [SERIAL] [TIMEOUT <seconds>])
#
# One executable, one ctest, both called <name>. It links cmocka, the support
# library and
#   by default  the shared library, as a program does: what is not exported
#               cannot be used,
#   UNIT        uvpool_testing, the library's sources with all their symbols,
#               and may include the headers of src/.
# EACH_PARKER makes two unit tests of it, <name>.futex and <name>.cond, where
# the system has futexes. SERIAL: nothing else runs meanwhile.
#
# Every test has a time limit. UVPOOL_TEST_TIMEOUT_FACTOR stretches it for slow
# machines and long runs; a sanitizer stretches it on its own.

set(UVPOOL_TEST_TIMEOUT_FACTOR 1 CACHE STRING
  "Factor on the time limit of every test")
mark_as_advanced(UVPOOL_TEST_TIMEOUT_FACTOR)

function(uvpool_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg
    "UNIT;EACH_PARKER;SERIAL" "TIMEOUT" "SOURCES;LABELS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES OR NOT arg_LABELS)
    message(FATAL_ERROR
      "uvpool_add_test(${name}): SOURCES and LABELS are needed, and "
      "\"${arg_UNPARSED_ARGUMENTS}\" is not understood.")
  endif()
  if(arg_EACH_PARKER AND TARGET uvpool_testing_futex)
    uvpool_add_test_executable(${name}.futex uvpool_testing_futex)
    uvpool_add_test_executable(${name}.cond uvpool_testing_cond)
  elseif(arg_UNIT OR arg_EACH_PARKER)
    uvpool_add_test_executable(${name} uvpool_testing)
  else()
    uvpool_add_test_executable(${name} uvpool_shared)
  endif()
endfunction()

# Uses the arg_* variables of its caller.
function(uvpool_add_test_executable name library)
  add_executable(${name} ${arg_SOURCES})
  uvpool_compile_as_c11(${name})
  target_link_libraries(${name} PRIVATE
    uvpool_test_support ${library} Threads::Threads)
  if(library MATCHES "^uvpool_testing")
    # Before the test kit, which has a pool.h too.
    target_include_directories(${name} BEFORE PRIVATE "${PROJECT_SOURCE_DIR}/src")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  uvpool_set_test_properties(${name}
    LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# uvpool_set_test_properties(<name> LABELS <label>... [TIMEOUT <seconds>])
# For tests that were added by other means: what all tests have in common.
function(uvpool_set_test_properties name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120) # twice what the test kit waits before it gives up
  endif()
  math(EXPR timeout "${arg_TIMEOUT} * ${UVPOOL_TEST_TIMEOUT_FACTOR}")
  if(UVPOOL_SANITIZER)
    math(EXPR timeout "${timeout} * 5")
    set_property(TEST ${name} PROPERTY ENVIRONMENT
      "ASAN_OPTIONS=detect_leaks=1"
      "UBSAN_OPTIONS=print_stacktrace=1"
      "TSAN_OPTIONS=halt_on_error=1 second_deadlock_stack=1 exitcode=66")
  endif()
  set_tests_properties(${name} PROPERTIES
    LABELS "${arg_LABELS}" TIMEOUT ${timeout})
endfunction()
