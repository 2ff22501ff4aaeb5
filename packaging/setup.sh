#!/usr/bin/env bash
# Puts on this machine what Lethe is built with, where it is missing: Debian packages, and LibTorch in the cache folder.
# Run it, or source it and call `lethe_setup [test]`. Says nothing where nothing is missing; speaks on standard error only.
#
#   LETHE_LIBTORCH=FOLDER   use the LibTorch unpacked there (it holds torch/), fetch none
#   LETHE_ARROW=FOLDER      the same of Apache Arrow (it holds pyarrow/)
#   LETHE_WITHOUT_CUDA=1    leave out the libraries for NVIDIA GPUs though there is a driver

LETHE_SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source=packaging/dependencies.env
. "$LETHE_SOURCE/packaging/dependencies.env"

lethe_say() { printf 'lethe: %s\n' "$*" >&2; }
lethe_fail() { lethe_say "$@"; exit 1; }
lethe_trim() { local text="$1"; text="${text#"${text%%[! ]*}"}"; printf '%s' "${text%"${text##*[! ]}"}"; }

lethe_is_debian_12() { (. /etc/os-release 2>/dev/null && [[ "${ID:-}" == debian && "${VERSION_ID:-}" == 12 ]] && command -v apt-get); } >/dev/null

# Of the packages named "PACKAGE | FLOOR | SIGN", those that dpkg does not have in that version.
lethe_missing_debian()
{
    local -A have=()
    local -a names=()
    local entry name floor status version
    for entry in "$@"; do names+=("$(lethe_trim "${entry%%|*}")"); done
    while read -r name status version; do
        [[ "$status" == installed ]] && have["$name"]="$version"
    done < <(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' "${names[@]}" 2>/dev/null)
    for entry in "$@"; do
        IFS='|' read -r name floor _ <<<"$entry"
        name="$(lethe_trim "$name")"; floor="$(lethe_trim "$floor")"
        version="${have[$name]:-}"
        if [[ -z "$version" ]] || dpkg --compare-versions "$version" lt "$floor"; then printf '%s\n' "$name"; fi
    done
}

# The same on a system whose packages have other names: by their signs.
lethe_missing_elsewhere()
{
    local entry name sign kind what found
    for entry in "$@"; do
        IFS='|' read -r name _ sign <<<"$entry"
        name="$(lethe_trim "$name")"; read -r kind what <<<"$sign"
        found=yes
        case "$kind" in
        command) command -v "$what" >/dev/null || found= ;;
        module) pkg-config --exists "$what" 2>/dev/null || found= ;;
        header) printf '#include <%s>\n' "$what" | g++ -std=c++20 -E -x c++ - >/dev/null 2>&1 || found= ;;
        cmake) compgen -G "/usr/lib*/cmake/$what/${what}Config.cmake" >/dev/null \
            || compgen -G "/usr/lib/*/cmake/$what/${what}Config.cmake" >/dev/null \
            || compgen -G "/usr/local/lib*/cmake/$what/${what}Config.cmake" >/dev/null || found= ;;
        esac
        [[ "$found" ]] || printf '%s\n' "$name"
    done
}

