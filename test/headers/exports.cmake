# cmake -DNM=nm -DLIBRARY=file -DDECLARED=list -P exports.cmake
#
# Fails if the shared library LIBRARY exports a symbol that is not in DECLARED.
execute_process(
  COMMAND "${NM}" -D --defined-only "${LIBRARY}"
  OUTPUT_VARIABLE symbols
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${NM} cannot read ${LIBRARY}.")
endif()

string(REGEX MATCHALL "[0-9a-f]+ [A-Z] [^\n@]+" symbols "${symbols}")
list(TRANSFORM symbols REPLACE "^.* " "")
set(surplus ${symbols})
list(REMOVE_ITEM surplus ${DECLARED})
list(LENGTH symbols count)
if(count EQUAL 0)
  message(FATAL_ERROR "${LIBRARY} exports nothing.")
elseif(surplus)
  list(JOIN surplus "\n  " surplus)
  message(FATAL_ERROR "exported, but declared in no public header:\n  ${surplus}")
endif()
message(STATUS "${count} symbols exported, all declared")
