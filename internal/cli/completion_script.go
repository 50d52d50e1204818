package cli

import (
	"fmt"
	"strings"
)

// bashBegins finds the longest run of words that is a command, what of the cell is
// meant, and the word before, also where an equals sign stands between. zsh runs it,
// too, where path and words are names of its own.
const bashBegins = `_halligan() {
  local called= word i before= offered= asks= file= cur="${COMP_WORDS[COMP_CWORD]}"
  local -a given=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    before="${COMP_WORDS[i-1]}" word="${COMP_WORDS[i]}"
    [[ $before == "=" ]] && before="${COMP_WORDS[i-2]}"
    [[ $i -eq $COMP_CWORD ]] && break
    case "$before" in
      --files|--profile) [[ $word == "=" ]] || given+=("$before" "$word") ;;
    esac
    case "$called $word" in
`

// bashEnds offers what was found: of the cell too, and files where nothing fits.
const bashEnds = `  esac
  [[ -n $asks ]] && offered+=" $("${COMP_WORDS[0]}" complete "$asks" "${given[@]}" 2>/dev/null)"
  [[ $cur == "=" ]] && cur=
  COMPREPLY=($(compgen -W "$offered" -- "$cur"))
  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _halligan halligan
`

func bashScript(all []completed) string {
	var b strings.Builder
	b.WriteString(bashBegins)
	for _, at := range all {
		if at.path != "" {
			parent, last := split(at.path)
			fmt.Fprintf(&b, "      %q) called=%q ;;\n", parent+" "+last, at.path)
		}
	}
	b.WriteString("    esac\n  done\n  case \"$called $before\" in\n")
	for _, at := range all {
		for _, of := range at.takes {
			switch {
			case of.flag == "":
			case of.file():
				fmt.Fprintf(&b, "    %q) file=1 ;;\n", at.path+" "+of.flag)
			default:
				fmt.Fprintf(&b, "    %q) file=1 offered=%q asks=%q ;;\n", at.path+" "+of.flag, strings.Join(of.values, " "), of.asks)
			}
		}
	}
	b.WriteString("  esac\n  [[ -n $file ]] || case \"$called\" in\n")
	for _, at := range all {
		words, asks := at.words, ""
		for _, of := range at.takes {
			if of.flag == "" {
				words, asks = append(words[:len(words):len(words)], of.values...), of.asks
			}
		}
		fmt.Fprintf(&b, "    %q) offered=%q asks=%q ;;\n", at.path, strings.Join(words, " "), asks)
	}
	b.WriteString(bashEnds)
	return b.String()
}

// split parts the last word of a path from what is before it.
func split(path string) (parent, last string) {
	if i := strings.LastIndexByte(path, ' '); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func fishScript(all []completed) string {
	var b strings.Builder
	b.WriteString("complete -c halligan -f\n")
	for _, at := range all {
		condition := "__fish_use_subcommand"
		if at.path != "" {
			condition = "__fish_seen_subcommand_from " + strings.Fields(at.path)[0]
			if parent, last := split(at.path); parent != "" {
				condition += "; and __fish_seen_subcommand_from " + last
			}
		}
		takes := map[string]taken{}
		for _, of := range at.takes {
			if of.flag == "" {
				fmt.Fprintf(&b, "complete -c halligan -n %q -a %q\n", condition, of.fish())
				continue
			}
			takes[of.flag] = of
		}
		for _, word := range at.words {
			of, valued := takes[word]
			flag, ok := strings.CutPrefix(word, "--")
			switch {
			case !ok:
				fmt.Fprintf(&b, "complete -c halligan -n %q -a %s\n", condition, word)
			case !valued:
				fmt.Fprintf(&b, "complete -c halligan -n %q -l %s\n", condition, flag)
			case of.file():
				fmt.Fprintf(&b, "complete -c halligan -n %q -l %s -r -F\n", condition, flag)
			default:
				fmt.Fprintf(&b, "complete -c halligan -n %q -l %s -x -a %q\n", condition, flag, of.fish())
			}
		}
	}
	return b.String()
}

// fish is what is taken, as fish lists it.
func (t taken) fish() string {
	if t.asks != "" {
		return "(halligan complete " + t.asks + " 2>/dev/null)"
	}
	return strings.Join(t.values, " ")
}
