# Ends strict tasks when the node's lease is over, also while the agent hangs or is gone.
#   guard.sh DIRECTORY
# DIRECTORY/lease holds the time of the lease's end, in hundredths of a second since the machine was started;
# DIRECTORY/strict a file for each strict attempt: its directory, and its name as in OSCHED_ATTEMPT.
# Leaves a file of the same name in DIRECTORY/expired for an attempt that it ends.
directory=$1
exec </dev/null >/dev/null 2>&1
echo $$ >"$directory/guard.pid"

# Prints the start time of a process from its line of /proc/PID/stat: the name before it may hold anything.
started() {
  rest=${1##*) }
  # shellcheck disable=SC2086
  set -- $rest
  shift 19
  echo "$1"
}

end() {
  file=$1
  { read -r root && read -r attempt; } <"$file" || return
  # Not started yet, or just about to be: it is looked at again.
  { read -r shim && read -r main; } <"$root/pids" || return
  pid=${main%% *}
  : >"$directory/expired/${file##*/}"
  left=
  if read -r now_stat <"/proc/$pid/stat" && [ "$(started "$now_stat")" = "$(started "$main")" ]; then
    kill -KILL "-$pid"
    left=1
  fi
  # Those that have left its group carry its name. The supervisor stays, to record the end.
  for environ in $(grep -lzx -- "OSCHED_ATTEMPT=$attempt" /proc/[0-9]*/environ); do
    other=${environ#/proc/}
    other=${other%/environ}
    [ "$other" = "${shim%% *}" ] && continue
    kill -KILL "$other" && left=1
  done
  [ -n "$left" ] || rm -f "$file"
}

# A later guard of the same directory takes over.
while read -r owner <"$directory/guard.pid" && [ "$owner" = $$ ]; do
  read -r up _ </proc/uptime
  read -r over _ <"$directory/lease" || over=0
  if [ "${up%.*}${up#*.}" -ge "$over" ]; then
    for file in "$directory"/strict/*; do
      [ -f "$file" ] && end "$file"
    done
  fi
  sleep 0.5
done
