# Shared by the scripts of this folder: messages, timed steps with logs, where things are.
# shellcheck shell=bash
set -euo pipefail

SINTER_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export SINTER_ROOT

if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  _bold=$'\e[1m' _red=$'\e[31m' _green=$'\e[32m' _plain=$'\e[0m'
else
  _bold='' _red='' _green='' _plain=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '%s%s%s\n' "$_bold" "$*" "$_plain"; }
# die MESSAGE [CODE]: CODE 2 = bad usage or input, 1 = the machine failed.
die() {
  printf '%serror:%s %s\n' "$_red" "$_plain" "$1" >&2
  exit "${2:-1}"
}

# Prints the leading comment block of a script: its --help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//;t print;b;:print p}' "$1"; }

# step TITLE COMMAND...: runs COMMAND with its output in a log, prints one line with the time it took (on a terminal, the
# time so far while it runs).
SINTER_LOG_DIR="${SINTER_LOG_DIR:-}"
step() {
  local title="$1"; shift
  local name log start status=0 pid
  mkdir -p "$SINTER_LOG_DIR"
  name="$(printf '%s' "$title" | tr -cs 'A-Za-z0-9._' '-' | sed 's/-$//')"
  log="$SINTER_LOG_DIR/$name.log"
  printf '  %-58s' "$title"
  start=$(date +%s.%N)
  # In a subshell of its own: in `command || ...` bash would ignore `set -e` inside the command.
  (set -e; "$@") >"$log" 2>&1 </dev/null &
  pid=$!
  if [[ -t 1 ]]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r  %-58s... %4.0f s' "$title" "$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')"
      sleep 0.5
    done
    printf '\r  %-58s' "$title"
  fi
  wait "$pid" || status=$?
  local seconds
  seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }')
  if ((status == 0)); then
    printf '%sok%s  %9s\n' "$_green" "$_plain" "$seconds"
  else
    printf '%sfailed%s %s\n' "$_red" "$_plain" "$seconds"
    tail -n 25 "$log" | sed 's/^/    | /' >&2
    die "step '$title' failed (exit status $status); whole log: $log"
  fi
}

# note TITLE TEXT: a step that needed no work.
note() { printf '  %-58s%s\n' "$1" "$2"; }

processors() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN; }

# error_of FILE NAME: an error over all frames (force_max, ...) from a report of `sinter eval --json`.
error_of() { sed -n "s/.*\"all\":{[^}]*\"$2\":\([-+0-9.eE]*\).*/\1/p" "$1"; }

# is_below A B: whether A is a number whose magnitude is below B.
is_below() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "") exit 1; a += 0; if (a < 0) a = -a; exit !(a < b) }'; }

# The instruction set that `-march=native` means on this machine, short and unique.
instruction_set() {
  local flags
  flags="$("${CXX:-g++}" -march=native -Q --help=target 2>/dev/null | awk '/^ *-m/ { print $1 $2 }' || true)"
  local march
  march="$(printf '%s\n' "$flags" | sed -n 's/^-march=//p' | head -n 1)"
  printf '%s-%s' "${march:-$(uname -m)}" "$(printf '%s' "$flags" | sha256sum | cut -c1-6)"
}
