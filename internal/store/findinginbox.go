package store

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/money"
)

// FindingState says where a finding stands. Stored: never renamed.
type FindingState string

// The states of a finding.
const (
	FindingOpen    FindingState = "open"
	FindingDone    FindingState = "done"    // somebody dealt with it
	FindingIgnored FindingState = "ignored" // nothing is to be done
	FindingSnoozed FindingState = "snoozed" // until a day
	FindingCleared FindingState = "cleared" // the latest plan does not have it any more
)

// FindingRow is a finding of the latest plan that looked at its customer, and what people decided.
type FindingRow struct {
	billing.Finding              // ID gives its stable identity
	State           FindingState // a snoozed finding whose day has come is open
	Version         string       // changes when message or money change
	Run             RunID        // the newest plan that had it
	FirstAt         time.Time    // when a plan first had it
	LastAt          time.Time    // when a plan last had it

	By        string // who decided last; stays when the finding was reopened
	DecidedAt time.Time
	Until     billing.Date // snoozed: the day it comes back
	Note      string
	Reopened  string // why it is open again although somebody decided it; "" when it was not
}

// FindingFilter chooses findings. Zero fields choose all that are open, the most money first.
type FindingFilter struct {
	Kind     billing.FindingKind
	Customer billing.CustomerID
	Query    string       // part of message or customer name, or of the customer's id
	State    FindingState // "": open
	Newest   bool         // newest first instead of by money
	Page     Page
}

// FindingPage is a page of findings.
type FindingPage struct {
	Listed[FindingRow]
	Kinds   map[billing.FindingKind]int // open findings per kind, of all customers
	AtStake money.Totals                // of all open findings
}

// Findings lists findings.
func (s *Store) Findings(ctx context.Context, org billing.OrganizationID, f FindingFilter) (FindingPage, error) {
	var page FindingPage
	err := s.read(ctx, org, func(t *txn) (err error) {
		again := f.Page.goesOn()
		if page.Listed, err = t.findings(ctx, f); err != nil || again {
			return err
		}
		_, err = list(ctx, t, func(r scanner) (struct{}, error) {
			var kind billing.FindingKind
			var n int
			err := r.Scan(&kind, &n)
			if page.Kinds == nil {
				page.Kinds = map[billing.FindingKind]int{}
			}
			page.Kinds[kind] += n
			return struct{}{}, err
		}, `SELECT kind, COUNT(*) FROM finding WHERE organization_id = $1 AND state = 'open' GROUP BY kind
			UNION ALL SELECT kind, COUNT(*) FROM finding WHERE organization_id = $1 AND state = 'snoozed' AND until <= $2 GROUP BY kind`,
			org, t.today())
		if err != nil {
			return err
		}
		page.AtStake, err = t.atStake(ctx)
		return err
	})
	return page, err
}

// today is the calendar day of the transaction.
func (t *txn) today() string { return billing.DateOf(t.at).String() }

// atStake adds up the money of all open findings. Amounts that occur often are added once, times their number.
func (t *txn) atStake(ctx context.Context) (money.Totals, error) {
	var sum money.Totals
	_, err := list(ctx, t, func(r scanner) (struct{}, error) {
		var text string
		var n int64
		if err := r.Scan(&text, &n); err != nil {
			return struct{}{}, err
		}
		amount, err := money.ParseAmount(text)
		sum.Add(amount.Mul(money.Int(n)))
		return struct{}{}, err
	}, `SELECT amount, COUNT(*) FROM finding WHERE organization_id = $1 AND state = 'open' GROUP BY amount
		UNION ALL SELECT amount, COUNT(*) FROM finding WHERE organization_id = $1 AND state = 'snoozed' AND until <= $2 GROUP BY amount`,
		t.org, t.today())
	return sum, err
}

const findingColumns = `body, state, version, run_no, first_at, last_at, actor, decided_at, until, note, reopened`

func (t *txn) findings(ctx context.Context, f FindingFilter) (Listed[FindingRow], error) {
	q := t.query(`organization_id = $1`)
	switch f.State {
	case "", FindingOpen:
		q.and(`state IN ('open', 'snoozed') AND (state = 'open' OR until <= %s)`, t.today())
	case FindingSnoozed:
		q.and(`state = 'snoozed' AND until > %s`, t.today())
	default:
		q.and(`state = %s`, f.State)
	}
	if f.Kind != "" {
		q.and(`kind = %s`, f.Kind)
	}
	if f.Customer != "" {
		q.and(`customer_id = %s`, f.Customer)
	}
	q.matching(`search_key`, f.Query)
	order := `amount_sort DESC, finding_id`
	if f.Newest {
		order = `first_at DESC, finding_id`
	}
	if f.Customer != "" {
		order = "+" + order // few: sorting them beats reading all in order
	}
	return paged(ctx, t, pagedList[FindingRow]{
		columns: findingColumns, from: `finding`, where: q, order: order, page: f.Page,
		scan: func(r scanner) (FindingRow, error) { return scanFinding(r, t.today()) },
		key:  `finding_id`, base: `organization_id = $1`, based: 1,
	})
}

