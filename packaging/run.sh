#!/usr/bin/env bash
# From a bare machine to the running workbench: sets up what is missing, builds what has changed, starts `lethe`.
#
#   packaging/run.sh [ARGS…]         the workbench; ARGS go to `lethe`
#   packaging/run.sh --cli ARGS…     `lethe-cli ARGS…`, its standard output clean
#
# With neither arguments nor a display it runs the bundled demo headless and draws every screen to pictures.
set -euo pipefail
cd_was="$PWD"
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
build="$LETHE_SOURCE/build/release"
built="$build/.lethe-built"

# Cheap enough for every start: is any file or folder of the sources newer than the last whole build?
is_built()
{
    [[ -x "$build/bin/lethe" && -x "$build/bin/lethe-cli" && -f "$built" && "$(<"$built")" == "$LETHE_LIBTORCH $LETHE_ARROW" ]] || return
    cd "$LETHE_SOURCE"
    [[ -z "$(find CMakeLists.txt CMakePresets.json core plugins widgets app packaging/cmake packaging/dependencies.env resources/icons \
        -newer "$built" -print -quit)" ]]
}

build_all()
{
    local started
    started="$(mktemp)" # what is edited during the build is built the next time
    lethe_say "building (minutes at the first time)"
    cd "$LETHE_SOURCE"
    cmake --preset release -DLETHE_LIBTORCH="$LETHE_LIBTORCH" -DLETHE_ARROW="$LETHE_ARROW" >&2 </dev/null
    cmake --build build/release -j "$(nproc)" >&2 </dev/null
    printf '%s\n' "$LETHE_LIBTORCH $LETHE_ARROW" >"$built"
    touch -r "$started" "$built"
    rm -f "$started"
}

# No display: the same demo, headless, and pictures of every screen.
run_without_display()
{
    local report="${XDG_DATA_HOME:-$HOME/.local/share}/lethe/demo-report"
    local store="$report/lethe.sqlite" demo="$LETHE_SOURCE/resources/demo"
    mkdir -p "$report"
    lethe_say "no display (DISPLAY and WAYLAND_DISPLAY are empty): running the bundled demo headless"
    "$build/bin/lethe-cli" run "$demo/npo.json" --db "$store" --steps-out "$report/steps.jsonl" >"$report/run.json"
    lethe_say "drawing every screen in both themes"
    QT_QPA_PLATFORM=offscreen "$build/bin/lethe" --db "$store" --screenshots "$report/screenshots" >&2
    cat "$report/run.json"
    lethe_say "report: $report/run.json, its steps: $report/steps.jsonl, pictures: $report/screenshots"
    lethe_say "the run is in the store $store: packaging/run.sh --cli runs list --db '$store'"
}

lethe_setup
is_built || build_all
cd "$cd_was"

if [[ "${1:-}" == --cli ]]; then
    shift
    exec "$build/bin/lethe-cli" "$@"
fi
if (($# == 0)) && [[ -z "${DISPLAY:-}" && -z "${WAYLAND_DISPLAY:-}" ]]; then
    run_without_display
    exit
fi
exec "$build/bin/lethe" "$@"
