package plan

import (
	"cmp"
	"slices"

	"spindle/internal/billing"
)

// A subscription moves when it is to be billed on another line than the one it stands on: another contract, another service, another
// price point. The old line ends it on exactly the day on which the new one starts it (ADR 0003), so that no day is billed
// twice and none is left out.

// transfer is the units of one subscription that leave one line for another.
type transfer struct {
	subscription billing.SubscriptionID
	units        int64
	from, to     string // line keys
	begun        bool   // the new line has them already; only their end on the old one is still to be written
}

// moving is a transfer as one of its two lines sees it. It has no day when it cannot happen yet.
type moving struct {
	Move
	why   string // why on that day
	begun bool   // its other side was written before
	hold  string // why a person must see it; empty: nobody must
}

// mover is a line that takes part in moves.
type mover struct {
	subject  subject
	resolved bool // contract, service and contract service are known; what is missing is a finding
	orphan   bool
	counted  bool  // the units that stand are those of the subscriptions we know
	spare    int64 // units that it can still give, when they are not
	room     int64 // units that it can still take, when they are not
}

// move is a set of lines that exchange subscriptions, all on one day.
type move struct {
	lines     []string // keys, in order
	transfers []transfer
	day       choice    // no date: not yet
	changes   []*Change // the changes that bring it about
}

// findMoves finds the subscriptions that change lines, and the days on which they do, before anything is planned for their lines.
func (p *planner) findMoves() {
	p.settleShares()
	for _, t := range p.transfers() {
		from, to := p.moverOf(t.from), p.moverOf(t.to)
		t.begun = to.subject.found && to.subject.applied.share(t.subscription) > 0
		if t.units = from.give(p, t); t.units > 0 {
			p.transferred = append(p.transferred, t)
		}
	}
	p.moves = together(p.transferred)
	for _, m := range p.moves {
		for _, t := range m.transfers {
			p.movers[t.to].subject.goOn()
		}
		m.day = p.dayOf(m)
		p.rank(m)
		for _, t := range m.transfers {
			p.movers[t.from].subject.gain(Move{t.subscription, -t.units, m.day.date}, m.day.why, false)
			p.movers[t.to].take(t, m.day)
		}
	}
	p.beginLeft()
	p.endBegun()
}

// settleShares says of the lines that need no change whose units they are, as InStep does once a plan was applied. A line that gave as much as it took
// had nothing written for it: to take its subscriptions for those of before would move them a second time, by themselves and on another day.
func (p *planner) settleShares() {
	known, on := map[string]*Applied{}, map[billing.SubscriptionID]map[string]bool{}
	var news []*billing.DesiredLine
	p.eachLeft(func(a *Applied, want *billing.DesiredLine) {
		if want == nil || a.Units != want.Units || a.Units != unitsOf(want.Shares) || p.incompleteFor(a.CustomerID) || !p.standsStill(a) {
			return
		}
		known[a.LineKey], news = a, append(news, want)
		for _, share := range slices.Concat(a.Shares, want.Shares) {
			on[share.SubscriptionID] = map[string]bool{}
		}
	})
	if len(news) == 0 {
		return
	}
	settled := settledShares(p.in, news, known, on)
	for i, a := range p.memory {
		if shares := settled[a.LineKey]; shares != nil {
			one := *a
			one.Shares = shares
			p.memory[i] = &one
		}
	}
}

// standsStill reports whether what we wrote stands on every day that was read, from its own on.
func (p *planner) standsStill(a *Applied) bool {
	line, day := p.linesByID[a.LineID], billing.Later(p.in.Desired.Day, a.From)
	units, found := line.UnitsOn(day)
	return found && units == a.Units && !slices.ContainsFunc(line.Rows, func(r billing.UnitRow) bool { return r.Period.Start.After(day) && r.Units != a.Units })
}

