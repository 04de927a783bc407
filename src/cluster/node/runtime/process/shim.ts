/**
 * The shell program that stands between the agent and a container's program, so that both may die in any order:
 *
 * 1. It claims the run: the symbolic link `claim` names its process. Made atomically and once, the link tells a later
 *    agent whom to look for; an agent that finds none makes it itself, and a shim that comes late gives up.
 * 2. It starts the program with stdout and stderr appended to files, and writes its process id to `pid`. Its input is
 *    the named pipe `stdin`, where there is one; the process in `holder` keeps it open between those who write to it.
 * 3. It waits, writes the exit code to `exit`, and ends what the program left behind in its process group.
 *
 * Signals to the shim are caught (not ignored: the program would inherit that), so only SIGKILL can keep it from
 * writing the exit code. Usage: `sh -c SHIM kanari-shim FOLDER PROGRAM [ARGUMENT…]`.
 */
export const SHIM = `
run=$1; shift
ln -s "$$" "$run/claim" 2>/dev/null || exit 0
trap : HUP INT QUIT TERM
if [ -p "$run/stdin" ]; then
  exec 3<>"$run/stdin" 4<"$run/stdin"
  sleep 2147483647 </dev/null >/dev/null 2>&1 4<&- &
  echo "$!" >"$run/holder"
else
  exec 4</dev/null
fi
"$@" >>"$run/stdout" 2>>"$run/stderr" <&4 3>&- 4<&- &
program=$!
exec 3>&- 4<&-
echo "$program" >"$run/pid"
while :; do
  wait "$program"
  code=$?
  kill -0 "$program" 2>/dev/null || break
done
echo "$code" >"$run/exit"
trap - HUP INT QUIT TERM
kill -KILL 0
`;

/** Target of a `claim` that an agent made to keep a late shim from starting. */
export const CANCELLED = 'cancelled';
