package app

import (
	"os/exec"
	"testing"
)

func TestOnlyAProcessThatIsKnownToBeDeadIsDead(t *testing.T) {
	t.Parallel()
	over := exec.CommandContext(t.Context(), "true")
	if err := over.Run(); err != nil {
		t.Fatal(err)
	}
	me := thisProcess()
	like := func(change func(*processName)) string {
		p := me
		change(&p)
		return p.String() + "/apply"
	}
	for name, c := range map[string]struct {
		holder string
		dead   bool
	}{
		"this one":                       {like(func(*processName) {}), false},
		"an earlier one of our number":   {like(func(p *processName) { p.start = "EARLIER" }), true},
		"one that is over":               {like(func(p *processName) { p.pid, p.start = over.Process.Pid, "OTHER" }), true},
		"one that lives":                 {like(func(p *processName) { p.pid, p.start = 1, "OTHER" }), me.pid == 1},
		"the same number elsewhere":      {like(func(p *processName) { p.host, p.pid = "elsewhere", over.Process.Pid }), false},
		"the same name in a container":   {like(func(p *processName) { p.space, p.pid = "00000000", over.Process.Pid }), false},
		"our number in a container":      {like(func(p *processName) { p.space, p.start = "00000000", "OTHER" }), false},
		"a name of an earlier version":   {me.host + "/999999", false},
		"a name that is none of a lease": {"somebody", false},
	} {
		if got := me.dead(c.holder); got != c.dead {
			t.Errorf("%s (%s): dead %v, want %v", name, c.holder, got, c.dead)
		}
	}
}
