package account

import (
	"context"
	"time"

	"spindle/internal/billing"
	"spindle/internal/fault"
	"spindle/internal/store"
)

// Member is a user of an organization and what he may do there.
type Member struct {
	store.User
	Role  Role
	Since time.Time
}

// Members lists the users of an organization by address.
func (s *Service) Members(ctx context.Context, org billing.OrganizationID) ([]Member, error) {
	stored, err := s.Store.Members(ctx, org)
	all := make([]Member, len(stored))
	for i, m := range stored {
		all[i] = Member{User: m.User, Role: Role(m.Role), Since: m.Since}
	}
	return all, err
}

// SetRole changes what a member may do. The last owner stays one. The operator may also bring in a user who is no member yet.
func (s *Service) SetRole(ctx context.Context, org billing.OrganizationID, user store.UserID, role Role, by Actor) error {
	if err := by.mustIn(org, Users); err != nil {
		return err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return err
	}
	m, err := s.Store.Member(ctx, org, user)
	if by.Operator && fault.Is(err, fault.KindNotFound) {
		return s.Store.AddMember(ctx, org, user, string(role), by.Name)
	}
	if err != nil {
		return err
	}
	for _, r := range []Role{Role(m.Role), role} {
		if err := by.mustGrant(r); err != nil {
			return err
		}
	}
	return s.Store.SetMemberRole(ctx, org, user, string(role), by.Name)
}

// RemoveMember takes a person out of an organization; his API tokens there end. The last owner stays. Everybody may leave.
func (s *Service) RemoveMember(ctx context.Context, org billing.OrganizationID, user store.UserID, by Actor) error {
	m, err := s.Store.Member(ctx, org, user)
	if err != nil {
		return err
	}
	leaving := by.User != "" && by.User == user && by.Organization == org
	if !leaving {
		if err := by.mustIn(org, Users); err != nil {
			return err
		}
		if err := by.mustGrant(Role(m.Role)); err != nil {
			return err
		}
	}
	return s.Store.RemoveMember(ctx, org, user, by.Name)
}

// Disable keeps a person out of the installation and ends his sessions. The last owner of an organization cannot be disabled.
func (s *Service) Disable(ctx context.Context, user store.UserID, by Actor) error {
	return s.setDisabled(ctx, user, true, by)
}

// Enable lets a disabled person in again.
func (s *Service) Enable(ctx context.Context, user store.UserID, by Actor) error {
	return s.setDisabled(ctx, user, false, by)
}

func (s *Service) setDisabled(ctx context.Context, user store.UserID, disabled bool, by Actor) error {
	if err := s.overUser(ctx, user, by); err != nil {
		return err
	}
	_, err := s.Store.SetDisabled(ctx, user, disabled, by.Name)
	return err
}

// SignOutEverywhere ends all sessions of a person. Keep the new epoch in the one he is in, if he shall stay.
func (s *Service) SignOutEverywhere(ctx context.Context, user store.UserID, by Actor) (store.User, error) {
	if err := s.overUser(ctx, user, by); err != nil {
		return store.User{}, err
	}
	return s.Store.EndSessions(ctx, user, by.Name)
}
