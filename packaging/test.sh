#!/usr/bin/env bash
# From a bare machine to the passing tests: sets up what is missing, builds with warnings as errors, runs every test.
# ARGS go to ctest (packaging/test.sh -R tokenizer). LETHE_FIXTURES names another fixtures folder than ../shared/fixtures.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
lethe_setup test
cd "$LETHE_SOURCE"
jobs="$(nproc)"

cmake --preset ci -DLETHE_LIBTORCH="$LETHE_LIBTORCH" -DLETHE_ARROW="$LETHE_ARROW"
cmake --build build/ci -j "$jobs"
# every public header compiles alone, without torch
cmake --build build/ci -j "$jobs" --target all_verify_interface_header_sets

# Tests that train use all cores; more than two programs at once would only make each other late. A test that failed runs once
# more: some hold the program to a time, which a machine that is busy with something else cannot keep. The log shows both runs.
export QT_QPA_PLATFORM=offscreen
ctest --test-dir build/ci --output-on-failure --repeat until-pass:2 -j "$((jobs < 2 ? jobs : 2))" "$@"
