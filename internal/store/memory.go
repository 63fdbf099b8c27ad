package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
)

// Created is an object of the target that is ours: our mark and its id there.
type Created struct {
	Mark string `json:",omitempty"`
	ID   string `json:",omitempty"`
	Name string `json:",omitempty"` // of a service: what we called it
}

// MemoryUpdate is what one applied change adds to plan.Memory. Zero fields add nothing.
type MemoryUpdate struct {
	Line     *plan.Applied `json:",omitempty"` // replaces what was known of the line; its dates are added to those known
	Contract Created       `json:",omitzero"`
	Service  Created       `json:",omitzero"`
	Charge   *plan.Charged `json:",omitempty"` // replaces what was known of the charge
}

func (m MemoryUpdate) isZero() bool { return m == MemoryUpdate{} }

// The kinds of remembered reference. A charge without an id was removed, or refused.
const (
	refContract  = "contract"
	refService   = "service"
	refCharge    = "charge"
	refUncharged = "uncharged"
)

func (t *txn) remember(ctx context.Context, m MemoryUpdate) error {
	if m.Line != nil {
		if err := t.rememberLine(ctx, *m.Line); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		kind string
		Created
	}{{refContract, m.Contract}, {refService, m.Service}} {
		if r.Created == (Created{}) {
			continue
		}
		if r.Mark == "" || r.ID == "" {
			return fault.Invalidf("a %s to remember needs a mark and an id", r.kind).WithField(r.kind)
		}
		if err := t.rememberRef(ctx, r.kind, r.Created, r.Name); err != nil {
			return err
		}
	}
	if m.Charge == nil {
		return nil
	}
	return t.rememberCharge(ctx, *m.Charge)
}

func (t *txn) rememberRef(ctx context.Context, kind string, c Created, body string) error {
	_, err := t.exec(ctx, `INSERT INTO memory_ref (organization_id, kind, mark, id, body, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (organization_id, kind, mark) DO UPDATE SET id = excluded.id, body = excluded.body, updated_at = excluded.updated_at`,
		t.org, kind, c.Mark, c.ID, body, micros(t.at))
	return err
}

// rememberCharge keeps one entry of the ledger of charges. The references of the kind charge are those that stand.
func (t *txn) rememberCharge(ctx context.Context, paper plan.Charged) error {
	if paper.Key == "" {
		return fault.Invalidf("a charge to remember needs its key").WithField(refCharge)
	}
	body, err := encode(paper)
	if err != nil {
		return err
	}
	kind, other := refCharge, refUncharged
	if paper.ID == "" {
		kind, other = other, kind
	}
	if _, err := t.exec(ctx, `DELETE FROM memory_ref WHERE organization_id = $1 AND kind = $2 AND mark = $3`, t.org, other, paper.Key); err != nil {
		return err
	}
	return t.rememberRef(ctx, kind, Created{Mark: paper.Key, ID: string(paper.ID)}, body)
}

// rememberLine keeps every effective date ever written: a second adjustment on such a day would be refused.
func (t *txn) rememberLine(ctx context.Context, line plan.Applied) error {
	if line.LineKey == "" {
		return fault.Invalidf("a line to remember needs its key").WithField("line")
	}
	var body string
	found, err := t.row(ctx, `SELECT body FROM memory_line WHERE organization_id = $1 AND line_key = $2`, []any{t.org, line.LineKey}, &body)
	if err != nil {
		return err
	}
	if found {
		var known plan.Applied
		if err := decode(body, &known); err != nil {
			return err
		}
		if known.LineID == line.LineID {
			line.Dates = slices.Concat(known.Dates, line.Dates)
		}
	}
	line.Dates = slices.Clone(line.Dates)
	slices.SortFunc(line.Dates, billing.Date.Compare)
	line.Dates = slices.Compact(line.Dates)
	if body, err = encode(line); err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO memory_line (organization_id, line_key, line_id, body, updated_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organization_id, line_key) DO UPDATE SET line_id = excluded.line_id, body = excluded.body,
		updated_at = excluded.updated_at`, t.org, line.LineKey, line.LineID, body, micros(t.at))
	return err
}

// RememberShares records, by line key, whose units the units of lines are that were found in step. A line that has other units by now is
// left alone: it was changed since it was looked at.
func (s *Store) RememberShares(ctx context.Context, org billing.OrganizationID, shares map[string][]billing.Share) error {
	if len(shares) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(shares))
	return s.write(ctx, org, func(t *txn) error {
		for _, key := range keys {
			if err := t.rememberShares(ctx, key, shares[key]); err != nil {
				return err
			}
		}
		return t.audit(ctx, "spindle", "memory.shares", fmt.Sprintf("%d lines", len(keys)), keys)
	})
}

func (t *txn) rememberShares(ctx context.Context, key string, shares []billing.Share) error {
	var body string
	found, err := t.row(ctx, `SELECT body FROM memory_line WHERE organization_id = $1 AND line_key = $2`, []any{t.org, key}, &body)
	if err != nil || !found {
		return err
	}
	var line plan.Applied
	if err := decode(body, &line); err != nil {
		return err
	}
	var units int64
	for _, share := range shares {
		units += share.Units
	}
	if line.Units != units {
		return nil
	}
	line.Shares = shares
	if body, err = encode(line); err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE memory_line SET body = $3, updated_at = $4 WHERE organization_id = $1 AND line_key = $2`, t.org, key, body, micros(t.at))
	return err
}

