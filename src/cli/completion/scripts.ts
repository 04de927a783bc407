/**
 * Scripts that ask the program itself (`__complete`) what may come next. It answers with one candidate per line, a
 * description behind a tab, and at last a line `:<directive>` (see directives.ts).
 */
export const scripts: Record<string, (program: string) => string> = { bash, zsh, fish, powershell };

const functionName = (program: string) => `_${program.replaceAll('-', '_')}`;

function bash(program: string): string {
  const name = functionName(program);
  return `# bash completion for ${program}
${name}() {
  local out directive words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  out=$("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null) || return
  directive=\${out##*:}
  out=\${out%:*}
  COMPREPLY=()
  if (( directive & 1 )); then return; fi
  local candidate
  while IFS= read -r candidate; do
    candidate=\${candidate%%$'\\t'*}
    [[ -n $candidate ]] && COMPREPLY+=("$candidate")
  done <<< "$out"
  if (( \${#COMPREPLY[@]} == 0 && !(directive & 4) )); then
    compopt -o default
  fi
}
complete -F ${name} ${program}`;
}

function zsh(program: string): string {
  const name = functionName(program);
  return `#compdef ${program}
# zsh completion for ${program}
${name}() {
  local out directive line
  local -a candidates
  out=$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null) || return
  directive=\${out##*:}
  if (( directive & 1 )); then return; fi
  for line in "\${(@f)\${out%:*}}"; do
    [[ -n $line ]] && candidates+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done
  if (( \${#candidates} )); then
    _describe ${program} candidates
  elif (( !(directive & 4) )); then
    _files
  fi
}
compdef ${name} ${program}`;
}

function fish(program: string): string {
  const name = functionName(program);
  return `# fish completion for ${program}
function ${name}
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l out ($words[1] __complete $words[2..-1] $current 2>/dev/null)
  or return
  set -l directive (string replace ':' '' -- $out[-1])
  if test (math "bitand($directive, 1)") -ne 0
    return
  end
  set -e out[-1]
  if test (count $out) -gt 0
    printf '%s\\n' $out
  else if test (math "bitand($directive, 4)") -eq 0
    __fish_complete_path $current
  end
end
complete -c ${program} -f -a '(${name})'`;
}

function powershell(program: string): string {
  return `# powershell completion for ${program}
Register-ArgumentCompleter -Native -CommandName '${program}' -ScriptBlock {
  param($word, $ast, $cursor)
  $words = @($ast.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { "$_" })
  $arguments = @($words | Select-Object -Skip 1)
  if ($word -eq '') { $arguments += '""' }
  $out = @(& $words[0] __complete @arguments 2>$null)
  if ($out.Count -eq 0) { return }
  $directive = [int]($out[-1].TrimStart(':'))
  if ($directive -band 1) { return }
  $out | Select-Object -SkipLast 1 | ForEach-Object {
    $candidate, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $candidate }
    [System.Management.Automation.CompletionResult]::new($candidate, $candidate, 'ParameterValue', $description)
  }
}`;
}
