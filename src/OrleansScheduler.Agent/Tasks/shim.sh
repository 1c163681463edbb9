# Supervises one task, so that the task outlives the agent that started it.
#   shim.sh SETSID DIRECTORY EXIT_FILE START_BY COMMAND...
# START_BY is empty, or the time, in hundredths of a second since the machine was started, after which a strict task must not start.
# Leaves in DIRECTORY/pids the /proc stat lines of itself and of the task, and in EXIT_FILE the exit code.
# A file is complete once its last line has its end; readers ignore it before.
setsid=$1 directory=$2 exit_file=$3 start_by=$4
shift 4
# Handlers that do nothing, rather than ignoring: the task must start with the default dispositions.
trap : HUP INT TERM
exec </dev/null >>"$directory/stdout" 2>>"$directory/stderr"
cd "$directory/sandbox" || exit
# Here and not in the agent, which may have been stopped in between: who knows for how long.
if [ -n "$start_by" ] && read -r up _ </proc/uptime && [ "${up%.*}${up#*.}" -ge "$start_by" ]; then
  : >"$directory/../../expired/${directory##*/}"
  printf '137\n' >"$exit_file"
  exit
fi
# A session of its own, so that a signal to the task's group never reaches this supervisor.
"$setsid" "$@" &
task=$!
read -r shim_stat <"/proc/$$/stat"
read -r task_stat <"/proc/$task/stat"
printf '%s\n%s\n' "$shim_stat" "$task_stat" >"$directory/pids"
wait "$task"
code=$?
# A wait that a signal interrupted leaves the task unreaped.
while [ "$code" -gt 128 ] && kill -0 "$task" 2>/dev/null; do
  wait "$task"
  code=$?
done
printf '%s\n' "$code" >"$exit_file"
