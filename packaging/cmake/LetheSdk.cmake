# The plugin SDK: headers, the library, a CMake package. `cmake --install BUILD --component sdk` installs these alone.
include(CMakePackageConfigHelpers)
set(LETHE_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Lethe")
file(STRINGS "${LETHE_LIBTORCH}/torch/version.py" LETHE_TORCH_VERSION REGEX "^__version__")
string(REGEX REPLACE "^[^'\"]*['\"]([^'\"]*)['\"].*$" "\\1" LETHE_TORCH_VERSION "${LETHE_TORCH_VERSION}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/LetheConfig.cmake.in" "${PROJECT_BINARY_DIR}/sdk/LetheConfig.cmake"
    INSTALL_DESTINATION "${LETHE_PACKAGE_DIR}" PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sdk/LetheConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sdk/LetheConfig.cmake" "${PROJECT_BINARY_DIR}/sdk/LetheConfigVersion.cmake"
    DESTINATION "${LETHE_PACKAGE_DIR}" COMPONENT sdk)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/core/sdk/lethe" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk FILES_MATCHING PATTERN "*.h")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugins/example" DESTINATION "${CMAKE_INSTALL_DATADIR}/lethe" COMPONENT sdk)
install(FILES "${PROJECT_SOURCE_DIR}/plugins/README.md" DESTINATION "${CMAKE_INSTALL_DATADIR}/lethe/example" COMPONENT sdk)
