# Finds libuv and defines the target LibUV::LibUV. Used to build uvpool, and
# installed beside its package for the programs that use it, since their libuv
# may have been installed in another way.
#
# Looked for, in this order:
#   1. a target that the surrounding project already has (libuv built beside us),
#   2. the CMake package that libuv installs (libuv::uv, libuv::uv_a),
#   3. pkg-config's libuv, all that Debian's libuv1-dev brings,
#   4. uv.h and the library, where there is no pkg-config either.
#
# The version is read from <uv/version.h>, the only place that all four share.
# Sets LibUV_FOUND, LibUV_VERSION and LibUV_INCLUDE_DIR.

set(_libuv_targets libuv::uv libuv::libuv uv libuv::uv_a uv_a)

# Sets LibUV_TARGET to the first of the targets that exists, or to "".
macro(_libuv_pick_target)
  set(LibUV_TARGET "")
  foreach(_libuv_candidate IN LISTS _libuv_targets)
    if(NOT LibUV_TARGET AND TARGET ${_libuv_candidate})
      set(LibUV_TARGET ${_libuv_candidate})
    endif()
  endforeach()
endmacro()

_libuv_pick_target()
if(NOT LibUV_TARGET)
  find_package(libuv CONFIG QUIET)
  _libuv_pick_target()
endif()
if(NOT LibUV_TARGET)
  find_package(PkgConfig QUIET)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(LibUV_PC QUIET IMPORTED_TARGET libuv)
    if(TARGET PkgConfig::LibUV_PC)
      set(LibUV_TARGET PkgConfig::LibUV_PC)
    endif()
  endif()
endif()

# Where its headers are. A target of a build beside ours wraps its directories
# in BUILD_INTERFACE.
set(_libuv_hints "")
if(LibUV_TARGET)
  get_target_property(_libuv_hints
    ${LibUV_TARGET} INTERFACE_INCLUDE_DIRECTORIES)
  if(NOT _libuv_hints)
    set(_libuv_hints "")
  endif()
  string(REGEX REPLACE "\\$<BUILD_INTERFACE:([^>]*)>" "\\1"
    _libuv_hints "${_libuv_hints}")
endif()
find_path(LibUV_INCLUDE_DIR uv.h HINTS ${_libuv_hints})
if(NOT LibUV_TARGET)
  find_library(LibUV_LIBRARY NAMES uv libuv)
  mark_as_advanced(LibUV_LIBRARY)
  set(LibUV_TARGET "${LibUV_LIBRARY}")
endif()
mark_as_advanced(LibUV_INCLUDE_DIR)

set(LibUV_VERSION "")
if(EXISTS "${LibUV_INCLUDE_DIR}/uv/version.h")
  file(STRINGS "${LibUV_INCLUDE_DIR}/uv/version.h" _libuv_lines
    REGEX "^#define UV_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" _libuv_numbers "${_libuv_lines}")
  list(JOIN _libuv_numbers "." LibUV_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibUV
  REQUIRED_VARS LibUV_TARGET LibUV_INCLUDE_DIR
  VERSION_VAR LibUV_VERSION
  REASON_FAILURE_MESSAGE
    "uvpool needs libuv ${LibUV_FIND_VERSION} or newer with its headers.
  Debian, Ubuntu  apt-get install libuv1-dev
  Fedora          dnf install libuv-devel
  Alpine          apk add libuv-dev
  Arch            pacman -S libuv
  macOS           brew install libuv
  FreeBSD         pkg install libuv
A libuv elsewhere is found with -DCMAKE_PREFIX_PATH=/its/prefix.
")

if(LibUV_FOUND AND NOT TARGET LibUV::LibUV)
  add_library(LibUV::LibUV INTERFACE IMPORTED)
  set_target_properties(LibUV::LibUV PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${LibUV_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${LibUV_TARGET}")
endif()
