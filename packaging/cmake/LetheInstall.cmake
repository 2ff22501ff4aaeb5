# What is installed beside the programs, the library and the plugins, which install themselves.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/resources/demo" DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe
    FILES_MATCHING PATTERN "*.json" PATTERN "*.jsonl" PATTERN "*.safetensors" PATTERN "README.md"
    PATTERN "build" EXCLUDE)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/resources/altpo" "${PROJECT_SOURCE_DIR}/resources/eraser" DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe
    FILES_MATCHING PATTERN "*.json" PATTERN "*.jsonl" PATTERN "*.py" PATTERN "README.md")
install(FILES "${PROJECT_SOURCE_DIR}/resources/refusals.txt" DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe)
install(FILES "${PROJECT_SOURCE_DIR}/packaging/lethe.desktop" DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES "${PROJECT_SOURCE_DIR}/resources/icons/lethe.svg"
    DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
install(FILES README.md CHANGELOG.md LICENSE NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(LetheSdk)
