package plan

import (
	"slices"
	"strings"
	"testing"

	"spindle/internal/billing"
	"spindle/internal/money"
)

func finding(t *testing.T, p Plan, kind billing.FindingKind) billing.Finding {
	t.Helper()
	for _, f := range p.Findings {
		if f.Kind == kind {
			return f
		}
	}
	t.Fatalf("no finding %s in\n%s", kind, text(p))
	return billing.Finding{}
}

func policies(c Change) []string {
	var names []string
	for _, h := range c.Holds {
		names = append(names, h.Policy)
	}
	return names
}

func wantHolds(t *testing.T, c Change, want ...string) {
	t.Helper()
	if got := policies(c); !slices.Equal(got, want) {
		t.Errorf("%s is held by %q, want %q", c.Kind, got, want)
	}
}

// handMade puts a line on the contract that Spindle knows nothing of.
func (s *scene) handMade(units int64) *modelLine {
	l := s.b.at.addLine("900", "800", "")
	if err := s.b.at.adjust(l.id, date("2026-02-15"), units, nil); err != nil {
		panic(err)
	}
	return l
}

func TestAHandMadeLineIsAdoptedOnlyByAPerson(t *testing.T) {
	s := november(upNow)
	l := s.handMade(4)
	p := s.expect(t, "mark-line  4→4")
	wantHolds(t, p.Changes[0], "adopt-only")
	finding(t, p, billing.FindingUnmarked)

	first := p.Changes[0].ID
	s.b.at.day = s.b.at.day.AddDays(3)
	if again := s.plan().Changes[0].ID; again != first {
		t.Errorf("the same proposal has another id the next day: %s, then %s", first, again)
	}
	if err := s.b.apply(p.Changes[0]); err != nil {
		t.Fatal(err)
	}
	if l.mark != "spindle:line" {
		t.Errorf("mark %q", l.mark)
	}
	s.applied(t, s.expect(t, "increase 2026-11-15 4→5"))
}

func TestAHandMadeLineOfAnEndedSubscription(t *testing.T) {
	s := november(upNow)
	s.want.Units = 0
	s.handMade(4)
	wantHolds(t, s.expect(t, "mark-line  4→4").Changes[0], "adopt-only")

	s = november(upNow)
	s.want.Units = 0
	if err := s.b.at.adjust(s.handMade(4).id, date("2026-05-15"), -4, nil); err != nil {
		t.Fatal(err)
	}
	s.expect(t) // both sides say zero
}

func (s *scene) second(price int64) billing.DesiredLine {
	l := s.want
	amount := euros(price)
	l.Key, l.Mark, l.UnitPrice, l.Units, l.Repeat = "line-2", "spindle:line-2", &amount, 3, true
	return l
}

func TestTheSecondPricePointIsARepeatInstance(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.desired.Lines = []billing.DesiredLine{s.second(900)}
	p := s.expect(t, "add-repeat 2026-11-15 0→3 at 9.00 EUR", "mark-line 2026-11-15 0→0")
	if !slices.Equal(p.Changes[0].Instances, []billing.ContractServiceID{s.b.at.lines[0].id}) {
		t.Errorf("instances %v", p.Changes[0].Instances)
	}
	if !slices.Equal(p.Changes[1].Requires, []string{p.Changes[0].ID}) {
		t.Errorf("the mark requires %v", p.Changes[1].Requires)
	}
	if len(p.Changes[0].Holds) > 0 {
		t.Errorf("held: %v", p.Changes[0].Holds)
	}
	s.applied(t, p)
}

