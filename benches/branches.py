#!/usr/bin/env python3
"""One fix on one branch, cold, beside `git cherry` of that branch, on many branches.

    benches/branches.py FOLDER [EMBARGOD]

FOLDER holds the questions and the mirrors of docs/backport-accuracy.md. For each branch of a mirror's refs/heads that has fixes among
the questions, up to eight of them are asked about its head, each five times in a new process; the fastest counts. `git cherry` against
the mirror's main branch (of dpdk-stable, which has none, against v23.11, which has all of the fixes) is run once. Branches of which git
lacks objects are left out.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import time

folder, embargod = sys.argv[1], (sys.argv[2:] or ["target/release/embargod"])[0]
environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1"}


def seconds(command, good):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start if done.returncode in good else None


fixes = {}
with open(f"{folder}/real-history.jsonl") as questions:
    for row in map(json.loads, questions):
        if len(row["fix_main"]) == 1:
            fixes.setdefault((row["repo"].split("/")[1], row["branch"]), set()).add(row["fix_main"][0])
ratios = {}
for (name, branch), of_branch in sorted(fixes.items()):
    repository = f"{folder}/{name}.git"
    heads = subprocess.run(
        ["git", "-C", repository, "for-each-ref", "--format=%(refname:short)", "refs/heads"],
        capture_output=True, text=True, check=True,
    ).stdout.split()
    if branch not in heads:
        continue
    main = next((head for head in ("main", "master") if head in heads), "v23.11")
    cherry = seconds(["git", "-C", repository, "cherry", branch, main], (0,))
    if cherry is None:
        continue
    chosen = random.Random(branch).sample(sorted(of_branch), min(8, len(of_branch)))
    for fix in chosen:
        ask = [embargod, "backports", "--repo", repository, "--fix", fix, "--branch", branch, "--json"]
        times = [seconds(ask, (0, 1)) for _ in range(5)]
        if None not in times:
            ratios.setdefault(name, []).append(cherry / min(times))
            print(f"{name} {branch} {fix[:12]} {min(times):.4f} s, git cherry {ratios[name][-1]:.0f} times as long", flush=True)
print("repository | calls | median | at least 100 times")
for name, of_repository in {**ratios, "all": sum(ratios.values(), [])}.items():
    fast = sum(ratio >= 100 for ratio in of_repository)
    print(f"{name} | {len(of_repository)} | {statistics.median(of_repository):.0f} | {fast} ({100 * fast / len(of_repository):.0f} %)")
