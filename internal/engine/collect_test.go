package engine

import (
	"testing"

	"spindle/internal/billing"
)

// TestIsReadReachesBackToTheFirstBilledMonth leaves Spindle alone for longer than the months kept: none may be skipped (law 6).
func TestIsReadReachesBackToTheFirstBilledMonth(t *testing.T) {
	months := []billing.Month{"2027-03", "2027-02", "2027-01", "2026-12", "2026-11", "2026-10", "2026-09"}
	tests := []struct {
		name     string
		billFrom billing.Month
		want     int
	}{
		{"before the first plan the newest tell the costs", "", setsKept},
		{"billing began lately", "2027-02", setsKept},
		{"billing began earlier than what is kept", "2026-10", 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read := 0
			for i, month := range months {
				if isRead(month, i+1, tt.billFrom) {
					read++
				}
			}
			if read != tt.want {
				t.Errorf("months read: got %d, want %d", read, tt.want)
			}
		})
	}
}
