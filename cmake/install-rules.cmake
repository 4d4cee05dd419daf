# What `cmake --install` puts where: the headers, both libraries, a CMake package
# and two pkg-config files. Nothing installed holds an absolute path, so that the
# prefix may be chosen at install time and moved afterwards.
include(CMakePackageConfigHelpers)

set(uvpool_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/uvpool")

install(DIRECTORY include/ TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(TARGETS uvpool_shared uvpool_static EXPORT uvpool-targets)

# ---- CMake package -----------------------------------------------------------

install(EXPORT uvpool-targets
  NAMESPACE uvpool::
  DESTINATION "${uvpool_package_dir}")
configure_package_config_file(cmake/uvpool-config.cmake.in
  "${PROJECT_BINARY_DIR}/package/uvpool-config.cmake"
  INSTALL_DESTINATION "${uvpool_package_dir}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/package/uvpool-config-version.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/uvpool-config.cmake"
  "${PROJECT_BINARY_DIR}/package/uvpool-config-version.cmake"
  cmake/FindLibUV.cmake
  DESTINATION "${uvpool_package_dir}")

# ---- pkg-config --------------------------------------------------------------

# Relative to the directory that the .pc file is found in.
file(RELATIVE_PATH pc_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH pc_includedir
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")

# The static form has a file of its own: where both libraries lie in one
# directory, -luvpool means the shared one.
set(pc_libs "-L\${libdir} -luvpool")
set(pc_libs_private "-pthread")
configure_file(cmake/uvpool.pc.in package/uvpool.pc @ONLY)
set(pc_libs "\${libdir}/libuvpool.a -pthread")
set(pc_libs_private "")
configure_file(cmake/uvpool.pc.in package/uvpool-static.pc @ONLY)
install(FILES
  "${PROJECT_BINARY_DIR}/package/uvpool.pc"
  "${PROJECT_BINARY_DIR}/package/uvpool-static.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
