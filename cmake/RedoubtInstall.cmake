# Install: headers, libraries and a package for find_package(redoubt).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(redoubt_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/redoubt)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.hpp")
install(TARGETS redoubt redoubt_resilience EXPORT redoubtTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT redoubtTargets NAMESPACE redoubt:: DESTINATION ${redoubt_package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/redoubtConfig.cmake.in
    ${PROJECT_BINARY_DIR}/redoubtConfig.cmake INSTALL_DESTINATION ${redoubt_package_dir})
# Before 1.0 a minor version may break the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/redoubtConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/redoubtConfig.cmake ${PROJECT_BINARY_DIR}/redoubtConfigVersion.cmake
    ${CMAKE_CURRENT_LIST_DIR}/RedoubtHiredis.cmake DESTINATION ${redoubt_package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET redoubt-cli)
    install(TARGETS redoubt-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
