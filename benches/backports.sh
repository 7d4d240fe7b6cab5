#!/usr/bin/env bash
# One fix on one branch, cold, beside the peers, run in turn on the same repository.
#
#   benches/backports.sh REPOSITORY MAIN BRANCH FIX [EMBARGOD]
#
# Prints seconds of each (the fastest of fifteen; of the peers, which take long, one run), the ratios, and the peak memory.
set -euo pipefail
repository=$1 main=$2 branch=$3 fix=$4 embargod=${5:-target/release/embargod}
export GIT_NO_LAZY_FETCH=1 GIT_CONFIG_NOSYSTEM=1

seconds() { # seconds RUNS COMMAND…
  local runs=$1 best= took; shift
  for _ in $(seq "$runs"); do
    local start end
    # The shell's own clock: another process would count too.
    start=$EPOCHREALTIME
    # 1 is our "not everywhere"; anything else, such as objects that the mirror lacks, makes the figure worthless.
    "$@" >/dev/null 2>&1 || [ $? = 1 ] || { echo "failed: $*" >&2; exit 1; }
    end=$EPOCHREALTIME
    took=$(echo "$end - $start" | bc)
    if [ -z "$best" ] || [ "$(echo "$took < $best" | bc)" = 1 ]; then best=$took; fi
  done
  echo "$best"
}

ours=$(seconds 15 "$embargod" backports --repo "$repository" --fix "$fix" --branch "$branch" --json)
base=$(git -C "$repository" merge-base "$main" "$branch")
cherry=$(seconds 1 git -C "$repository" cherry "$branch" "$main")
rangediff=$(seconds 1 git -C "$repository" range-diff --no-patch "$base..$main" "$base..$branch")
echo "embargod backports      $ours s"
echo "git cherry              $cherry s   $(echo "$cherry / $ours" | bc) times as long"
echo "git range-diff          $rangediff s   $(echo "$rangediff / $ours" | bc) times as long"
if [ -x /usr/bin/time ]; then
  /usr/bin/time -f "peak memory             %M KiB" "$embargod" backports --repo "$repository" --fix "$fix" --branch "$branch" --json >/dev/null
fi
