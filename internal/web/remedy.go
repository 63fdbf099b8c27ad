package web

import (
	"regexp"
	"strings"
)

// place is where the console does what a command does.
type place struct {
	command string
	words   string
	at      []string // path of the page below the organization
}

// places are the commands that remedies name, the longer ones before those they begin with. A command that is missing here has no page.
func places() []place {
	return []place{
		{"autotask settings schedule", "Setup › Schedule", []string{"setup", "schedule"}},
		{"autotask settings", "Setup › Service settings", []string{"setup", "service"}},
		{"autotask credentials", "Setup › Autotask", []string{"setup", "autotask"}},
		{"autotask enable", "Setup › Autotask", []string{"setup", "autotask"}},
		{"autotask", "Setup › Autotask", []string{"setup", "autotask"}},
		{"microsoft import", "Setup › Microsoft (upload)", []string{"setup", "microsoft"}},
		{"microsoft connect", "Setup › Microsoft (connection)", []string{"setup", "microsoft"}},
		{"microsoft", "Setup › Microsoft", []string{"setup", "microsoft"}},
		{"customers suggest", "Customers › Suggestions", []string{"suggestions"}},
		{"customers list", "the list of customers", []string{"customers"}},
		{"customers map", "the customer's page", []string{"customers"}},
		{"contracts map", "the customer's page", []string{"customers"}},
		{"contracts list", "the customer's page", []string{"customers"}},
		{"subscriptions list", "the customer's page", []string{"customers"}},
		{"subscriptions bill", "the customer's page", []string{"customers"}},
		{"services template", "the template in Setup › Custom services", []string{"setup", "services"}},
		{"services import", "Setup › Custom services", []string{"setup", "services"}},
		{"services map", "Prices › Products", []string{"products"}},
		{"services list", "Prices › Products", []string{"products"}},
		{"prices list", "Prices", []string{"prices"}},
		{"prices", "Prices", []string{"prices"}},
		{"retention", "Settings › Retention", []string{"settings", "retention"}},
		{"doctor", "Service health", []string{"health"}},
		{"approve", "approve it there", []string{"runs"}},
		{"apply", "apply it there", []string{"runs"}},
		{"show", "Plans & runs", []string{"runs"}},
		{"runs", "Plans & runs", []string{"runs"}},
		{"plan", "Plans & runs", []string{"runs"}},
		{"tokens", "Settings › API tokens", []string{"settings", "tokens"}},
	}
}

// in leads to the place in the middle of a sentence.
func (p place) in() string {
	if strings.HasSuffix(p.words, " page") {
		return "on "
	}
	return "in "
}

// commandLine finds our command lines in a sentence, with arguments as remedies write them: flags, numbers, CAPITALS, "quoted" and key=value.
var commandLine = func() *regexp.Regexp {
	var commands []string
	for _, p := range places() {
		commands = append(commands, regexp.QuoteMeta(p.command))
	}
	return regexp.MustCompile(`(with )?spindle (` + strings.Join(commands, "|") + `)\b(?:=(?:'[^']*'|[^\s,;]+))?` +
		`(?: (?:--[a-z-]+(?: [A-Z]+\b)?|\d+\b|[A-Z]{2,}\b|"[^"]*"|create|[a-z-]+=(?:'[^']*'|[^\s,;]+)))*`)
}()

// inConsole rewrites what to do about a fault for people in the console: the command lines that it names become pages.
func inConsole(remedy string) string {
	return commandLine.ReplaceAllStringFunc(remedy, func(line string) string {
		found := commandLine.FindStringSubmatch(line)
		for _, p := range places() {
			if p.command == found[2] && found[1] != "" {
				return p.in() + p.words
			}
			if p.command == found[2] {
				return p.words
			}
		}
		return line
	})
}

// remedyPath gives the page of the first command that a remedy names; "" when it names none.
func (r *request) remedyPath(remedy string) (path, words string) {
	found := commandLine.FindStringSubmatch(remedy)
	for _, p := range places() {
		if len(found) > 0 && p.command == found[2] {
			return r.path(p.at...), p.words
		}
	}
	return "", ""
}