// The repeat instance begins before the plain one and sorts before it; the attach comes first all the same.
func TestTheFirstInstanceIsAttachedBeforeItsRepeat(t *testing.T) {
	s := november(trueDate)
	s.want.Key, s.want.Since = "z-line", date("2026-11-18")
	second := s.second(900)
	second.Key, second.Since = "a-line", date("2026-11-16")
	s.desired.Lines = []billing.DesiredLine{second}
	p := s.expect(t, "attach-service 2026-11-16 0→0", "increase 2026-11-16 0→3 at 9.00 EUR", "add-repeat 2026-11-18 0→5 at 10.00 EUR", "mark-line 2026-11-18 0→0")
	s.applied(t, p)

	s = november(trueDate)
	s.want.Since = date("2026-11-18")
	second.Key, second.Since = "line-2", date("2026-11-16")
	s.desired.Lines = []billing.DesiredLine{second}
	p = s.expect(t, "attach-service 2026-11-18 0→0", "add-repeat 2026-11-16 0→3 at 9.00 EUR", "mark-line 2026-11-16 0→0", "increase 2026-11-18 0→5 at 10.00 EUR")
	s.applied(t, p)
}

func TestTwoLinesNeverAdoptTheSameInstance(t *testing.T) {
	s := november(upNow)
	s.handMade(4)
	second := s.second(900)
	second.Repeat = false
	s.desired.Lines = []billing.DesiredLine{second}
	p := s.plan()
	var adopted, repeated int
	for _, c := range p.Changes {
		switch {
		case c.Kind == MarkLine && c.Line.ID != "":
			adopted++
		case c.Kind == AddRepeat:
			repeated++
			wantHolds(t, c, "adopt-only") // the hand-made units may already be these
		}
	}
	if adopted != 1 || repeated != 1 {
		t.Fatalf("%d adoptions, %d repeats:\n%s", adopted, repeated, text(p))
	}
}

func TestALineRemovedByHandIsNotBroughtBackUnseen(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.b.at.lines = nil
	p := s.expect(t, "attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5 at 10.00 EUR")
	for _, c := range p.Changes {
		wantHolds(t, c, "hold-on-drift")
	}
	finding(t, p, billing.FindingDrift)
	s.applied(t, p)
}

func TestALineWhoseMarkWasErasedIsStillOurs(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10").mark = ""
	s.want.Units = 6
	if p := s.expect(t, "increase 2026-11-15 5→6"); p.Changes[0].Held() {
		t.Errorf("held: %v", p.Changes[0].Holds)
	}
}

func TestHandEditsHoldTheChange(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	if err := s.b.at.adjust(l.id, date("2026-11-17"), 2, nil); err != nil {
		t.Fatal(err)
	}
	p := s.expect(t, "decrease 2026-12-15 7→5")
	wantHolds(t, p.Changes[0], "hold-on-drift")
	if f := finding(t, p, billing.FindingDrift); !strings.Contains(f.Message, "Spindle wrote 5, Autotask now has 7, Microsoft says 5") {
		t.Errorf("message: %s", f.Message)
	}
	s.want.Units = 7 // the subscription follows the hand: nothing to decide
	if p := s.expect(t); len(p.Findings) > 0 {
		t.Errorf("findings: %v", p.Findings)
	}
}

func TestAHandPriceHoldsTheChange(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	hand := euros(1234)
	if err := s.b.at.adjust(l.id, date("2026-11-15"), 0, &hand); err != nil {
		t.Fatal(err)
	}
	// Nobody can see that 15 November is taken: its row is the first one that is read. The engine learns it from the refusal.
	p := s.expect(t, "reprice 2026-11-15 5→5 at 10.00 EUR")
	wantHolds(t, p.Changes[0], "hold-on-drift")
	if f := finding(t, p, billing.FindingDrift); f.Subject != "line/price" {
		t.Errorf("subject %s", f.Subject)
	}
	s.b.memory.Lines[0].Dates = append(s.b.memory.Lines[0].Dates, date("2026-11-15"))
	s.applied(t, s.expect(t, "reprice 2026-11-20 5→5 at 10.00 EUR"))
}

