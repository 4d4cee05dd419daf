# Reads the version from the public header, where programs read it too, so that
# it is written down once. Sets uvpool_version to MAJOR.MINOR.PATCH.
set(uvpool_version_header
  "${CMAKE_CURRENT_LIST_DIR}/../include/uvpool/version.h")
set(uvpool_version "")
foreach(part IN ITEMS MAJOR MINOR PATCH)
  file(STRINGS "${uvpool_version_header}" line
    REGEX "^#define UVPOOL_VERSION_${part} +[0-9]+$")
  if(NOT line MATCHES "([0-9]+)$")
    message(FATAL_ERROR
      "${uvpool_version_header} does not define UVPOOL_VERSION_${part}.")
  endif()
  list(APPEND uvpool_version ${CMAKE_MATCH_1})
endforeach()
list(JOIN uvpool_version "." uvpool_version)

# A release that changes the header changes the version without a fresh build
# directory.
set_property(DIRECTORY APPEND PROPERTY
  CMAKE_CONFIGURE_DEPENDS "${uvpool_version_header}")
