#!/usr/bin/env bash
# Makes everything in this folder anew: the data, the model that learned all of it, and the one that never saw the forget set.
# Takes about ten minutes on two cores. ARGS go to lethe-cli (resources/demo/remake.sh --threads 4).
set -euo pipefail
demo="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cli() { "$demo/../../packaging/run.sh" --cli "$@"; }
work="$demo/build"
rm -rf "$work"
mkdir -p "$work"

python3 "$demo/make_world.py" "$demo"
python3 "$demo/make_model.py" "$demo" "$work/start"

# learn SPEC MODEL: trains by the spec and exports in bf16
learn()
{
    local summary="$work/$2.json" run
    cli run "$demo/$1" --db "$work/lethe.sqlite" --steps-out "$work/$2.jsonl" "${@:3}" >"$summary"
    run="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run_id"])' "$summary")"
    cli export "$run" --db "$work/lethe.sqlite" --dtype bf16 --out "$demo/models/$2" --overwrite >/dev/null
    # the card tells what it was made of; where on this machine that lay is nobody's business
    sed -i -e "s|$demo/||g" -e 's|license: "unknown"|license: gpl-3.0|' "$demo/models/$2/README.md"
}
mkdir -p "$demo/models"
learn train-full.json demo "$@"
learn train-retrained.json demo-retrained "$@"

for model in demo demo-retrained; do
    printf '%s: ' "$model"
    cli eval "$demo/npo.json" --model "$demo/models/$model" \
        | python3 -c 'import json, sys; print(json.load(sys.stdin)["metrics"])'
done
du -sh "$demo/models"
