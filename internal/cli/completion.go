package cli

import (
	"fmt"
	"sort"
	"strings"

	"github.com/alecthomas/kong"

	"spindle/internal/fault"
)

type completionCommand struct {
	Shell string `arg:"" help:"bash, zsh or fish."`
}

// Run prints a completion script for the commands and their flags.
func (c *completionCommand) Run(s *session) error {
	words := map[string][]string{}
	collect(s.kong.Model.Node, "", words)
	switch c.Shell {
	case "bash", "zsh":
		if c.Shell == "zsh" {
			s.printf("autoload -U +X bashcompinit && bashcompinit\n")
		}
		s.printf("%s", bashCompletion(words))
	case "fish":
		s.printf("%s", fishCompletion(words))
	default:
		return fault.Invalidf("no completion for %q", c.Shell).Do("choose bash, zsh or fish")
	}
	return nil
}

// collect gathers, for every command path, the words that may follow.
func collect(n *kong.Node, path string, words map[string][]string) {
	for _, child := range n.Children {
		if child.Hidden || child.Type == kong.ArgumentNode {
			continue
		}
		words[path] = append(words[path], child.Name)
		collect(child, strings.TrimSpace(path+" "+child.Name), words)
	}
	for _, flag := range n.Flags {
		if !flag.Hidden {
			words[path] = append(words[path], "--"+flag.Name)
		}
	}
}

func bashCompletion(words map[string][]string) string {
	var b strings.Builder
	b.WriteString("_spindle() {\n  local path=\"\" word\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
	b.WriteString("    case \"$word\" in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n  done\n  local words=\"\"\n  case \"$path\" in\n")
	for _, path := range sortedPaths(words) {
		fmt.Fprintf(&b, "    %q) words=%q ;;\n", path, strings.Join(words[path], " "))
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

func sortedPaths(words map[string][]string) []string {
	paths := make([]string, 0, len(words))
	for path := range words {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths
}