func TestAutotaskAsPriceAuthority(t *testing.T) {
	s := november(upNow)
	s.want.UnitPrice = nil
	p := s.expect(t, "attach-service 2026-11-15 0→0", "increase 2026-11-15 0→5")
	if !p.Changes[1].Recurring.Equal(euros(5000)) {
		t.Errorf("the catalogue's price predicts 50.00, not %s", p.Changes[1].Recurring)
	}
	s.applied(t, p)
	hand := euros(700)
	if err := s.b.at.adjust(s.b.at.lines[0].id, date("2026-11-17"), 0, &hand); err != nil {
		t.Fatal(err)
	}
	s.expect(t) // the price is Autotask's business
}

func TestAnotherCurrencyIsReportedAndItsPriceLeftAlone(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	dollars := money.Of(money.Int(12), "USD")
	s.want.UnitPrice, s.want.Units = &dollars, 6
	p := s.expect(t, "increase 2026-11-15 5→6")
	finding(t, p, billing.FindingCurrency)
}

func TestOrphans(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.want = billing.DesiredLine{}
	p := s.expect(t, "end 2026-12-15 5→0")
	wantHolds(t, p.Changes[0], "hold-unwanted")

	s.enabled = nil
	p = s.expect(t)
	finding(t, p, billing.FindingNotEnabled)

	s.enabled = []billing.CustomerID{"c1"}
	s.gaps = []billing.Gap{{What: "subscriptions", Why: "no answer"}}
	s.expect(t)
	s.gaps = nil

	s.applied(t, s.expect(t, "end 2026-12-15 5→0"))
	if p := s.plan(); len(p.Findings) > 0 {
		t.Errorf("an orphan that ends is done: %v", p.Findings)
	}

	s = november(upNow)
	s.stands(5, "2026-03-10")
	s.want = billing.DesiredLine{}
	in := s.input()
	in.Observed.Contracts = nil
	finding(t, Make(in), billing.FindingServiceGone)
}

// A key that changed leaves the old line behind; its successor must not bill beside it unseen.
func TestTheSuccessorOfAnOrphanIsHeldWithIt(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.want.Key, s.want.Mark = "line-new", "spindle:line-new"
	p := s.expect(t, "add-repeat 2026-11-15 0→5 at 10.00 EUR", "mark-line 2026-11-15 0→0", "end 2026-12-15 5→0")
	wantHolds(t, p.Changes[0], "hold-unwanted")
	wantHolds(t, p.Changes[2], "hold-unwanted")
	s.applied(t, p)
}

func TestALineThatComesBackUsesItsOldInstance(t *testing.T) {
	s := november(upNow)
	l := s.stands(5, "2026-03-10")
	s.adjustedByUs(t, l, "2026-10-15", -5)
	s.want.Units = 4
	s.applied(t, s.expect(t, "increase 2026-11-15 0→4 at 10.00 EUR"))
}

func TestContractsAndServicesThatAreMissing(t *testing.T) {
	for name, change := range map[string]func(s *scene) billing.FindingKind{
		"contract id": func(s *scene) billing.FindingKind {
			s.want.Contract.ID = "999"
			return billing.FindingContractGone
		},
		"contract inactive": func(s *scene) billing.FindingKind {
			s.b.at.contracts[0].Active = false
			return billing.FindingContractGone
		},
		"contract not recurring": func(s *scene) billing.FindingKind {
			s.b.at.contracts[0].Recurring = false
			return billing.FindingContractGone
		},
		"service id": func(s *scene) billing.FindingKind {
			s.want.Service.ID = "999"
			return billing.FindingServiceGone
		},
		"service inactive": func(s *scene) billing.FindingKind {
			s.b.at.services[0].Active = false
			return billing.FindingServiceGone
		},
		"managed contract removed": func(s *scene) billing.FindingKind {
			s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", Name: "Managed", Start: date("2026-11-15"), End: date("2027-11-14")}}
			s.want.Contract = billing.Ref{Mark: "SPN-m"}
			s.b.memory.Contracts["SPN-m"] = "77"
			return billing.FindingContractGone
		},
		"our service removed": func(s *scene) billing.FindingKind {
			s.desired.Services = []billing.DesiredService{{Mark: "spindle:x", Name: "X"}}
			s.want.Service = billing.Ref{Mark: "spindle:x"}
			s.b.memory.Services["spindle:x"] = "77"
			return billing.FindingServiceGone
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := november(upNow)
			kind := change(s)
			finding(t, s.expect(t), kind)
		})
	}
}