lethe_install_packages()
{
    local -a missing
    if ! lethe_is_debian_12; then
        mapfile -t missing < <(lethe_missing_elsewhere "$@")
        ((${#missing[@]} == 0)) && return
        lethe_say "packages are installed on Debian 12 only, and this is $( (. /etc/os-release 2>/dev/null; echo "${PRETTY_NAME:-another system}") )."
        lethe_fail "Missing here, by the names Debian gives them: ${missing[*]} (least versions: packaging/dependencies.env)"
    fi
    mapfile -t missing < <(lethe_missing_debian "$@")
    ((${#missing[@]} == 0)) && return

    local -a root=()
    if (($(id -u) != 0)); then
        command -v sudo >/dev/null || lethe_fail "missing: ${missing[*]}; installing them takes root or sudo, and there is neither"
        root=(sudo)
    fi
    lethe_say "installing ${missing[*]}"
    local attempt
    for attempt in 1 2 3; do
        if "${root[@]}" apt-get -q update >&2 </dev/null \
            && "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "${missing[@]}" >&2 </dev/null; then
            mapfile -t missing < <(lethe_missing_debian "$@")
            ((${#missing[@]} == 0)) && return
            lethe_fail "installed, but older than Lethe needs: ${missing[*]} (least versions: packaging/dependencies.env)"
        fi
        lethe_say "apt-get failed (attempt $attempt of 3)"
        sleep $((attempt * 3))
    done
    lethe_fail "apt-get could not install ${missing[*]}: its messages are above"
}

lethe_has_nvidia_driver() { [[ -z "${LETHE_WITHOUT_CUDA:-}" ]] && { [[ -e /proc/driver/nvidia/version ]] || command -v nvidia-smi; }; } >/dev/null

# lethe_fetch_wheel FILE SHA256 FOLDER VARIABLE: the wheel lies whole in FOLDER, or the script ends (VARIABLE names a folder in its place).
lethe_fetch_wheel()
{
    local file="$1" sha256="$2" folder="$3" attempt name version minor
    local -a platforms=(--platform manylinux2014_x86_64)
    for minor in {17..28}; do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
    IFS=- read -r name version _ <<<"$file"
    for attempt in 1 2 3; do
        if [[ -f "$folder/$file" ]]; then
            if printf '%s  %s\n' "$sha256" "$folder/$file" | sha256sum --check --status; then return; fi
            lethe_say "$file is damaged (its sha256 is not the one in packaging/dependencies.env): fetching it again"
            rm -f "$folder/$file"
        fi
        lethe_say "fetching $file"
        printf '%s==%s --hash=sha256:%s\n' "${name//_/-}" "$version" "$sha256" >"$folder/wanted.txt"
        python3 -m pip download --quiet --no-cache-dir --no-deps --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 \
            "${platforms[@]}" --require-hashes --requirement "$folder/wanted.txt" --dest "$folder" >&2 </dev/null \
            || lethe_say "could not fetch $file (attempt $attempt of 3)"
    done
    if [[ -f "$folder/$file" ]] && printf '%s  %s\n' "$sha256" "$folder/$file" | sha256sum --check --status; then return; fi
    rm -f "$folder/$file"
    lethe_fail "could not fetch $file: look at the network, or unpack it yourself and name the folder in $4"
}

# LibTorch lies in LETHE_LIBTORCH, which is set and exported.
lethe_provide_libtorch()
{
    if [[ -n "${LETHE_LIBTORCH:-}" ]]; then
        [[ -f "$LETHE_LIBTORCH/torch/lib/libtorch_cpu.so" ]] \
            || lethe_fail "LETHE_LIBTORCH is $LETHE_LIBTORCH, but torch/lib/libtorch_cpu.so is not in there"
        grep -q "^__version__ = '${LETHE_LIBTORCH_VERSION//./\\.}[+']" "$LETHE_LIBTORCH/torch/version.py" 2>/dev/null \
            || lethe_fail "LETHE_LIBTORCH is $LETHE_LIBTORCH, but what lies there is not PyTorch $LETHE_LIBTORCH_VERSION"
        return
    fi
    local cache="${XDG_CACHE_HOME:-$HOME/.cache}/lethe"
    export LETHE_LIBTORCH="$cache/libtorch-$LETHE_LIBTORCH_VERSION"
    # Written last, so that an unpacking that was interrupted is done again. It holds what was unpacked.
    local stamp="$LETHE_LIBTORCH/.lethe-complete" wanted room kind=cpu
    lethe_has_nvidia_driver && kind=cuda
    wanted="$(printf '%s\n' "${LETHE_LIBTORCH_WHEELS[@]}")"
    if [[ -f "$stamp" && "$(head -n -1 "$stamp")" == "$wanted" ]]; then
        # what can serve a GPU serves a machine without one too
        [[ "$(tail -n 1 "$stamp")" == "$kind" || "$kind" == cpu ]] && return
        lethe_say "there is an NVIDIA driver now: adding what it needs"
    fi

    mkdir -p "$cache/wheels" || lethe_fail "$cache cannot be written: XDG_CACHE_HOME can name another folder"
    exec 8>"$cache/set-up.lock"
    flock 8
    if [[ -f "$stamp" && "$(head -n -1 "$stamp")" == "$wanted" && "$(tail -n 1 "$stamp")" == "$kind" ]]; then
        exec 8>&-
        return # another start did it while this one waited
    fi
    room=$LETHE_LIBTORCH_ROOM
    [[ "$kind" == cuda ]] && room=$LETHE_LIBTORCH_ROOM_CUDA
    local free=$(($(df --output=avail -k "$cache" | tail -n 1) / 1024 / 1024))
    ((free >= room)) || lethe_fail "LibTorch takes $room GiB in $cache for a moment, $free GiB are free: XDG_CACHE_HOME can name another folder"

    local wheel file sha256 part="$LETHE_LIBTORCH.part"
    local -a files=()
    rm -rf "$part"
    mkdir -p "$part"
    for wheel in "${LETHE_LIBTORCH_WHEELS[@]}"; do
        IFS='|' read -r file sha256 <<<"$wheel"
        file="$(lethe_trim "$file")"; sha256="$(lethe_trim "$sha256")"
        lethe_fetch_wheel "$file" "$sha256" "$cache/wheels" LETHE_LIBTORCH
        files+=("$cache/wheels/$file")
    done
    if [[ "$kind" == cuda ]]; then
        lethe_say "installing LibTorch with the libraries for the GPU (about 5 GiB; LETHE_WITHOUT_CUDA=1 leaves them out)"
        python3 -m pip install --quiet --no-cache-dir --no-compile --no-warn-script-location --target "$part" "${files[@]}" >&2 </dev/null \
            || lethe_fail "pip could not fetch the libraries for the GPU; LETHE_WITHOUT_CUDA=1 $0 goes on without them, on the CPU"
    else
        lethe_say "unpacking LibTorch $LETHE_LIBTORCH_VERSION"
        for file in "${files[@]}"; do unzip -q -o "$file" -d "$part" >&2 </dev/null || lethe_fail "$file could not be unpacked into $part"; done
    fi
    [[ -f "$part/torch/lib/libtorch_cpu.so" ]] || lethe_fail "the wheel of PyTorch holds no torch/lib/libtorch_cpu.so"
    rm -rf "$LETHE_LIBTORCH"
    mv "$part" "$LETHE_LIBTORCH"
    printf '%s\n%s\n' "$wanted" "$kind" >"$stamp"
    rm -rf "$cache/wheels"
    exec 8>&-
}

# Apache Arrow lies in LETHE_ARROW, which is set and exported; empty where it could not be had: Parquet files are then refused, in words.
lethe_provide_arrow()
{
    if [[ -n "${LETHE_ARROW:-}" ]]; then
        compgen -G "$LETHE_ARROW/pyarrow/libparquet.so.*" >/dev/null \
            || lethe_fail "LETHE_ARROW is $LETHE_ARROW, but pyarrow/libparquet.so is not in there"
        return
    fi
    local cache="${XDG_CACHE_HOME:-$HOME/.cache}/lethe" file sha256
    export LETHE_ARROW="$cache/arrow-$LETHE_ARROW_VERSION"
    [[ -f "$LETHE_ARROW/.lethe-complete" ]] && return
    local part="$LETHE_ARROW.part"
    IFS='|' read -r file sha256 <<<"$LETHE_ARROW_WHEEL"
    file="$(lethe_trim "$file")"; sha256="$(lethe_trim "$sha256")"
    exec 8>"$cache/set-up.lock"
    flock 8
    if [[ ! -f "$LETHE_ARROW/.lethe-complete" ]]; then
        rm -rf "$part"
        if mkdir -p "$cache/wheels" "$part" && (lethe_fetch_wheel "$file" "$sha256" "$cache/wheels" LETHE_ARROW) \
            && unzip -q -o "$cache/wheels/$file" 'pyarrow/include/*' 'pyarrow/libarrow.so.*' 'pyarrow/libparquet.so.*' '*/licenses/*' -d "$part" >&2 </dev/null
        then
            rm -rf "$LETHE_ARROW"
            mv "$part" "$LETHE_ARROW"
            touch "$LETHE_ARROW/.lethe-complete"
        else
            lethe_say "going on without Apache Arrow: Parquet files will not be read until a later start can fetch it"
            export LETHE_ARROW=
        fi
        rm -rf "$cache/wheels" "$part"
    fi
    exec 8>&-
}

# lethe_setup [test]: everything is there, or the script ends with what is missing.
lethe_setup()
{
    [[ "$(uname -s)-$(uname -m)" == Linux-x86_64 ]] || lethe_fail "Lethe runs on Linux on x86-64; this is $(uname -s) on $(uname -m)"
    local -a packages=("${LETHE_BUILD_PACKAGES[@]}")
    [[ "${1:-}" == test ]] && packages+=("${LETHE_TEST_PACKAGES[@]}")
    [[ -n "${WAYLAND_DISPLAY:-}" && -z "${DISPLAY:-}" ]] && packages+=("${LETHE_WAYLAND_PACKAGES[@]}")
    lethe_install_packages "${packages[@]}"
    lethe_provide_libtorch
    lethe_provide_arrow
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
    set -euo pipefail
    lethe_setup "$@"
    lethe_say "everything is there; LibTorch lies in $LETHE_LIBTORCH"
fi
