set(LETHE_TORCH_LIB_DIR "${LETHE_LIBTORCH}/torch/lib")
set(CMAKE_BUILD_RPATH "${LETHE_TORCH_LIB_DIR}")
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};$ORIGIN;${LETHE_TORCH_LIB_DIR}")

# What every target of ours is compiled with.
function(lethe_target_defaults target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
        -Wno-missing-field-initializers) # records are set by designated initialisers; what is left out has its default
    target_compile_definitions(${target} PRIVATE QT_NO_KEYWORDS)
    set_target_properties(${target} PROPERTIES
        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# lethe_precompile_header(torch HEADERS <ATen/ATen.h> LIBS Lethe::torch): a precompiled header that several targets share. GCC takes it
# only where every macro it read was defined alike, so it is made with those that all its users have.
function(lethe_precompile_header name)
    cmake_parse_arguments(arg "" "" "HEADERS;LIBS;OPTIONS" ${ARGN})
    set(target lethe_${name}_header)
    file(GENERATE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}_header.cpp" CONTENT "")
    add_library(${target} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${name}_header.cpp")
    lethe_target_defaults(${target})
    target_link_libraries(${target} PRIVATE ${arg_LIBS})
    target_precompile_headers(${target} PRIVATE ${arg_HEADERS})
    # ccache asks for it where a precompiled header is used with GCC
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> ${arg_OPTIONS})
endfunction()

function(lethe_reuse_header target name)
    target_precompile_headers(${target} REUSE_FROM lethe_${name}_header)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# lethe_add_method(npo SOURCES npo/NpoMethod.cpp MANIFEST npo/npo.json): one unlearning method, a Qt plugin with <id>.json as its manifest.
function(lethe_add_method id)
    cmake_parse_arguments(arg "" "MANIFEST" "SOURCES" ${ARGN})
    set(target method_${id})
    add_library(${target} MODULE ${arg_SOURCES})
    lethe_target_defaults(${target})
    set_target_properties(${target} PROPERTIES
        AUTOMOC ON PREFIX "" OUTPUT_NAME ${id}
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
        INSTALL_RPATH "$ORIGIN/../..;${LETHE_TORCH_LIB_DIR}")
    target_link_libraries(${target} PRIVATE Lethe::method_sdk)
    lethe_reuse_header(${target} torch)
    # the manifest lies beside the plugin too: what the catalog reads first, and what people can read and mend
    set(manifest "${CMAKE_CURRENT_SOURCE_DIR}/${arg_MANIFEST}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${manifest}")
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${manifest}" "${CMAKE_BINARY_DIR}/plugins/${id}.json")
    set_property(GLOBAL APPEND PROPERTY LETHE_METHODS ${target})
    install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/lethe/plugins)
    install(FILES "${manifest}" DESTINATION ${CMAKE_INSTALL_LIBDIR}/lethe/plugins RENAME ${id}.json)
endfunction()

# lethe_add_test(core/tokenizer/tst_tokenizer.cpp LABELS core unit LIBS Lethe::core [GUI] [TORCH] [TIMEOUT s])
# One Qt Test program; GUI tests run offscreen. Fixtures come from LETHE_FIXTURES, ../shared/fixtures by default.
function(lethe_add_test source)
    cmake_parse_arguments(arg "GUI;TORCH" "TIMEOUT" "LABELS;LIBS;SOURCES" ${ARGN})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source} ${arg_SOURCES})
    lethe_target_defaults(${name})
    set_target_properties(${name} PROPERTIES AUTOMOC ON
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/core/src")
    target_link_libraries(${name} PRIVATE Lethe::core Qt6::Test ${arg_LIBS})
    if(arg_GUI)
        target_link_libraries(${name} PRIVATE Lethe::widgets Qt6::Widgets)
    endif()
    if(arg_TORCH)
        target_link_libraries(${name} PRIVATE Lethe::method_sdk)
        lethe_reuse_header(${name} torch)
    else()
        # What is tested is compiled as users get it; the tests themselves are compiled for the sake of being compiled soon.
        target_compile_options(${name} PRIVATE -O0)
        if(arg_GUI)
            lethe_reuse_header(${name} guitests)
        else()
            lethe_reuse_header(${name} tests)
        endif()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set(fixtures "$ENV{LETHE_FIXTURES}")
    if(NOT fixtures)
        set(fixtures "${PROJECT_SOURCE_DIR}/../shared/fixtures")
    endif()
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;OMP_WAIT_POLICY=passive;LETHE_FIXTURES=${fixtures};LETHE_SHARED=${PROJECT_SOURCE_DIR}/../shared;LETHE_SOURCE_DIR=${PROJECT_SOURCE_DIR};LETHE_PLUGINS=${CMAKE_BINARY_DIR}/plugins;LETHE_BIN=${CMAKE_BINARY_DIR}/bin")
endfunction()
