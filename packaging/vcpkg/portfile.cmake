# An overlay port of the engine, built of the checkout or tarball that this file lies in:
# vcpkg install thalweg --overlay-ports=THALWEG/packaging/vcpkg. vcpkg looks at the files of this folder, not at the
# sources: what it has built it keeps, and takes out of its cache again after `vcpkg remove thalweg`. Sources that have
# changed are built by `vcpkg remove thalweg`, and then installing with --editable, which leaves out the cache.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    FEATURES
        dialects THALWEG_DIALECTS
)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DTHALWEG_TORCH=OFF
        -DTHALWEG_DATA=OFF
        -DTHALWEG_LAB=OFF
        -DTHALWEG_TESTS=OFF
        -DTHALWEG_EXAMPLES=OFF
)

vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/thalweg)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE
    "${CURRENT_PACKAGES_DIR}/debug/include"
    "${CURRENT_PACKAGES_DIR}/debug/share"
)

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