// AdoptLine records that an existing contract service is from now on ours, with the units and price it has.
func (s *Store) AdoptLine(ctx context.Context, org billing.OrganizationID, line plan.Applied, by string) error {
	return s.Adopt(ctx, org, MemoryUpdate{Line: &line}, by)
}

// Adopt records that existing objects of the target are from now on ours.
func (s *Store) Adopt(ctx context.Context, org billing.OrganizationID, m MemoryUpdate, by string) error {
	if m.isZero() {
		return fault.Invalidf("there is nothing to adopt")
	}
	return s.write(ctx, org, func(t *txn) error {
		if err := t.remember(ctx, m); err != nil {
			return err
		}
		subject := m.Contract.Mark + m.Service.Mark
		if m.Charge != nil {
			subject = m.Charge.Key
			if err := t.restandCharges(ctx, []string{subject}); err != nil {
				return err
			}
		}
		if m.Line != nil {
			subject = m.Line.LineKey
		}
		return t.audit(ctx, by, "memory.adopted", subject, m)
	})
}

// Memory gives all that is known to be ours: lines and charges ordered by key, and the maps never nil.
func (s *Store) Memory(ctx context.Context, org billing.OrganizationID) (plan.Memory, error) {
	m := plan.Memory{
		Contracts: map[string]billing.ContractID{},
		Services:  map[string]billing.ServiceID{},
	}
	err := s.read(ctx, org, func(t *txn) (err error) {
		if m.Lines, err = list(ctx, t, bodyOf[plan.Applied], `SELECT body FROM memory_line WHERE organization_id = $1
			ORDER BY line_key`, org); err != nil {
			return err
		}
		_, err = list(ctx, t, func(r scanner) (struct{}, error) {
			var kind, mark, id, body string
			if err := r.Scan(&kind, &mark, &id, &body); err != nil {
				return struct{}{}, err
			}
			switch kind {
			case refContract:
				m.Contracts[mark] = billing.ContractID(id)
			case refService:
				m.Services[mark] = billing.ServiceID(id)
			case refCharge, refUncharged:
				paper, err := chargeOf(org, mark, id, body)
				m.Charges = append(m.Charges, paper)
				return struct{}{}, err
			}
			return struct{}{}, nil
		}, `SELECT kind, mark, id, body FROM memory_ref WHERE organization_id = $1 ORDER BY mark`, org)
		return err
	})
	return m, err
}

// ServiceNames gives what the services that are ours were called when they were created, by their marks. Autotask may call them otherwise now.
func (s *Store) ServiceNames(ctx context.Context, org billing.OrganizationID) (map[string]string, error) {
	names := map[string]string{}
	err := s.read(ctx, org, func(t *txn) error {
		_, err := list(ctx, t, func(r scanner) (struct{}, error) {
			var mark, name string
			err := r.Scan(&mark, &name)
			names[mark] = name
			return struct{}{}, err
		}, `SELECT mark, body FROM memory_ref WHERE organization_id = $1 AND kind = $2`, org, refService)
		return err
	})
	return names, err
}

// chargeOf reads an entry of the ledger of charges; one from before there was a ledger is known by key and id only.
func chargeOf(org billing.OrganizationID, key, id, body string) (plan.Charged, error) {
	paper := plan.Charged{Key: key, Mark: billing.ChargeMark(string(org), key), ID: billing.ChargeID(id)}
	if body == "" {
		return paper, nil
	}
	return paper, decode(body, &paper)
}
