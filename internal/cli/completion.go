package cli

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a completion script for the commands and their flags.
func (c *completionCommand) Run(s *session) error {
	words := map[string][]string{}
	collect(s.kong.Model.Node, "", nil, words)
	switch c.Shell {
	case "bash", "zsh":
		if c.Shell == "zsh" {
			s.printf("autoload -U +X bashcompinit && bashcompinit\n")
		}
		s.printf("%s", bashCompletion(words, valuedFlags(s.kong.Model.Node)))
	case "fish":
		s.printf("%s", fishCompletion(words))
	}
	return nil
}

// collect gathers, for every command path, the words that may follow; above are the flags of the commands around it.
func collect(n *kong.Node, path string, above []string, words map[string][]string) {
	for _, flag := range n.Flags {
		if !flag.Hidden && flag.Name != "help" {
			above = append(slices.Clone(above), "--"+flag.Name)
		}
	}
	for _, child := range n.Children {
		if child.Hidden || child.Type == kong.ArgumentNode {
			continue
		}
		words[path] = append(words[path], child.Name)
		collect(child, strings.TrimSpace(path+" "+child.Name), above, words)
	}
	for _, argument := range n.Positional {
		if argument.Enum != "" {
			words[path] = append(words[path], argument.EnumSlice()...)
		}
	}
	words[path] = append(words[path], append(above, "--help")...)
}

// bashCompletion completes the words that may follow a command; valued are the flags that a value follows.
func bashCompletion(words map[string][]string, valued []string) string {
	var b strings.Builder
	b.WriteString("_spindle() {\n  local path=\"\" value=\"\" word words=\"\"\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
	b.WriteString("    if [ -n \"$value\" ]; then value=\"\"; continue; fi\n    case \"$word\" in\n")
	fmt.Fprintf(&b, "      %s) value=1 ;;\n      -*) ;;\n      *) path=\"${path:+$path }$word\" ;;\n    esac\n  done\n  if [ -n \"$value\" ]; then COMPREPLY=(); return; fi\n  case \"$path\" in\n", strings.Join(valued, "|"))
	paths := sortedPaths(words)
	slices.Reverse(paths) // the longer path first: what follows it are arguments
	for _, path := range paths {
		pattern := fmt.Sprintf("%q|%q*", path, path+" ")
		if path == "" {
			pattern = `""`
		}
		fmt.Fprintf(&b, "    %s) words=%q ;;\n", pattern, strings.Join(words[path], " "))
	}
	b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _spindle spindle\n")
	return b.String()
}

func fishCompletion(words map[string][]string) string {
	var b strings.Builder
	for _, path := range sortedPaths(words) {
		condition := "__fish_use_subcommand"
		if path != "" {
			condition = "__fish_seen_subcommand_from " + path[strings.LastIndex(path, " ")+1:]
		}
		for _, word := range words[path] {
			if flag, isFlag := strings.CutPrefix(word, "--"); isFlag {
				fmt.Fprintf(&b, "complete -c spindle -n '%s' -l %s\n", condition, flag)
			} else {
				fmt.Fprintf(&b, "complete -c spindle -f -n '%s' -a %s\n", condition, word)
			}
		}
	}
	return b.String()
}

// valuedFlags lists the flags of every command that a value follows.
func valuedFlags(n *kong.Node) []string {
	var flags []string
	for _, flag := range n.Flags {
		if !flag.IsBool() {
			flags = append(flags, "--"+flag.Name)
		}
	}
	for _, child := range n.Children {
		flags = append(flags, valuedFlags(child)...)
	}
	slices.Sort(flags)
	return slices.Compact(flags)
}

func sortedPaths(words map[string][]string) []string {
	paths := make([]string, 0, len(words))
	for path := range words {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths
}