func scanFinding(r scanner, today string) (FindingRow, error) {
	var f FindingRow
	var body, until string
	var run, first, last, decided int64
	if err := r.Scan(&body, &f.State, &f.Version, &run, &first, &last, &f.By, &decided, &until, &f.Note, &f.Reopened); err != nil {
		return f, err
	}
	f.Run, f.FirstAt, f.LastAt, f.DecidedAt = RunID(runText(run)), fromMicros(first), fromMicros(last), fromMicros(decided)
	if f.State == FindingSnoozed && until <= today {
		f.State, f.Reopened = FindingOpen, reopenedByDay
	}
	var err error
	if f.Until, err = parseDate(until); err != nil {
		return f, err
	}
	return f, decodeRow(body, &f.Finding)
}

// reopenedByDay says why a finding that was snoozed is open again.
const reopenedByDay = "its day has come"

// Finding gives one finding by its stable id; a fault of kind not-found when no plan ever had it.
func (s *Store) Finding(ctx context.Context, org billing.OrganizationID, id string) (FindingRow, error) {
	var f FindingRow
	err := s.read(ctx, org, func(t *txn) (err error) {
		f, err = t.finding(ctx, id)
		return err
	})
	return f, err
}

func (t *txn) finding(ctx context.Context, id string) (FindingRow, error) {
	all, err := list(ctx, t, func(r scanner) (FindingRow, error) { return scanFinding(r, t.today()) },
		`SELECT `+findingColumns+` FROM finding WHERE organization_id = $1 AND finding_id = $2`, t.org, id)
	if err == nil && len(all) == 0 {
		err = fault.NotFoundf("there is no finding %q", id)
	}
	if err != nil {
		return FindingRow{}, err
	}
	return all[0], nil
}

// FindingDecision is what a person makes of a finding.
type FindingDecision struct {
	State   FindingState // FindingDone, FindingIgnored, FindingSnoozed; FindingOpen takes a decision back
	Until   billing.Date // FindingSnoozed: the day it comes back
	Note    string
	Version string // FindingRow.Version as it was looked at; "" is not compared
}

// DecideFinding keeps a decision under the finding's stable id. A later plan that has the finding with another message or other money opens
// it again, and so does one that has it again after it was cleared. A version that is not the finding's is a fault of kind stale.
func (s *Store) DecideFinding(ctx context.Context, org billing.OrganizationID, id string, d FindingDecision, by string) error {
	switch d.State {
	case FindingOpen, FindingDone, FindingIgnored, FindingSnoozed:
	default:
		return fault.Invalidf("a finding cannot be made %q", d.State).WithField("decision").Do("use done, ignored, snoozed or open")
	}
	if (d.State == FindingSnoozed) == d.Until.IsZero() {
		return fault.Invalidf("a finding is snoozed until a day, and only then has one").WithField("until")
	}
	return s.write(ctx, org, func(t *txn) error {
		f, err := t.finding(ctx, id)
		switch {
		case err != nil:
			return err
		case f.State == FindingCleared:
			return fault.Conflictf("the latest plan does not have this finding any more: there is nothing to decide")
		case d.Version != "" && d.Version != f.Version:
			return fault.Stalef("the finding says something else now: %s", f.Message).Do("look at it again, then decide")
		case d.State == FindingSnoozed && d.Until.String() <= t.today():
			return fault.Invalidf("%s is not in the future", d.Until).WithField("until").Do("choose a later day")
		}
		if _, err := t.exec(ctx, `UPDATE finding SET state = $3, until = $4, note = $5, actor = $6, decided_at = $7, reopened = ''
			WHERE organization_id = $1 AND finding_id = $2`, org, id, d.State, d.Until.String(), d.Note, by, micros(t.at)); err != nil {
			return err
		}
		return t.audit(ctx, by, "finding.decided", id, map[string]string{
			"state": string(d.State), "until": d.Until.String(), "note": d.Note, "message": f.Message, "money": f.Money.String(),
		})
	})
}
