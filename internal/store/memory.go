package store

import (
	"context"
	"slices"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/plan"
)

// Created is an object of the target that is ours: our mark (the charge key for charges) and its id there.
type Created struct {
	Mark string `json:",omitempty"`
	ID   string `json:",omitempty"`
}

// MemoryUpdate is what one applied change adds to plan.Memory. Zero fields add nothing.
type MemoryUpdate struct {
	Line          *plan.Applied `json:",omitempty"` // replaces what was known of the line; its dates are added to those known
	Contract      Created       `json:",omitzero"`
	Service       Created       `json:",omitzero"`
	Charge        Created       `json:",omitzero"`
	RemovedCharge string        `json:",omitempty"` // key of a charge that is no more
}

func (m MemoryUpdate) isZero() bool { return m == MemoryUpdate{} }

// The kinds of remembered reference.
const (
	refContract = "contract"
	refService  = "service"
	refCharge   = "charge"
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
	}{{refContract, m.Contract}, {refService, m.Service}, {refCharge, m.Charge}} {
		if r.Created == (Created{}) {
			continue
		}
		if r.Mark == "" || r.ID == "" {
			return fault.Invalidf("a %s to remember needs a mark and an id", r.kind).WithField(r.kind)
		}
		if _, err := t.exec(ctx, `INSERT INTO memory_ref (organization_id, kind, mark, id, updated_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization_id, kind, mark) DO UPDATE SET id = excluded.id, updated_at = excluded.updated_at`,
			t.org, r.kind, r.Mark, r.ID, micros(t.at)); err != nil {
			return err
		}
	}
	if m.RemovedCharge == "" {
		return nil
	}
	_, err := t.exec(ctx, `DELETE FROM memory_ref WHERE organization_id = $1 AND kind = $2 AND mark = $3`, t.org, refCharge, m.RemovedCharge)
	return err
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
		subject := m.Contract.Mark + m.Service.Mark + m.Charge.Mark + m.RemovedCharge
		if m.Line != nil {
			subject = m.Line.LineKey
		}
		return t.audit(ctx, by, "memory.adopted", subject, m)
	})
}

// Memory gives all that is known to be ours: lines ordered by key, and the maps never nil.
func (s *Store) Memory(ctx context.Context, org billing.OrganizationID) (plan.Memory, error) {
	m := plan.Memory{
		Contracts: map[string]billing.ContractID{},
		Services:  map[string]billing.ServiceID{},
		Charges:   map[string]billing.ChargeID{},
	}
	err := s.read(ctx, org, func(t *txn) (err error) {
		if m.Lines, err = list(ctx, t, bodyOf[plan.Applied], `SELECT body FROM memory_line WHERE organization_id = $1
			ORDER BY line_key`, org); err != nil {
			return err
		}
		_, err = list(ctx, t, func(r scanner) (struct{}, error) {
			var kind, mark, id string
			err := r.Scan(&kind, &mark, &id)
			switch kind {
			case refContract:
				m.Contracts[mark] = billing.ContractID(id)
			case refService:
				m.Services[mark] = billing.ServiceID(id)
			case refCharge:
				m.Charges[mark] = billing.ChargeID(id)
			}
			return struct{}{}, err
		}, `SELECT kind, mark, id FROM memory_ref WHERE organization_id = $1`, org)
		return err
	})
	return m, err
}