func TestOwnContractsThatEnd(t *testing.T) {
	s := november(upNow)
	s.stands(5, "2026-03-10")
	s.b.at.contracts[0].End = date("2026-12-20") // cuts the next period
	finding(t, s.expect(t), billing.FindingContractEnds)

	s.b.at.contracts[0].End = date("2026-12-14")
	s.want.Units = 3 // would count from 15 December
	if f := finding(t, s.expect(t), billing.FindingContractEnds); f.Remedy == "" {
		t.Error("no remedy")
	}
	s.want.Units = 0 // the contract's end ends it
	if p := s.expect(t); hasFinding(p, billing.FindingContractEnds) {
		t.Error("an end that the contract's end brings anyway is no finding")
	}
	s.want.Units = 7
	s.expect(t, "increase 2026-11-15 5→7")
}

func managedScene(day string, end string) *scene {
	s := november(upNow)
	s.b.at.day = date(day)
	s.b.at.contracts = append(s.b.at.contracts, billing.Contract{ID: "901", Mark: "SPN-m", Name: "Managed", PeriodType: billing.PeriodMonth, Active: true, Recurring: true,
		Start: date("2026-01-15"), End: date(end)})
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", Name: "Managed", PeriodType: billing.PeriodMonth, Start: date("2026-01-15"), End: date(end)}}
	s.want.Contract = billing.Ref{Mark: "SPN-m"}
	s.want.Units = 0
	return s
}

func TestManagedContractsAreExtendedBeforeTheyEnd(t *testing.T) {
	for _, tc := range []struct{ day, end, want string }{
		{"2026-11-15", "2027-01-15", ""},
		{"2026-11-16", "2027-01-15", "2028-01-15"}, // sixty days left
		{"2026-11-16", "2027-01-14", "2028-01-14"},
		{"2026-11-16", "2024-02-29", "2027-02-28"}, // long neglected
	} {
		s := managedScene(tc.day, tc.end)
		p := s.plan()
		if tc.want == "" {
			s.expect(t)
			continue
		}
		if len(p.Changes) != 1 || p.Changes[0].Kind != ExtendContract || p.Changes[0].After.End != date(tc.want) {
			t.Errorf("%s, ends %s: %s, want %s", tc.day, tc.end, text(p), tc.want)
			continue
		}
		s.applied(t, p)
	}
}

func TestAManagedContractIsExtendedForAChangeBehindItsEnd(t *testing.T) {
	s := managedScene("2026-06-20", "2027-01-14")
	s.want.Service, s.want.Units, s.want.Since = billing.Ref{ID: "801"}, 5, date("2026-03-10") // yearly: its next cycle starts on 10 March 2027
	p := s.expect(t, "extend-contract  0→0", "attach-service 2027-03-10 0→0", "increase 2027-03-10 0→5 at 10.00 EUR")
	if got := p.Changes[0].After.End; got != date("2028-01-14") {
		t.Errorf("extended to %s", got)
	}
	if !slices.Contains(p.Changes[2].Requires, p.Changes[0].ID) {
		t.Errorf("the increase requires %v", p.Changes[2].Requires)
	}
	s.applied(t, p)
}

// Only what takes effect after the old end waits for the extension; what the contract covers already does not depend on it.
func TestWhatWaitsForAnExtension(t *testing.T) {
	for _, tc := range []struct {
		policy billing.EffectivePolicy
		units  int64
		day    string
		waits  bool
	}{
		{upNow, 7, "2026-11-15", false},
		{upNow, 3, "2026-12-15", true},
		{trueDate, 3, "2026-11-20", false},
		{nextPeriod, 7, "2026-12-15", true},
	} {
		s := managedScene("2026-11-20", "2026-12-14")
		s.want.Policy, s.want.Contract = tc.policy, billing.Ref{ID: "901"}
		s.stands(5, "2026-03-10")
		s.want.Contract, s.want.Units = billing.Ref{Mark: "SPN-m"}, tc.units
		p := s.plan()
		if len(p.Changes) != 2 || p.Changes[0].Kind != ExtendContract || p.Changes[1].Effective != date(tc.day) || slices.Contains(p.Changes[1].Requires, p.Changes[0].ID) != tc.waits {
			t.Errorf("%s to %d: %s", tc.policy, tc.units, text(p))
		}
		s.applied(t, p)
	}
}

