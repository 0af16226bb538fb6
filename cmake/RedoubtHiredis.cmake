# Defines redoubt_hiredis, the imported target of hiredis; used by the build and by the installed package.
# Debian's hiredis 0.14 comes with a package file that defines no target.
find_path(HIREDIS_INCLUDE_DIR hiredis/read.h REQUIRED)
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
mark_as_advanced(HIREDIS_INCLUDE_DIR HIREDIS_LIBRARY)
if(NOT TARGET redoubt_hiredis)
    # Global, so that a project which adds this one by add_subdirectory can link it from its own folder.
    add_library(redoubt_hiredis UNKNOWN IMPORTED GLOBAL)
    set_target_properties(redoubt_hiredis PROPERTIES
        IMPORTED_LOCATION ${HIREDIS_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${HIREDIS_INCLUDE_DIR})
endif()
