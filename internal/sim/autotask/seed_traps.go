package autotask

import "spindle/internal/sim/scenario"

func (s *seeder) traps(sc scenario.Scenario) { s.customers(sc) }