// transfers compares the subscriptions that are known to stand on a line with those that are wanted there, and finds where the others go.
func (p *planner) transfers() []transfer {
	leaving := p.leavingShares()
	if len(leaving) == 0 {
		return nil
	}
	wanted := make(map[billing.SubscriptionID][]int, len(leaving))
	for i, t := range leaving {
		wanted[t.subscription] = append(wanted[t.subscription], i)
	}
	p.eachShare(func(line *billing.DesiredLine, share billing.Share) {
		for _, at := range wanted[share.SubscriptionID] {
			if t := &leaving[at]; line.CustomerID == p.applied(t.from).CustomerID {
				t.to, t.units = line.Key, min(t.units, share.Units)
			}
		}
	})
	return slices.DeleteFunc(leaving, func(t transfer) bool { return t.to == "" })
}

// eachShare walks over the subscriptions behind all desired lines.
func (p *planner) eachShare(do func(*billing.DesiredLine, billing.Share)) {
	for _, line := range p.lines {
		for _, share := range line.Shares {
			if share.Units > 0 {
				do(line, share)
			}
		}
	}
}

// leavingShares lists what stands on lines of ours and is not wanted there any more.
func (p *planner) leavingShares() []transfer {
	var leaving []transfer
	p.eachLeft(func(a *Applied, want *billing.DesiredLine) {
		var stays []billing.Share
		if want != nil {
			stays = want.Shares
		}
		for _, share := range a.Shares {
			if share.Units > 0 && !slices.ContainsFunc(stays, func(s billing.Share) bool { return s.SubscriptionID == share.SubscriptionID }) {
				leaving = append(leaving, transfer{subscription: share.SubscriptionID, units: share.Units, from: a.LineKey})
			}
		}
	})
	return leaving
}

// eachLeft walks over the lines that stand with other subscriptions than are wanted there; with nil when the line is not wanted any more. Both lists
// are in the order of their keys.
func (p *planner) eachLeft(do func(*Applied, *billing.DesiredLine)) {
	lines := p.lines
	for _, a := range p.memory {
		for len(lines) > 0 && lines[0].Key < a.LineKey {
			lines = lines[1:]
		}
		var want *billing.DesiredLine
		if len(lines) > 0 && lines[0].Key == a.LineKey {
			want = lines[0]
		}
		if len(a.Shares) == 0 || want != nil && slices.Equal(a.Shares, want.Shares) || p.linesByID[a.LineID] == nil {
			continue
		}
		do(a, want)
	}
}

// moverOf looks a line up once, whether it is wanted or not.
func (p *planner) moverOf(key string) *mover {
	if m := p.movers[key]; m != nil {
		return m
	}
	m := &mover{}
	if want := p.wanted(key); want != nil {
		m.subject = subject{want: want, line: &p.noLine, applied: &p.noApplied}
		m.resolved = p.resolve(&m.subject)
	} else {
		a := p.applied(key)
		s, found := p.orphanOf(a, p.linesByID[a.LineID])
		m.subject, m.resolved, m.orphan = *s, found, true
	}
	p.movers[key] = m
	if m.resolved {
		m.count()
	}
	return m
}

// count compares what stands with what we know of it. When somebody else changed it, a line gives and takes no more than what is missing
// between the two.
func (m *mover) count() {
	s := &m.subject
	if !s.found {
		m.room = s.want.Units
		return
	}
	m.counted = s.applied.LineID == s.line.ID && s.applied.Units == unitsOf(s.applied.Shares) &&
		s.unitsAt(billing.Later(s.clock.day, s.applied.From)) == s.applied.Units
	stands := s.lowest(nil, s.clock.day)
	m.spare, m.room = max(stands-s.want.Units, 0), max(s.want.Units-stands, 0)
}

// give takes units off a line, as far as they stand there: what a person took away before, or the end of the contract, is gone already.
// What has begun elsewhere is looked at later.
func (m *mover) give(p *planner, t transfer) int64 {
	switch {
	case !m.resolved:
		return t.units
	case m.subject.contract.End.Before(p.in.Desired.Day):
		return 0
	case m.counted || t.begun:
		return t.units
	}
	units := min(t.units, m.spare)
	m.spare -= units
	return units
}

// take puts units on a line, as far as they are missing there.
func (m *mover) take(t transfer, day choice) {
	units := t.units
	if !m.counted {
		units = min(units, m.room)
		m.room -= units
	}
	m.subject.gain(Move{t.subscription, units, day.date}, day.why, false)
}

