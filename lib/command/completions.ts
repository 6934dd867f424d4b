/**
 * `trawl completions`: completion scripts for bash, zsh and fish, made from the tables of commands and flags. Static
 * text: the scripts never start trawl.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { presets } from "../job/presets.ts";
import type { Command } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments, Completion, Flag } from "./flag.ts";
import { shellWord } from "./shell_word.ts";

/** Prints the script of the shell that the operand names. */
export function completionsCommand(
  args: Arguments,
  { out }: CommandContext,
  commands: readonly Command[],
): Promise<ExitCode> {
  const [shell, ...more] = args.operands;
  if (more[0] !== undefined) throw new UsageError(`Too many operands: name one shell, not also "${more[0]}"`);
  if (shell === undefined) throw new UsageError("No shell: name bash, zsh or fish");
  out(scriptOf(shell, commands));
  return Promise.resolve(exitCode.done);
}

/** @throws {UsageError} If the shell is none of bash, zsh and fish. */
export function scriptOf(shell: string, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
  throw new UsageError(`Cannot print completions: must be bash, zsh or fish, got "${shell}"`);
}

/** What may stand at a place: words, and files or not. */
interface Candidates {
  readonly words: readonly string[];
  readonly hasFiles: boolean;
}

function operandCandidates({ operandKind }: Command, commands: readonly Command[]): Candidates {
  switch (operandKind) {
    case "none":
      return { words: [], hasFiles: false };
    case "file":
      return { words: [], hasFiles: true };
    case "job":
    case "preset":
      return { words: Object.keys(presets), hasFiles: true };
    case "command":
      return { words: commands.map(({ name }) => name), hasFiles: false };
    default:
      return { words: operandKind, hasFiles: false };
  }
}

function valueCandidates(completion: Completion | undefined): Candidates {
  if (completion === undefined) return { words: [], hasFiles: false };
  return completion === "file" || completion === "folder"
    ? { words: [], hasFiles: true }
    : { words: completion, hasFiles: false };
}

function valueFlags({ flags }: Command) {
  return flags.filter((flag) => flag.value !== undefined);
}

/** All spellings of a flag. */
function spellings({ name, short }: Flag): string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

function bashScript(commands: readonly Command[]): string {
  const reply = ({ words, hasFiles }: Candidates) =>
    `trawl_words="${words.join(" ")}"${hasFiles ? " trawl_files=1" : ""}`;
  const cases = commands.flatMap((command) => [
    `    ${command.name})`,
    `      case $previous in`,
    ...valueFlags(command).map((flag) =>
      `        ${spellings(flag).join("|")}) ${reply(valueCandidates(flag.completion))} ;;`
    ),
    "        *)",
    `          if [[ $current == -* ]]; then trawl_words="${command.flags.flatMap(spellings).join(" ")}"`,
    `          else ${reply(operandCandidates(command, commands))}; fi ;;`,
    "      esac ;;",
  ]);
  return [
    "# bash completion for trawl",
    "_trawl() {",
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
    "  local trawl_words= trawl_files=",
    "  COMPREPLY=()",
    "  # Bash splits --flag=value into three words.",
    "  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi",
    "  if [[ $COMP_CWORD -eq 1 ]]; then",
    `    trawl_words="${commands.map(({ name }) => name).join(" ")} --help --version"`,
    "  else case ${COMP_WORDS[1]} in",
    ...cases,
    "  esac; fi",
    '  COMPREPLY=($(compgen -W "$trawl_words" -- "$current"))',
    "  if [[ -n $trawl_files ]]; then",
    "    compopt -o filenames 2>/dev/null",
    "    local file",
    '    while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$current")',
    "  fi",
    "}",
    "complete -F _trawl trawl",
    "",
  ].join("\n");
}

function zshScript(commands: readonly Command[]): string {
  const action = ({ words, hasFiles }: Candidates) => {
    if (words.length === 0) return hasFiles ? "_files" : " ";
    return hasFiles ? `{ compadd -- ${words.join(" ")}; _files }` : `(${words.join(" ")})`;
  };
  const flagSpecs = (flag: Flag) =>
    spellings(flag).map((spelling) => {
      const repeat = flag.value !== undefined && flag.isList ? "*" : "";
      const help = `[${zshEscape(flag.help)}]`;
      const value = flag.value === undefined
        ? ""
        : `:${zshEscape(flag.value)}:${action(valueCandidates(flag.completion))}`;
      return `      ${shellWord(`${repeat}${spelling}${help}${value}`)}`;
    });
  const cases = commands.flatMap((command) => [
    `    ${command.name}) _arguments \\`,
    ...command.flags.flatMap(flagSpecs).map((spec) => `${spec} \\`),
    ...(command.operandKind === "none" ? [] : [
      `      ${
        shellWord(`*:${zshEscape(command.operands)}:${action(operandCandidates(command, commands))}`)
      } \\`,
    ]),
    "      ;;",
  ]);
  return [
    "#compdef trawl",
    "_trawl() {",
    "  if (( CURRENT == 2 )); then",
    "    local -a trawl_commands=(",
    ...commands.map(({ name, summary }) => `      ${shellWord(`${name}:${zshEscape(summary)}`)}`),
    "    )",
    "    _describe command trawl_commands",
    "    return",
    "  fi",
    "  local trawl_command=$words[2]",
    "  shift words; (( CURRENT-- ))",
    "  case $trawl_command in",
    ...cases,
    "  esac",
    "}",
    "# An autoloaded file is the function itself; a sourced one only defines it.",
    'if [ "$funcstack[1]" = _trawl ]; then _trawl "$@"; else compdef _trawl trawl; fi',
    "",
  ].join("\n");
}

function fishScript(commands: readonly Command[]): string {
  const first = "__fish_use_subcommand";
  const lines = commands.flatMap((command) => {
    // The operand of `help` is a command's name, too.
    const notHelp = command.name === "help" ? "" : "; and not __fish_seen_subcommand_from help";
    const inside = `"__fish_seen_subcommand_from ${command.name}${notHelp}"`;
    const { words, hasFiles } = operandCandidates(command, commands);
    return [
      `complete -c trawl -n ${first} -f -a ${command.name} -d ${shellWord(command.summary)}`,
      `complete -c trawl -n ${inside} ${hasFiles ? "-F" : "-f"}${
        words.length === 0 ? "" : ` -a ${shellWord(words.join(" "))}`
      }`,
      ...command.flags.map((flag) => {
        const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
        return `complete -c trawl -n ${inside} -l ${flag.name}${short}${fishValue(flag)} -d ${
          shellWord(flag.help)
        }`;
      }),
    ];
  });
  return ["# fish completion for trawl", ...lines, ""].join("\n");
}

function fishValue(flag: Flag): string {
  if (flag.value === undefined) return "";
  const { words, hasFiles } = valueCandidates(flag.completion);
  if (hasFiles) return " -r -F";
  return words.length === 0 ? " -x" : ` -x -a ${shellWord(words.join(" "))}`;
}

/** Escapes what `_arguments` and `_describe` interpret. */
function zshEscape(text: string): string {
  return text.replaceAll(/[\[\]:\\]/g, "\\$&");
}
