/**
 * The shell program around a command that is run in a container for a client. File descriptor 3 is its life line, held
 * by the agent at the other end:
 *
 * - The line breaks when the session is closed or the agent dies: then the whole process group is killed.
 * - When the command ends, its exit code is written to the line, and what it left in the group is killed.
 *
 * Usage: `sh -c SHIM kanari-exec PROGRAM [ARGUMENT…]`.
 */
export const execShims = {
  /** Nobody writes to the command. */
  withoutInput: shim('"$@" 3<&- 4<&- &'),
  /** `cat` turns the socket that Node.js gives into a pipe, which the command can open again as `/dev/stdin`. */
  withInput: shim('cat <&4 3<&- | "$@" 3<&- 4<&- &'),
  /** For a command made by `inTerminal`, which writes the terminal's name to the life line first. */
  inTerminal: shim('"$@" <&4 4<&- &'),
} as const;

function shim(start: string): string {
  return `
trap : HUP INT QUIT TERM
exec 4<&0
${start}
program=$!
{ read -r line <&3; kill -KILL 0; } </dev/null >/dev/null 2>&1 4<&- &
exec </dev/null >/dev/null 2>&1 4<&-
while :; do
  wait "$program"
  code=$?
  kill -0 "$program" 2>/dev/null || break
done
echo "$code" >&3
kill -KILL 0
`;
}