func (s *subject) gain(m Move, why string, begun bool) {
	if m.Units != 0 {
		s.moves = append(s.moves, moving{Move: m, why: why, begun: begun})
	}
}

// goOn lets a line that takes over what was billed elsewhere go on rather than begin.
func (s *subject) goOn() { s.clock.fresh = s.clock.fresh && !s.clock.starts.IsZero() }

// ready reports whether changes of the line can be planned at all.
func (p *planner) ready(m *mover) bool {
	s := &m.subject
	return m.resolved && !blocked(s.want.Holds) && (s.isOurs || !s.found) && (!m.orphan || p.enabled[s.want.CustomerID])
}

// together puts transfers that share a line into one move, in the order of their lines. What has begun is no part of it.
func together(transfers []transfer) []*move {
	at := map[string]*move{}
	var all []*move
	for _, t := range transfers {
		if t.begun {
			continue
		}
		m, other := at[t.from], at[t.to]
		switch {
		case m == nil && other == nil:
			m = &move{}
			all = append(all, m)
		case m == nil:
			m = other
		case other != nil && other != m:
			m.transfers = append(m.transfers, other.transfers...)
			all = slices.DeleteFunc(all, func(x *move) bool { return x == other })
		}
		m.transfers = append(m.transfers, t)
		for _, moved := range m.transfers {
			at[moved.from], at[moved.to] = m, m
		}
	}
	for _, m := range all {
		for _, t := range m.transfers {
			m.lines = append(m.lines, t.from, t.to)
		}
		slices.Sort(m.lines)
		m.lines = slices.Compact(m.lines)
	}
	return all
}

// rank orders the lines of a move: first those that only take, then those that give to them, and so on. Lines that swap have no such
// order; then the one that gives more comes later.
func (p *planner) rank(m *move) {
	net := map[string]int64{}
	for _, t := range m.transfers {
		net[t.from] -= t.units
		net[t.to] += t.units
	}
	byNet := slices.Clone(m.lines)
	slices.SortStableFunc(byNet, func(a, b string) int { return cmp.Compare(net[a], net[b]) })
	seen := map[string]bool{}
	var visit func(key string) int
	visit = func(key string) int {
		s := &p.movers[key].subject
		if seen[key] {
			return s.rank
		}
		seen[key] = true
		rank := 0
		for _, t := range m.transfers {
			if t.from == key {
				rank = max(rank, visit(t.to)+1)
			}
		}
		s.rank = rank
		return rank
	}
	for _, key := range byNet {
		visit(key)
	}
}

// tieMoves ties the changes of each move: what ends requires what begins, and a person decides about all of them at once.
func (p *planner) tieMoves() {
	of := map[string]*move{}
	for _, m := range p.moves {
		for _, key := range m.lines {
			of[key] = m
		}
	}
	if len(of) == 0 {
		return
	}
	for _, o := range p.changes {
		if m := of[o.change.LineKey]; m != nil && len(o.change.Moves) > 0 && o.change.Effective == m.day.date {
			m.changes = append(m.changes, o.change)
		}
	}
	for _, m := range p.moves {
		for _, c := range m.changes {
			for _, other := range m.changes {
				if other != c {
					c.Together = append(c.Together, other.ID)
				}
			}
			c.Requires = append(slices.Clone(c.Requires), p.begins(m, c.LineKey)...)
		}
	}
}

// begins gives the changes that must be applied before the line may give anything away: those of the lines that take it. A line that
// gives as much as it takes has none, and stands for those behind it.
func (p *planner) begins(m *move, key string) []string {
	var ids []string
	for _, t := range m.transfers {
		if t.from != key || p.movers[t.to].subject.rank >= p.movers[key].subject.rank {
			continue
		}
		at := slices.IndexFunc(m.changes, func(c *Change) bool { return c.LineKey == t.to })
		if at < 0 {
			ids = append(ids, p.begins(m, t.to)...)
		} else if !slices.Contains(ids, m.changes[at].ID) {
			ids = append(ids, m.changes[at].ID)
		}
	}
	return ids
}
