# Every library Lethe is built on, with its version floor. packaging/dependencies.env names the packages.
find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Svg PrintSupport Network)
if(LETHE_BUILD_TESTS)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
endif()
find_package(QCustomPlotQt6 CONFIG REQUIRED)
find_package(spdlog 1.10 CONFIG REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(SQLiteCpp 3.2 CONFIG REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8>=10.40)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc>=2.5)
pkg_check_modules(SENTENCEPIECE REQUIRED sentencepiece>=0.1.97)
# the reader alone: its pkg-config file links the trainer too
find_library(LETHE_SENTENCEPIECE sentencepiece HINTS ${SENTENCEPIECE_LIBRARY_DIRS} REQUIRED)
find_package(Threads REQUIRED)

# LibTorch from the unpacked PyPI wheel. Its own TorchConfig.cmake demands a CUDA toolkit, so we make the target
# ourselves and link libtorch_cpu and libc10 alone; libtorch_cuda is loaded at start where there is a driver.
set(LETHE_LIBTORCH "$ENV{LETHE_LIBTORCH}" CACHE PATH "Folder that holds the unpacked torch wheel (it contains torch/)")
if(NOT LETHE_LIBTORCH)
    if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(_lethe_cache "$ENV{XDG_CACHE_HOME}")
    else()
        set(_lethe_cache "$ENV{HOME}/.cache")
    endif()
    set(LETHE_LIBTORCH "${_lethe_cache}/lethe/libtorch-2.11.0" CACHE PATH "" FORCE)
endif()
if(NOT EXISTS "${LETHE_LIBTORCH}/torch/lib/libtorch_cpu.so")
    message(FATAL_ERROR "LibTorch is not in ${LETHE_LIBTORCH}: run packaging/setup.sh, or set LETHE_LIBTORCH "
        "to the folder into which the wheel torch==2.11.0 was unpacked.")
endif()

# Apache Arrow from the wheel of pyarrow: what reads Parquet. Without it everything else works, and such a file is refused in words.
set(LETHE_ARROW_SOVERSION 2600)
set(LETHE_ARROW "$ENV{LETHE_ARROW}" CACHE PATH "Folder that holds the unpacked pyarrow wheel (it contains pyarrow/)")
if(NOT LETHE_ARROW)
    cmake_path(GET LETHE_LIBTORCH PARENT_PATH _lethe_cache)
    set(LETHE_ARROW "${_lethe_cache}/arrow-26.0.1" CACHE PATH "" FORCE)
endif()
if(EXISTS "${LETHE_ARROW}/pyarrow/libparquet.so.${LETHE_ARROW_SOVERSION}")
    set(LETHE_HAS_ARROW ON)
else()
    set(LETHE_HAS_ARROW OFF)
    message(STATUS "Apache Arrow is not in ${LETHE_ARROW}: Parquet files will not be read (packaging/setup.sh fetches it)")
endif()

add_library(LetheTorch INTERFACE)
add_library(Lethe::torch ALIAS LetheTorch)
# -idirafter: the wheel carries another fmt, and spdlog must find the system's.
target_compile_options(LetheTorch INTERFACE
    "SHELL:-idirafter ${LETHE_LIBTORCH}/torch/include"
    "SHELL:-idirafter ${LETHE_LIBTORCH}/torch/include/torch/csrc/api/include")
target_link_libraries(LetheTorch INTERFACE
    "${LETHE_LIBTORCH}/torch/lib/libtorch_cpu.so"
    "${LETHE_LIBTORCH}/torch/lib/libc10.so")
# libtorch_cpu's own needs (libcudart, libcupti) are found through its RPATH at run time, not by the linker.
target_link_options(LetheTorch INTERFACE "LINKER:--allow-shlib-undefined")
