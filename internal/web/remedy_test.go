package web

import "testing"

func TestRemediesNamePagesOfTheConsole(t *testing.T) {
	for remedy, want := range map[string]string{
		"enter them with spindle autotask credentials":                                "enter them in Setup › Autotask",
		"switch it on: spindle autotask enable":                                       "switch it on: Setup › Autotask",
		"spindle autotask settings service-code='NAME'":                               "Setup › Service settings",
		"begin earlier: spindle autotask settings bill-from=2026-10":                  "begin earlier: Setup › Service settings",
		"spindle microsoft connect, or spindle microsoft import FILE":                 "Setup › Microsoft (connection), or Setup › Microsoft (upload)",
		"set one up, see: spindle autotask --help":                                    "set one up, see: Setup › Autotask",
		"spindle customers suggest lists companies that fit":                          "Customers › Suggestions lists companies that fit",
		"Map the line to another contract with spindle contracts map.":                "Map the line to another contract on the customer's page.",
		"Run again once the connection works; spindle doctor tests it.":               "Run again once the connection works; Service health tests it.",
		"look at it with spindle show 12, then spindle approve 12":                    "look at it in Plans & runs, then approve it there",
		"look at it again: spindle show 12 --changes":                                 "look at it again: Plans & runs",
		"make a new one: spindle tokens create --help":                                "make a new one: Settings › API tokens",
		"ask the operator of this installation: spindle users --help":                 "ask the operator of this installation: spindle users --help",
		"let Spindle manage one":                                                      "let Spindle manage one",
		"start a new run: spindle plan":                                               "start a new run: Plans & runs",
		"the operator has spindle planning for that, which no command of ours begins": "the operator has spindle planning for that, which no command of ours begins",
	} {
		if got := inConsole(remedy); got != want {
			t.Errorf("%q\nbecomes %q\nwant    %q", remedy, got, want)
		}
	}
}