func TestANewContractAndServiceComeFirst(t *testing.T) {
	s := november(upNow)
	s.desired.Contracts = []billing.DesiredContract{{Mark: "SPN-m", CustomerID: "c1", Name: "Managed", PeriodType: billing.PeriodMonth, Start: date("2026-11-01"), End: date("2027-10-31")}}
	s.desired.Services = []billing.DesiredService{{Mark: "spindle:x", Name: "X", PeriodType: billing.PeriodMonth, UnitPrice: euros(900)}}
	s.want.Contract, s.want.Service = billing.Ref{Mark: "SPN-m"}, billing.Ref{Mark: "spindle:x"}
	p := s.expect(t, "create-contract  0→0", "create-service  0→0", "attach-service 2026-11-01 0→0", "increase 2026-11-01 0→5 at 10.00 EUR")
	if len(p.Changes[3].Requires) != 3 {
		t.Errorf("the increase requires %v", p.Changes[3].Requires)
	}
	s.applied(t, p)
}

func TestDuplicateMarksAreReported(t *testing.T) {
	s := managedScene("2026-06-20", "2028-01-14")
	copied := s.b.at.contracts[1]
	copied.ID = "1000"
	s.b.at.contracts = append([]billing.Contract{copied}, s.b.at.contracts...)
	s.b.at.services = append(s.b.at.services, billing.Service{ID: "80", Mark: "spindle:x"}, billing.Service{ID: "81", Mark: "spindle:x"})
	p := s.plan()
	var kinds int
	for _, f := range p.Findings {
		if f.Kind == billing.FindingDuplicate {
			kinds++
		}
	}
	if kinds != 2 {
		t.Errorf("findings: %v", p.Findings)
	}
}

// Our store is the authority, and what it lost is found again by its mark: on the contract it belongs to, and nowhere else (ADR 0005). Nothing
// is billed twice, whatever was lost.
func TestALineIsFoundAgainByItsMark(t *testing.T) {
	for _, tc := range []struct {
		name string
		lost func(*scene)
		want []string
	}{
		{"the memory of the line", func(s *scene) { s.b.memory.Lines = nil }, []string{"increase 2026-11-15 5→7"}},
		{"the memory of which contract service it is", func(s *scene) { s.b.memory.Lines[0].LineID = "" }, []string{"increase 2026-11-15 5→7"}},
		{"nothing", func(*scene) {}, []string{"increase 2026-11-15 5→7"}},
		{"the memory and the mark", func(s *scene) { s.b.memory.Lines = nil; s.b.at.lines[0].mark = "" }, []string{"mark-line  5→5"}},
		{"the memory, and the mark is another line's", func(s *scene) { s.b.memory.Lines = nil; s.b.at.lines[0].mark = "spindle:other" },
			[]string{"add-repeat 2026-11-15 0→7 at 10.00 EUR", "mark-line 2026-11-15 0→0"}},
		{"the memory, and the mark was copied to another contract", func(s *scene) {
			withSecondContract(s)
			s.b.memory.Lines = nil
			s.b.at.lines[0].contract = "910"
		}, []string{"attach-service 2026-11-15 0→0", "increase 2026-11-15 0→7 at 10.00 EUR"}},
	} {
		s := november(upNow)
		s.stands(5, "2026-03-10")
		s.want.Units = 7
		tc.lost(s)
		if got := brief(s.plan()); !slices.Equal(got, tc.want) {
			t.Errorf("lost: %s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
